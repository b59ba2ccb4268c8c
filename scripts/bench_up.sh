#!/usr/bin/env bash
# Time from the command to the prompt of `regenesis up`, of `regenesis restore` and `up` on an archive of the
# same snapshot, and of `docker compose up -d --wait`, in turns, and the number of the head at the prompt.
# Every round starts without containers, volumes and restored files. Needs the images of e2e/docker/images.sh.
#
#   scripts/bench_up.sh [N] [PROGRAM]     N: rounds, by default 5; PROGRAM: a regenesis, by default built
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-5} program=${2:-}
if [ -z "$program" ]; then
  cargo build --quiet --release
  program=${CARGO_TARGET_DIR:-target}/release/regenesis
fi
program=$(realpath "$program")
export REGENESIS_IMAGE=${REGENESIS_IMAGE:-regenesis:e2e} GETH_IMAGE=regenesis-e2e/clients:1
export LIGHTHOUSE_IMAGE=regenesis-e2e/consensus:1 DOCKER_CONFIG="$PWD/target/docker"
export EL_HTTP_PORT=20645 EL_WS_PORT=20646 CL_HTTP_PORT=20152
project=regenesis-bench-up-$$
work=$(mktemp -d)
export XDG_STATE_HOME=$work/state
"$program" compose >"$work/docker-compose.yml"

cp -r sample "$work/sample"
"$program" bake "$work/sample" --geth-datadir yes 2>/dev/null
"$program" pack "$work/sample" "$work/sample.tar.zst" 2>/dev/null
# Docker's user reads the restored files.
chmod 755 "$work"
restored() {
  "$program" restore "$work/sample.tar.zst" "$work/restored" && "$program" up "$work/restored" --name "$project"
}
composed() { docker compose -p "$project" -f "$work/docker-compose.yml" "$@"; }
gone() { composed down -v -t 5 >/dev/null 2>&1; }
trap 'gone; rm -rf "$work"' EXIT

# The number of the head; - without an answer.
head_block() {
  local answer
  answer=$(curl -s -m 2 -H 'Content-Type: application/json' "127.0.0.1:$EL_HTTP_PORT" \
    -d '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber","params":[]}' || true)
  case $answer in
    *'"result":"0x'*) echo "$((0x$(printf %s "$answer" | sed 's/.*"result":"0x\([0-9a-f]*\)".*/\1/')))" ;;
    *) echo - ;;
  esac
}

# measures NAME COMMAND…: a line `NAME SECONDS HEAD EXIT` in $work/results.
measures() {
  local name=$1 begun ended code=0
  shift
  begun=$(date +%s.%N)
  "$@" >"$work/said" 2>&1 || code=$?
  ended=$(date +%s.%N)
  echo "$name $(awk "BEGIN { print $ended - $begun }") $(head_block) $code" | tee -a "$work/results"
  gone
  rm -rf "$work/restored"
}

for _ in $(seq "$rounds"); do
  measures up "$program" up --name "$project"
  measures restored restored
  measures compose composed up -d --wait
done
python3 - "$work/results" <<'END'
import statistics, sys

rows = [line.split() for line in open(sys.argv[1])]
print("| command | median s | min | max | head at the prompt | exit codes |")
print("|---|---|---|---|---|---|")
ways = {"up": "regenesis up", "restored": "regenesis restore, regenesis up",
        "compose": "docker compose up -d --wait"}
for name, shown in ways.items():
    own = [row for row in rows if row[0] == name]
    times = [float(row[1]) for row in own]
    heads = ", ".join(row[2] for row in own)
    codes = ", ".join(sorted({row[3] for row in own}))
    figures = f"{statistics.median(times):.1f} | {min(times):.1f} | {max(times):.1f}"
    print(f"| `{shown}` | {figures} | {heads} | {codes} |")
END
