#!/bin/sh
# Notes that this node has become FAULT.
echo "$(date -u +%FT%T.%3NZ) FAULT" >> /var/log/keepalived-state.log

# A node that lost the address does not take it back when it recovers; see keepalived.conf of the first node.
if [ -e /run/preference ]; then echo -1 > /run/preference; fi
