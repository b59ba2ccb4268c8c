#!/usr/bin/env bash
# Measures `init` beside cp, sha256sum and `geth init`, in one run: one table, minimum, median, maximum.
#
#   scripts/bench.sh [--accounts 256,10000] [--validators 64] [--rounds 5]
#
# Everything takes an hour and 12 GB of disk; see scripts/bench.py --help. BENCH_DIR: where it writes.
set -euo pipefail
cd "$(dirname "$0")/.."
work="${BENCH_DIR:-target/bench}"
mkdir -p "$work"
for tool in /usr/bin/time python3; do
  command -v "$tool" >/dev/null || { echo "error: $tool is missing: apt-get install time python3" >&2; exit 1; }
done
cargo build --release --quiet --bin regenesis --example generate
geth=$(scripts/install_geth.sh)
exec python3 scripts/bench.py --work "$work" --geth "$geth" \
  --regenesis target/release/regenesis --generate target/release/examples/generate "$@"
