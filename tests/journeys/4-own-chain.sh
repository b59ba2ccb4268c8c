#!/usr/bin/env bash
# A chain of one's own from nothing: options, a contract and an account; then a changed state in the same
# folder.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
ports 19400
contract=0x00000000000000000000000000000000000000aa

say "a new chain, and up"
# Its code returns what slot 0 holds.
printf '{"code": "0x5f545f5260205ff3", "storage": {"0x0": "0x2a"}}\n' >"$work/answer.json"
"$regenesis" new "$work/mine" --chain-id 1337 --slot-time 2 --validators 8 --gas-limit 30000000 --base-fee 7 \
  --fund "$account=100" --predeploy "$contract=$work/answer.json" 2>"$work/said" || broken new
chmod -R a+rX "$work"
up_well "$work/mine"
says '^chain ID +1337$'
same "$("$cast" call --rpc-url "$rpc" "$contract")" "0x$(printf %064x 42)" "the answer"
same "$("$cast" block 0 --field gasLimit --rpc-url "$rpc")" 30000000 "the gas limit"
same "$("$cast" block 0 --field baseFeePerGas --rpc-url "$rpc")" 7 "the base fee"
before=$(genesis)
"$cast" send --rpc-url "$rpc" --private-key $key $recipient --value 1ether --json --timeout 120 >"$work/sent" ||
  broken "cast send is not mined"

say "changed, sealed, and up again"
composed "$work/mine" stop
"$regenesis" edit "$work/mine" --set-storage "$contract:0=43" --fund "$recipient=5" 2>"$work/said" || broken edit
"$regenesis" verify "$work/mine" 2>"$work/said" || broken "verify of the edited snapshot"
chmod -R a+rX "$work"
up_well "$work/mine"
differs "$(genesis)" "$before" "the genesis"
same "$("$cast" call --rpc-url "$rpc" "$contract")" "0x$(printf %064x 43)" "the changed answer"
same "$("$cast" balance $recipient --rpc-url "$rpc")" 5000000000000000000 "the funded balance"
composed "$work/mine" down -v
