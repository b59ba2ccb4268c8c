#!/usr/bin/env bash
# An OP-stack L2 in two commands: URLs, a deposit, finality, kills, and a new genesis of both chains.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
ports 19300
export L2_OP_HTTP_PORT=19303 L2_OP_WS_PORT=19304 L2_OP_NODE_PORT=19305
export OP_GETH_IMAGE=regenesis-e2e/op-stack:1
export OP_NODE_IMAGE=$OP_GETH_IMAGE OP_BATCHER_IMAGE=$OP_GETH_IMAGE
l1=$rpc
l2=http://127.0.0.1:$L2_OP_HTTP_PORT
portal=0x751a97b905640bb261eb9b6ca57f76ea56ef3b94
chain=$work/rollup

# The number of the head $1, such as safe_l2, as op-node has it; 0 without an answer.
head_of() {
  "$cast" rpc --rpc-url "http://127.0.0.1:$L2_OP_NODE_PORT" optimism_syncStatus 2>/dev/null |
    python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]]["number"])' "$1" 2>/dev/null || echo 0
}
# Waits up to $3 seconds until the head $1 has a higher number than $2.
reaches() {
  local end=$((SECONDS + $3))
  until [ "$(head_of "$1")" -gt "$2" ]; do
    [ $SECONDS -lt $end ] || broken "$1 is $(head_of "$1"), not over $2, after $3 s"
    sleep 1
  done
}
# An ether from the L1 arrives on the L2, and a transaction of the L2 is mined.
deposits() {
  local before end=$((SECONDS + 180))
  before=$("$cast" balance --ether --rpc-url "$l2" "$recipient")
  "$cast" send --rpc-url "$l1" --private-key "$key" --value 1ether "$portal" \
    'depositTransaction(address,uint256,uint64,bool,bytes)' "$recipient" 1000000000000000000 100000 false 0x >/dev/null
  until [ "$("$cast" balance --ether --rpc-url "$l2" "$recipient")" != "$before" ]; do
    [ $SECONDS -lt $end ] || broken "the deposit does not arrive"
    sleep 1
  done
  "$cast" send --rpc-url "$l2" --private-key "$key" --value 1ether "$recipient" >/dev/null
}
# kill -9 of the client in the container of the service $1, not of the container: Docker restarts it.
kills() {
  local id before end=$((SECONDS + 180))
  id=$(container "$chain" "$1")
  before=$(docker inspect --format '{{.RestartCount}}' "$id")
  pkill -KILL -P "$(docker inspect --format '{{.State.Pid}}' "$id")"
  until [ "$(docker inspect --format '{{.RestartCount}}' "$id")" -gt "$before" ]; do
    [ $SECONDS -lt $end ] || broken "$1 does not start again"
    sleep 1
  done
}

say "the first start"
"$regenesis" compose --sample op "$chain" 2>"$work/said" || broken compose
up_well "$chain"
says '^L2 op, chain ID 13$'
says "^  execution +$l2$"
says '^accounts +20 with 1,000,000 ETH, and 10,000 ETH on the L2: '
first=$("$cast" block 0 --field hash --rpc-url "$l2")
deposits
digits=$(sed 's/^0x//' "$chain/l2/op/batcher.key")
docker inspect "$(container "$chain" op-batcher)" | { ! grep -q "$digits"; } || broken "docker inspect shows the key"
composed "$chain" logs >"$work/logs"
{ ! grep -q "$digits" "$work/logs"; } || broken "a log shows the key"

say "kill -9 of each client"
for service in op-geth op-node op-batcher; do
  last=$(head_of unsafe_l2)
  kills "$service"
  reaches unsafe_l2 "$last" 240
  reaches safe_l2 "$last" 240
done
up_well "$chain"
same "$("$cast" block 0 --field hash --rpc-url "$l2")" "$first" "the genesis of the L2"
reaches finalized_l2 0 240

say "a stop: a new L1, and with it a new L2"
composed "$chain" stop
up_well "$chain"
differs "$("$cast" block 0 --field hash --rpc-url "$l2")" "$first" "the genesis of the L2"
deposits
reaches safe_l2 0 240
