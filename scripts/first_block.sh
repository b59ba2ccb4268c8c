#!/usr/bin/env bash
# Measures how long a chain takes from `docker compose up -d` on nothing to its first block, and how
# long after genesis that is. Needs the images of scripts/e2e_stack.sh.
#
#   scripts/first_block.sh [N] [consensus|lodestar] [LEAD]     by default 10 consensus auto
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-10} clients=${2:-consensus}
export REGENESIS_LEAD=${3:-auto} REGENESIS_IMAGE=regenesis:e2e COMPOSE_PROJECT_NAME=regenesis-first
export EL_HTTP_PORT=20545 EL_WS_PORT=20546 CL_HTTP_PORT=20052
export COMPOSE_FILE="docker-compose.yml:../e2e/docker/$clients.yml" DOCKER_CONFIG="$PWD/target/docker"
work="$(mktemp -d)"
cd compose
trap 'docker compose down -v -t 2 >/dev/null 2>&1; rm -rf "$work"' EXIT

if [ "$clients" = lodestar ]; then
  # It knows no fork after capella.
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

for round in $(seq "$rounds"); do
  docker compose down -v -t 2 >/dev/null 2>&1
  begin=$(date +%s%N)
  docker compose up -d >/dev/null 2>&1
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
    echo "$round: first block $((took / 10)).$((took % 10)) s after up, in the slot $after s after genesis"
    echo "$took" >>"$work/took"
    echo "$after" >>"$work/after"
  fi
done
tenths() { printf '%d.%d' $(($1 / 10)) $(($1 % 10)); }
mapfile -t took < <(grep -v never "$work/took" | sort -n)
mapfile -t after < <(sort -n "$work/after")
count=${#took[@]}
echo "lead $REGENESIS_LEAD, $clients: $count of $rounds chains; first block $(tenths "${took[0]}") /" \
  "$(tenths "${took[$((count / 2))]}") / $(tenths "${took[$((count - 1))]}") s after up (minimum, median, maximum)," \
  "${after[0]} / ${after[$((count / 2))]} / ${after[$((count - 1))]} s after genesis"
