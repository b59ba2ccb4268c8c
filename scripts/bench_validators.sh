#!/usr/bin/env bash
# Compares the genesis state of a list of validators with eth-beacon-genesis, in one run.
#
#   scripts/bench_validators.sh [--validators 30000] [--rounds 7]
#
# EBG: a binary of eth-beacon-genesis; without it, the commit below is installed through the Go module proxy.
# Where that does not build, only regenesis is measured. BENCH_DIR: the working directory.
set -euo pipefail
cd "$(dirname "$0")/.."
work="${BENCH_DIR:-target/bench}"
commit=899ec78e492f1761a40712f5bdf8841c3fefd1af
mkdir -p "$work"
for tool in /usr/bin/time python3; do
  command -v "$tool" >/dev/null || { echo "error: $tool is missing: apt-get install time python3" >&2; exit 1; }
done
program="${REGENESIS:-}"
if [ -z "$program" ]; then
  cargo build --release --quiet --bin regenesis
  program=target/release/regenesis
fi
ebg="${EBG:-}"
if [ -z "$ebg" ]; then
  . scripts/go.sh
  ebg="$work/go/eth-genesis-state-generator"
  module=github.com/ethpandaops/eth-beacon-genesis/cmd/eth-genesis-state-generator
  if [ ! -x "$ebg" ]; then
    mkdir -p "$work/go"
    # `go install PACKAGE@VERSION` refuses a module whose go.mod replaces another, as this one does.
    (cd "$work/go" && rm -f go.mod go.sum && go mod init bench && go get "$module@$commit" &&
      go build -o eth-genesis-state-generator "$module") >"$work/go/log" 2>&1 ||
      { echo "note: eth-beacon-genesis does not build: $work/go/log" >&2; ebg=; }
  fi
fi
exec python3 scripts/bench_validators.py --work "$work" --regenesis "$program" ${ebg:+--reference "$ebg"} "$@"
