#!/usr/bin/env bash
# The demo: no network, no account. Same as `cargo dev demo`.
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo dev demo "$@"
