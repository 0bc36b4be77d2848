#!/bin/bash
# The documented nightly backup of a gateway node: three files in a folder named after the time.

NAME=$(date +%Y%m%d_%H%M%S)
TARGET="/backups/gateway/$NAME"

mkdir -p "$TARGET"
tar -czf "$TARGET/nginx-config.tar.gz" /etc/nginx/
tar -czf "$TARGET/ssl-certs.tar.gz" /etc/letsencrypt/
cp /etc/keepalived/keepalived.conf "$TARGET/"

aws s3 sync "$TARGET" "s3://backups/gateway/$NAME"

find /backups/gateway -type d -mtime +30 -exec rm -rf {} \;
