#!/usr/bin/env bash
# Measures geth's import of a genesis and the ways around it; prints one table.
#
#   scripts/geth_import.sh [SNAPSHOT…]
#
# Without a snapshot: the sample, 10,000 and 100,000 accounts. BENCH_DIR: the working directory.
set -euo pipefail
cd "$(dirname "$0")/.."
work="${BENCH_DIR:-target/bench}"
mkdir -p "$work"
cargo build --release --quiet --bin regenesis --example generate
if [ $# = 0 ]; then
  set -- sample
  for accounts in 10000 100000; do
    snapshot="$work/snapshot-$accounts-1"
    if [ ! -e "$snapshot/baked" ]; then
      rm -rf "$snapshot"
      target/release/examples/generate --accounts "$accounts" --validators 1 --out "$snapshot"
      target/release/regenesis bake "$snapshot" 2>/dev/null
    fi
    set -- "$@" "$snapshot"
  done
fi
geth=$(scripts/install_geth.sh)
exec python3 scripts/geth_import.py --regenesis target/release/regenesis --geth "$geth" --work "$work" "$@"
