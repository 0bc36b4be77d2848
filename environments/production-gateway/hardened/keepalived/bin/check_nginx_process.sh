#!/bin/sh
# Whether nginx's main process lives. Starts no other program, so that it can run twice a second.
read -r pid < /run/nginx.pid && kill -0 "$pid"
