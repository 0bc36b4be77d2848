#!/bin/sh
# Notes that this node has become MASTER.
echo "$(date -u +%FT%T.%3NZ) MASTER" >> /var/log/keepalived-state.log

# Only the node with the higher priority has this file: whoever holds the address is preferred.
if [ -e /run/preference ]; then echo 0 > /run/preference; fi
