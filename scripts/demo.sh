#!/usr/bin/env bash
# Records README's demo, docs/demo.svg, from a real run: anvil, a contract, a capture, two boots a day apart.
#
#   scripts/demo.sh [PROGRAM]           records it
#   scripts/demo.sh --check [PROGRAM]   fails if the recorded demo differs from what the program prints now
#
# PROGRAM: a regenesis; by default it is built. The genesis times are fixed and every key is public, so only
# durations and run ids differ between two runs.
set -euo pipefail
cd "$(dirname "$0")/.."
check=
if [ "${1:-}" = --check ]; then check=--check; shift; fi
program=${1:-}
if [ -z "$program" ]; then
  cargo build --quiet --release
  program=${CARGO_TARGET_DIR:-target}/release/regenesis
fi
scripts/install_foundry.sh >/dev/null
tools="$(cd "${CARGO_TARGET_DIR:-target}/foundry/bin" && pwd)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
cp "$program" "$work/bin/regenesis"
python3 scripts/demo.py $check "$work" "$work/bin:$tools:$PATH"
