#!/bin/bash
# Backup of a gateway node in a folder named after the time, complete or not there at all: ends with an
# error when a part is missing. A copy elsewhere is made by the command in BACKUP_COPY, which gets the folder.
set -euo pipefail

root=/backups/gateway
name=$(date +%Y%m%d_%H%M%S)
keepalived=/etc/keepalived/keepalived.conf

mkdir -p "$root"
part=$(mktemp -d "$root/.part.XXXXXX")
trap 'rm -rf "$part"' EXIT
tar -czf "$part/nginx-config.tar.gz" -C / etc/nginx
tar -czf "$part/ssl-certs.tar.gz" -C / etc/letsencrypt
cp "$keepalived" "$part/"
# keepalived's configuration is worth nothing without the programs that it runs.
mapfile -t programs < <(grep -oE '"/[^" ]+' "$keepalived" | tr -d '"' | sort -u)
tar -czf "$part/keepalived-programs.tar.gz" -C / "${programs[@]#/}"
mv "$part" "$root/$name"
if [[ -n ${BACKUP_COPY:-} ]]; then "$BACKUP_COPY" "$root/$name"; fi

# Folders of a backup alone, never the root.
find "$root" -mindepth 1 -maxdepth 1 -type d -mtime +30 -exec rm -rf {} +
