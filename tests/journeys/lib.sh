# What the journeys share: the shipped stack on this machine's images, and checks that can fail.
#
# The image regenesis-e2e/consensus:1 has a `lighthouse` that takes Lighthouse's command line, so that the
# compose file runs as it is. JOURNEY_COMPOSE=v1 takes docker-compose instead of Docker Compose v2.
# shellcheck shell=bash
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
regenesis=$target/debug/regenesis
cast=$target/foundry/bin/cast
anvil=$target/foundry/bin/anvil
export REGENESIS_IMAGE=regenesis:e2e GETH_IMAGE=regenesis-e2e/clients:1
export LIGHTHOUSE_IMAGE=regenesis-e2e/consensus:1
export DOCKER_CONFIG=$root/target/docker
compose=(docker compose)
if [ "${JOURNEY_COMPOSE:-v2}" = v1 ]; then
  export DOCKER_CONFIG=/nonexistent
  compose=(docker-compose)
fi
unset COMPOSE_FILE COMPOSE_PROJECT_NAME SNAPSHOT BIND
# The journeys run beside other tests.
export WAIT=300
# The first account of the test mnemonic.
account=0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266
key=0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80
recipient=0x000000000000000000000000000000000000dEaD

say() { printf -- '-- %s\n' "$*"; }
broken() {
  printf 'error: %s\n' "$*" >&2
  [ ! -s "$work/said" ] || { echo "-- up.sh said:"; cat "$work/said"; } >&2
  exit 1
}

work=$(mktemp -d)
# The journeys test the script, even where regenesis is installed: this stub hides it. docs.sh puts the
# program before the stub.
mkdir "$work/no-program"
printf '#!/bin/sh\nexit 2\n' >"$work/no-program/regenesis"
chmod 755 "$work/no-program/regenesis"
PATH=$work/no-program:$PATH
children=() images=()
clean() {
  local project folder
  [ ${#children[@]} = 0 ] || kill "${children[@]}" 2>/dev/null || true
  docker ps -a --format '{{.Label "com.docker.compose.project"}} {{.Label "com.docker.compose.project.working_dir"}}' |
    sort -u | while read -r project folder; do
      case $folder in "$work"/*) ;; *) continue ;; esac
      docker ps -aq --filter "label=com.docker.compose.project=$project" | xargs -r docker rm -f
      docker volume ls -q --filter "label=com.docker.compose.project=$project" | xargs -r docker volume rm
      docker network ls -q --filter "label=com.docker.compose.project=$project" | xargs -r docker network rm
    done >/dev/null
  [ ${#images[@]} = 0 ] || docker rmi -f "${images[@]}" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean EXIT

# Takes the ports from $1 on for the next stacks.
ports() {
  export EL_HTTP_PORT=$1 EL_WS_PORT=$(($1 + 1)) CL_HTTP_PORT=$(($1 + 2))
  rpc=http://127.0.0.1:$1
}

# Runs `up.sh` in the folder $1 with further variables. Its output is in $work/said, its exit code in $code.
up() {
  local folder=$1
  shift
  code=0
  env "$@" "$folder/up.sh" >"$work/said" 2>&1 || code=$?
}
up_well() {
  up "$@"
  [ "$code" = 0 ] || broken "up.sh in $1 failed: exit code $code"
}
# Asserts that up.sh failed with exit code $1.
failed_with() { [ "$code" = "$1" ] || broken "up.sh ended with $code instead of $1"; }
says() { grep -Eq -- "$1" "$work/said" || broken "up.sh did not say: $1"; }
says_not() { ! grep -Eq -- "$1" "$work/said" || broken "up.sh said: $1"; }

# The project that the stack in the folder $1 is.
project_of() {
  docker ps -a --filter "label=com.docker.compose.project.working_dir=$1" \
    --format '{{.Label "com.docker.compose.project"}}' | sort -u
}
# docker compose for the stack in the folder $1.
composed() {
  local folder=$1 project
  project=$(project_of "$folder")
  shift
  "${compose[@]}" -p "$project" -f "$folder/docker-compose.yml" "$@" >/dev/null 2>&1 ||
    broken "docker compose $*"
}
# The container of the service $2 in the folder $1.
container() {
  docker ps -aq --filter "label=com.docker.compose.project.working_dir=$1" \
    --filter "label=com.docker.compose.service=$2"
}
running() { docker ps -q --filter "label=com.docker.compose.project.working_dir=$1" | wc -l; }

genesis() { "$cast" block 0 --field hash --rpc-url "$rpc"; }
nonce() { "$cast" nonce "$account" --rpc-url "$rpc"; }
head_block() { "$cast" block-number --rpc-url "$rpc"; }
same() { [ "$1" = "$2" ] || broken "$3: $1 is not $2"; }
differs() { [ "$1" != "$2" ] || broken "$3: still $1"; }

# Sends ether without any option for gas: mined within three slots of reaching geth, or the journey is broken.
#
# What cast does before it sends takes slots, too, on a busy machine: they do not count.
sends() {
  local transaction before after end=$((SECONDS + 180))
  transaction=$("$cast" send --rpc-url "$rpc" --private-key "$key" "$recipient" --value 1ether --async) ||
    broken "cast send"
  before=$(head_block)
  until after=$("$cast" receipt "$transaction" blockNumber --async --rpc-url "$rpc" 2>/dev/null); do
    [ $SECONDS -lt $end ] || broken "$transaction is not mined"
    sleep 0.2
  done
  [ "$after" -le "$((before + 3))" ] || broken "$transaction waited from block $before to $after"
}

# A copy of the repository's compose/ folder.
stack_in() {
  mkdir -p "$1"
  cp "$root/compose/docker-compose.yml" "$root/compose/up.sh" "$1"
}

# Prints the fenced block below `<!-- test: $2 -->` in the page $1; without $2, the first block of the page.
block() {
  awk -v mark="${2:+<!-- test: ${2:-} -->}" '
    /^```/ && inside { exit }
    inside { print }
    /^```/ && (mark == "" || last == mark) { inside = 1 }
    { last = $0 }
  ' "$root/$1" | grep . || broken "$1 has no block ${2:-}"
}
