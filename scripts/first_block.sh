#!/usr/bin/env bash
# Measures the time from `docker compose up -d` to the first block, and from genesis to that block. Needs the
# images of scripts/e2e_stack.sh. The volumes stay between the rounds, because the lead learns from the starts
# before.
#
#   scripts/first_block.sh [N] [consensus|lodestar|host] [LEAD]     by default 10 consensus auto
#
# consensus: the shipped stack with the suite's own client (e2e/consensus) as Lighthouse; host: the same
# without Docker, in processes of this machine (scripts/host_stack.py).
# CONSENSUS_START_AFTER: seconds from the start of that client until it is up; 0.
# WATCH=no: without the service watch, so that nothing records how long the clients need.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-10} clients=${2:-consensus} lead=${3:-auto} start_after=${CONSENSUS_START_AFTER:-0}
if [ "$clients" = host ]; then
  without=()
  if [ "${WATCH:-}" = no ]; then without=(--without-watch); fi
  exec scripts/host_stack.py first-block --rounds "$rounds" --lead "$lead" --start-after "$start_after" "${without[@]}"
fi
export REGENESIS_LEAD=$lead REGENESIS_IMAGE=regenesis:e2e COMPOSE_PROJECT_NAME=regenesis-first
export EL_HTTP_PORT=20545 EL_WS_PORT=20546 CL_HTTP_PORT=20052 DOCKER_CONFIG="$PWD/target/docker"
work="$(mktemp -d)"
override=../e2e/docker/lodestar.yml
if [ "$clients" = consensus ]; then
  export GETH_IMAGE=regenesis-e2e/clients:1 LIGHTHOUSE_IMAGE=regenesis-e2e/consensus:1
  override="$work/consensus.yml"
  printf 'services:\n' >"$override"
  for service in cl vc; do
    printf '  %s: {environment: {CONSENSUS_START_AFTER: "%s"}}\n' "$service" "$start_after" >>"$override"
  done
fi
export COMPOSE_FILE="docker-compose.yml:$override"
services=()
if [ "${WATCH:-}" = no ]; then services=(init el cl vc); fi
cd compose
trap 'docker compose down -v -t 2 >/dev/null 2>&1; rm -rf "$work"' EXIT

if [ "$clients" = lodestar ]; then
  # It supports no fork after capella.
  cp -r ../sample "$work/snapshot"
  python3 - "$work/snapshot" <<'END'
import json, pathlib, re, sys
root = pathlib.Path(sys.argv[1])
config = root / "cl/config.yaml"
config.write_text(re.sub(r"(?m)^((?:DENEB|ELECTRA|FULU)_FORK_EPOCH): 0$", rf"\1: {2**64 - 1}", config.read_text()))
path = root / "el/genesis.template.json"
genesis = json.loads(path.read_text())
for later in ("cancunTime", "pragueTime", "osakaTime", "blobSchedule"):
    del genesis["config"][later]
path.write_text(json.dumps(genesis))
(root / "metadata.json").write_text(json.dumps({"format": 1, "name": "lodestar", "chain_id": 271828}))
END
  chmod -R a+rX "$work"
  export SNAPSHOT="$work/snapshot"
fi

call() {
  curl -s -m 2 -H 'Content-Type: application/json' "127.0.0.1:$EL_HTTP_PORT" \
    -d "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getBlockByNumber\",\"params\":[\"$1\",false]}"
}
timestamp() { printf '%d' "$(call "$1" | sed -n 's/.*"timestamp":"\(0x[0-9a-f]*\)".*/\1/p')"; }

docker compose down -v -t 2 >/dev/null 2>&1
for round in $(seq "$rounds"); do
  docker compose down -t 2 >/dev/null 2>&1
  begin=$(date +%s%N)
  docker compose up -d "${services[@]}" >/dev/null 2>&1
  until call 0x1 | grep -q '"number"'; do
    if [ $((($(date +%s%N) - begin) / 1000000000)) -gt 90 ]; then break; fi
    sleep 0.1
  done
  took=$((($(date +%s%N) - begin) / 100000000))
  if [ "$took" -gt 900 ]; then
    echo "$round: none in 90 s"
    echo never >>"$work/took"
  else
    after=$(($(timestamp 0x1) - $(timestamp 0x0)))
    why=$(docker compose logs --no-color init 2>&1 | sed -n 's/.*\(lead [0-9]* s: .*\)/\1/p' | tail -1)
    echo "$round: first block $((took / 10)).$((took % 10)) s after up, in the slot $after s after genesis; $why"
    echo "$took" >>"$work/took"
    echo "$after" >>"$work/after"
    # watch looks once a second.
    sleep 2.5
  fi
done
tenths() { printf '%d.%d' $(($1 / 10)) $(($1 % 10)); }
mapfile -t took < <(grep -v never "$work/took" | sort -n)
mapfile -t after < <(sort -n "$work/after")
count=${#took[@]}
echo "lead $REGENESIS_LEAD, $clients: $count of $rounds chains; first block $(tenths "${took[0]}") /" \
  "$(tenths "${took[$((count / 2))]}") / $(tenths "${took[$((count - 1))]}") s after up (minimum, median, maximum)," \
  "${after[0]} / ${after[$((count / 2))]} / ${after[$((count - 1))]} s after genesis"
