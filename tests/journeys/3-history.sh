#!/usr/bin/env bash
# A snapshot with all blocks for a colleague: up.sh waits for a block after the history, and a beacon node
# that restarts costs no block.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
ports 19300
mine=$work/mine/chain
stack_in "$mine"

say "a chain with a transaction"
up_well "$mine"
sends
sent=$("$cast" block latest --field number --rpc-url $rpc)
transaction=
for number in $(seq "$sent" -1 1); do
  transaction=$("$cast" block "$number" --json --rpc-url $rpc |
    sed -n 's/.*"transactions":\["\(0x[0-9a-f]*\)".*/\1/p')
  [ -z "$transaction" ] || break
done
[ -n "$transaction" ] || broken "no block has the transaction"

say "captured with all of its blocks"
docker cp "$(container "$mine" el)":/runtime/metadata/genesis.json "$work/genesis.json" >/dev/null
snapshot=$work/colleague/chain
mkdir -p "$work/colleague"
"$regenesis" capture --el-rpc $rpc --mode history --genesis "$work/genesis.json" --out "$snapshot" \
  2>"$work/said" || broken capture
chmod -R a+rX "$work"
last=$(sed -n 's/.*"blocks": *\([0-9]*\).*/\1/p' "$snapshot/metadata.json" | sed 1q)
[ "${last:-0}" -gt 0 ] || broken "metadata.json names no blocks"

say "at the colleague's, beside it"
ports 19310
up_well "$snapshot"
# up.sh waits for a block after the history, not for the history alone.
[ "$(head_block)" -gt "$last" ] || broken "up.sh did not wait: block $(head_block), the history ends at $last"
says_not 'with a new genesis'
differs "$(project_of "$snapshot")" "$(project_of "$mine")" "the project"
"$cast" receipt "$transaction" --rpc-url $rpc >/dev/null || broken "the transaction is lost"
sends
one=$("$cast" block $((last + 1)) --field hash --rpc-url $rpc)

say "a beacon node that restarts"
for _ in 1 2; do
  composed "$snapshot" restart cl
  up_well "$snapshot"
  same "$("$cast" block $((last + 1)) --field hash --rpc-url $rpc)" "$one" "the first new block"
done

say "a stop: the history stays"
composed "$snapshot" stop
up_well "$snapshot"
[ "$(head_block)" -gt "$last" ] || broken "up.sh did not wait after a stop"
differs "$("$cast" block $((last + 1)) --field hash --rpc-url $rpc)" "$one" "the first new block"
"$cast" receipt "$transaction" --rpc-url $rpc >/dev/null || broken "the transaction is lost"
