#!/usr/bin/env bash
# Compares `regenesis restore` with curl, sha256sum and tar on the same archives in one run: time and memory.
#
#   scripts/bench_restore.sh [--sizes 50,2000] [--rounds 3]
#
# Prints a table (docs/archives.md). Sizes are in MB; the largest one is on the disk four times at once.
# BENCH_DIR: the working directory.
set -euo pipefail
cd "$(dirname "$0")/.."
work="${BENCH_DIR:-target/bench}/restore"
mkdir -p "$work"
for tool in curl zstd python3; do
  command -v "$tool" >/dev/null || { echo "error: $tool is missing: apt-get install $tool" >&2; exit 1; }
done
cargo build --release --quiet --bin regenesis
exec python3 scripts/bench_restore.py --work "$work" --regenesis target/release/regenesis "$@"
