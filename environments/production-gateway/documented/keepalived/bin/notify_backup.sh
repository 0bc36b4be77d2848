#!/bin/sh
# Notes that this node has become BACKUP.
echo "$(date -u +%FT%T.%3NZ) BACKUP" >> /var/log/keepalived-state.log
