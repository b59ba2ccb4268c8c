#!/usr/bin/env bash
# Puts the stack through random sequences of events, and writes their outcomes to docs/random-events.md. Needs
# the images of scripts/e2e_stack.sh. 200 sequences take about half an hour.
#
#   scripts/random_events.sh [N] [SEED]     by default 200 sequences with a new seed
set -euo pipefail
cd "$(dirname "$0")/.."
export STACK_SEQUENCES=${1:-200} STACK_SEED=${2:-$(date +%s)}
page=docs/random-events.md
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
code=0
cargo test --features e2e --test e2e stack::sequences:: -- --nocapture | tee "$work/log" || code=$?
{
  echo "# Random events"
  echo
  echo "\`scripts/random_events.sh $STACK_SEQUENCES $STACK_SEED\` writes this page: sequences of two or three of the"
  echo "events of [lifecycle.md](lifecycle.md), each within two seconds of the last one, on stacks with slots of one"
  echo "second. The seconds count from the last event until three more blocks. By stack:"
  echo
  grep -E '^[0-9]+: ' "$work/log" | sort -u -t: -k1,1n | cut -d: -f2 | sort | uniq -c | sed -E 's/^ *([0-9]+) /- \1:/'
  echo
  echo '```text'
  grep -E '^[0-9]+ of [0-9]+ sequences' "$work/log"
  # A sequence that fails is printed twice, the second time with its logs.
  grep -E '^[0-9]+: ' "$work/log" | sort -n -u
  echo '```'
} >"$page"
exit "$code"
