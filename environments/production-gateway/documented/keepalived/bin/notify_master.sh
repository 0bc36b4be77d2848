#!/bin/sh
# Notes that this node has become MASTER.
echo "$(date -u +%FT%T.%3NZ) MASTER" >> /var/log/keepalived-state.log
