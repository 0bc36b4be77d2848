#!/usr/bin/env bash
# npm test: prepares a fresh clone (packages, Node 24, Docker engine), then runs everything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
./gateproof doctor --start-engine --yes
exec node_modules/.bin/node test/run.ts "$@"
