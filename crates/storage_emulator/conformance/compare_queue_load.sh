#!/usr/bin/env bash
# Measures the emulator (memory and folder) and Azurite (on disk) under the same load, one after the other on this machine.
# Run conformance/run.sh once before: it installs Azurite.
set -euo pipefail

crate=$(cd "$(dirname "$0")/.." && pwd)
root=$(cd "$crate/../.." && pwd)
release="${CARGO_TARGET_DIR:-$root/target}/release"
cd "$root"
cargo build --quiet --release --package storage_emulator --bin storage_emulator --example queue_load

measure_emulator() {
    local output folder
    folder=$(mktemp -d)
    output="$folder/output" && touch "$output"
    "$release/storage_emulator" --blob-port 0 --queue-port 0 "$@" >"$output" &
    local pid=$!
    until grep -q AccountKey "$output"; do sleep 0.05; done
    "$release/examples/queue_load" "$(sed -n 's/^Queue service *//p' "$output")/devstoreaccount1" --pid "$pid" --cycles 100000
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null || true
    rm -rf "$folder"
}

data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
echo -n "emulator, memory: " && measure_emulator --memory
echo -n "emulator, folder: " && measure_emulator --folder "$data/storage"
echo -n "Azurite, disk:    "
python3 "$crate/conformance/azurite.py" "$root/target/conformance" \
    bash -c "'$release/examples/queue_load' \"\$AZURITE_QUEUE_URL\" --pid \"\$AZURITE_PID\" --cycles 10000 --warm-up 2000"
