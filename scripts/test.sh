#!/usr/bin/env bash
# Everything that has to hold, in one command. `cargo xtask ci --list` names the steps; each can be run alone.
set -euo pipefail
cd "$(dirname "$0")/.."
exec cargo xtask ci "$@"
