#!/usr/bin/env bash
# Holds the emulator against what it stands for: the suite of calls against Azurite, and Microsoft's own Python clients
# against the emulator. Needs cargo, node with npm, and python3; installs what else it needs below target/conformance.
set -euo pipefail

crate=$(cd "$(dirname "$0")/.." && pwd)
root=$(cd "$crate/../.." && pwd)
place="$root/target/conformance"
mkdir -p "$place"
cd "$root"

# Pinned: a newer one may know another set of service versions.
azurite=3.37.0
if [ ! -f "$place/node_modules/azurite/package.json" ]; then
    echo "Installing azurite@$azurite (365 MB) into $place"
    npm install --silent --no-audit --no-fund --prefix "$place" "azurite@$azurite"
fi
if [ ! -x "$place/venv/bin/python" ] || ! "$place/venv/bin/python" -c 'import azure.storage.blob, azure.storage.queue' 2>/dev/null; then
    echo "Installing azure-storage-blob and azure-storage-queue into $place/venv"
    python3 -m venv "$place/venv"
    "$place/venv/bin/pip" install --quiet azure-storage-blob azure-storage-queue
fi

echo "The suite against Azurite $azurite"
cargo test --package storage_emulator --test it --no-run
python3 "$crate/conformance/azurite.py" "$place" \
    cargo test --package storage_emulator --test it -- conformance::over_http

echo "The official Python clients against the emulator"
cargo build --package storage_emulator --bin storage_emulator
binary="${CARGO_TARGET_DIR:-$root/target}/debug/storage_emulator"
for place_of_data in memory folder; do
    "$place/venv/bin/python" "$crate/conformance/official_clients.py" "$binary" "$place_of_data"
done
