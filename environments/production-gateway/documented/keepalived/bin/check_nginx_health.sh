#!/bin/bash
# Whether this node should hold the virtual address. Exit code 0: yes.

if ! pidof nginx > /dev/null; then
    echo "no nginx process"
    exit 1
fi

if ! curl -sf http://localhost/health > /dev/null; then
    echo "nginx does not answer"
    exit 1
fi

UNAVAILABLE=$(curl -sf http://localhost/nginx_status | grep -c "unavail")
if [ "$UNAVAILABLE" -gt 2 ]; then
    echo "more than two upstream servers are unavailable"
    exit 1
fi

exit 0
