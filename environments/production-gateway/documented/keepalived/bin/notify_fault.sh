#!/bin/sh
# Notes that this node has become FAULT.
echo "$(date -u +%FT%T.%3NZ) FAULT" >> /var/log/keepalived-state.log
