#!/usr/bin/env bash
# Compares `init` with cp, sha256sum and `geth init` in one run; prints minimum, median and maximum. With
# --database: how long geth takes to answer on a new genesis, with and without the database of a bake.
#
#   scripts/bench.sh [--accounts 256,10000] [--validators 64] [--rounds 5]
#   scripts/bench.sh --database [--accounts 256,10000] [--rounds 3]
#   scripts/bench.sh --database --no-import --accounts 10000000 --rounds 1
#
# A full run needs an hour and 12 GB of disk; see scripts/bench.py --help. BENCH_DIR: the working directory.
set -euo pipefail
cd "$(dirname "$0")/.."
work="${BENCH_DIR:-target/bench}"
mkdir -p "$work"
for tool in /usr/bin/time python3; do
  command -v "$tool" >/dev/null || { echo "error: $tool is missing: apt-get install time python3" >&2; exit 1; }
done
cargo build --release --quiet --bin regenesis --example generate
geth=$(scripts/install_geth.sh)
program=bench.py
if [ "${1:-}" = --database ]; then
  program=bench_database.py
  shift
fi
exec python3 "scripts/$program" --work "$work" --geth "$geth" \
  --regenesis target/release/regenesis --generate target/release/examples/generate "$@"
