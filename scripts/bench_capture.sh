#!/usr/bin/env bash
# Compares `capture` of a geth with curl, which pages through the same answers: minimum, median, maximum.
#
#   scripts/bench_capture.sh [--accounts 100000] [--rounds 5]
#
# See scripts/bench_capture.py --help. BENCH_DIR: the working directory.
set -euo pipefail
cd "$(dirname "$0")/.."
work="${BENCH_DIR:-target/bench}"
mkdir -p "$work"
for tool in /usr/bin/time python3 curl; do
  command -v "$tool" >/dev/null || { echo "error: $tool is missing: apt-get install time python3 curl" >&2; exit 1; }
done
cargo build --release --quiet --bin regenesis --example generate
geth=$(scripts/install_geth.sh)
exec python3 scripts/bench_capture.py --work "$work" --geth "$geth" \
  --regenesis target/release/regenesis --generate target/release/examples/generate "$@"
