#!/usr/bin/env bash
# Checks licences, bans and sources of all dependencies (deny.toml). Installs cargo-deny into target/ when it is missing.
# Advisories need a database from the network, so they are checked only when asked for: scripts/deny.sh advisories
set -euo pipefail
cd "$(dirname "$0")/.."
deny=$(command -v cargo-deny || true)
if [ -z "$deny" ]; then
    deny=target/tools/bin/cargo-deny
    # Not optimised: it runs for a second, so a quick build is what counts.
    [ -x "$deny" ] || cargo install --quiet --debug --locked --root target/tools --target-dir target/tools/build cargo-deny@0.20.2
fi
[ $# -gt 0 ] || set -- bans licenses sources
exec "$deny" --log-level error check --hide-inclusion-graph "$@"
