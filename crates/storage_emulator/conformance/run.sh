#!/usr/bin/env bash
# Holds the emulator against what it stands for: the suite of calls against Azurite, and Microsoft's own Python clients
# against the emulator. Needs cargo, node with npm, and python3; installs what else it needs below target/conformance.
set -euo pipefail

crate=$(cd "$(dirname "$0")/.." && pwd)
root=$(cd "$crate/../.." && pwd)
place="$root/target/conformance"
mkdir -p "$place"
cd "$root"

# Pinned: newer ones may send or know another set of service versions.
azurite=3.37.0
blob_client=12.31.1
queue_client=12.18.1
if [ ! -f "$place/node_modules/azurite/package.json" ]; then
    echo "Installing azurite@$azurite (365 MB) into $place"
    npm install --silent --no-audit --no-fund --prefix "$place" "azurite@$azurite"
fi
# Debian ships Python without venv; where it cannot be had, what is left out is said, and CI leaves nothing out.
clients="azure-storage-blob==$blob_client azure-storage-queue==$queue_client"
if [ "$(cat "$place/venv/clients" 2>/dev/null)" != "$clients" ]; then
    echo "Installing $clients into $place/venv"
    rm -rf "$place/venv"
    if ! python3 -m venv "$place/venv" 2>/dev/null; then
        sudo=$([ "$(id -u)" = 0 ] || echo "sudo -n")
        { $sudo apt-get update --quiet && $sudo apt-get install --yes --quiet python3-venv; } >/dev/null 2>&1 || true
        rm -rf "$place/venv"
        python3 -m venv "$place/venv" 2>/dev/null || rm -rf "$place/venv"
    fi
    if [ -x "$place/venv/bin/python" ]; then
        # shellcheck disable=SC2086
        "$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check $clients
        echo "$clients" >"$place/venv/clients"
    fi
fi

echo "The suite against Azurite $azurite"
cargo test --package storage_emulator --test it --no-run
python3 "$crate/conformance/azurite.py" "$place" \
    cargo test --package storage_emulator --test it -- conformance::over_http

if [ ! -x "$place/venv/bin/python" ]; then
    echo "LEFT OUT: the official Python clients: python3 -m venv does not work here and python3-venv may not be installed"
    [ "${CI:-}" != true ]
    exit
fi
echo "The official Python clients against the emulator"
cargo build --package storage_emulator --bin storage_emulator
binary="${CARGO_TARGET_DIR:-$root/target}/debug/storage_emulator"
for place_of_data in memory folder; do
    "$place/venv/bin/python" "$crate/conformance/official_clients.py" "$binary" "$place_of_data"
done
