#!/usr/bin/env bash
# Measures the time until geth's RPC answers, at its first start and at a restart, with `geth init` and with
# `--override.genesis`.
#
#   scripts/geth_start.sh [ACCOUNTS…]     sizes of the alloc; by default 256 10000
set -euo pipefail
cd "$(dirname "$0")/.."
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cargo build --quiet --bin regenesis --example generate
built="${CARGO_TARGET_DIR:-target}/debug"
geth=$(scripts/install_geth.sh)
storage=(--db.engine=leveldb --state.scheme=hash --cache=128 --cache.preimages)
port=8599

# Prints the seconds until the first answer; then stops geth.
run() {
  local begin end
  begin=$(date +%s%N)
  if [ "$1" = init ] && [ ! -e "$work/data/geth" ]; then
    "$geth" --datadir "$work/data" "${storage[@]}" init "$work/runtime/metadata/genesis.json" >"$work/log" 2>&1
  fi
  local flags=(--gcmode=archive --syncmode=full --nodiscover --maxpeers=0 --port=0 --ipcdisable
    --http --http.port="$port" --authrpc.port=$((port + 1)))
  if [ "$1" = override ]; then flags+=(--override.genesis="$work/runtime/metadata/genesis.json"); fi
  "$geth" --datadir "$work/data" "${storage[@]}" "${flags[@]}" >"$work/log" 2>&1 &
  local pid=$!
  until curl -s -o "$work/answer" -H 'Content-Type: application/json' "127.0.0.1:$port" \
    -d '{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["0x0",false]}'; do
    kill -0 "$pid" || { tail -3 "$work/log" >&2; exit 1; }
    sleep 0.05
  done
  end=$(date +%s%N)
  grep -q "$hash" "$work/answer" || { echo "error: geth has a different genesis: $(cat "$work/answer")" >&2; exit 1; }
  kill "$pid"
  wait "$pid" || true
  printf '%d.%d' $(((end - begin) / 1000000000)) $(((end - begin) / 100000000 % 10))
}

echo '| accounts | genesis.json | geth init, start | restart | --override.genesis | restart |'
echo '|---|---|---|---|---|---|'
[ $# -gt 0 ] || set -- 256 10000
for accounts; do
  rm -rf "$work/snapshot" "$work/runtime"
  "$built/examples/generate" --accounts "$accounts" --validators 1 --out "$work/snapshot" >/dev/null
  "$built/regenesis" init "$work/snapshot" --out "$work/runtime" --lead 0 2>/dev/null
  hash=$(sed -n 's/.*"block_hash": "\(0x[0-9a-f]*\)".*/\1/p' "$work/runtime/regenesis.json" | head -1)
  row="| $accounts | $(($(stat -c %s "$work/runtime/metadata/genesis.json") / 1000000)) MB |"
  for how in init override; do
    rm -rf "$work/data"
    for _ in first again; do row+=" $(run $how) s |"; done
  done
  echo "$row"
done
