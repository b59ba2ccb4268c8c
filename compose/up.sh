#!/bin/sh
# Brings the chain up, whatever state the stack is in, and waits for a block.
#
#   ./up.sh                     the snapshot beside this file, or the sample
#   SNAPSHOT=DIRECTORY ./up.sh  another snapshot
#
# Settings are in .env, or variables of the shell; WAIT is how many seconds a first block may take.
set -eu

if [ -n "${SNAPSHOT:-}" ]; then
  SNAPSHOT=$(cd "$SNAPSHOT" && pwd) || exit 3
  export SNAPSHOT
fi
cd "$(dirname "$0")"

say() { printf '%s\n' "$*" >&2; }
fail() { say "error: $1"; [ $# -lt 2 ] || say "hint: $2"; exit 6; }

if docker compose version >/dev/null 2>&1; then
  compose() { docker compose "$@"; }
elif command -v docker-compose >/dev/null 2>&1; then
  compose() { docker-compose "$@"; }
else
  fail "Docker Compose is missing" "install the compose plugin, or docker-compose 1.29"
fi
docker info >/dev/null 2>&1 || fail "Docker does not answer" "start it, or join the group docker"

# The image of regenesis: there, or in a registry, or built from the sources around this file.
image=${REGENESIS_IMAGE:-$(sed -n 's/^REGENESIS_IMAGE=//p' .env 2>/dev/null || true)}
image=${image:-$(sed -n 's/.*{REGENESIS_IMAGE:-\([^}]*\)}.*/\1/p' docker-compose.yml)}
if ! docker image inspect "$image" >/dev/null 2>&1 && ! docker pull -q "$image" >/dev/null 2>&1; then
  [ -x ../docker/build.sh ] || fail "the image $image is nowhere to be had" "set REGENESIS_IMAGE"
  say "building $image …"
  ../docker/build.sh -t "$image" >&2 || fail "the image $image does not build"
fi

explain() {
  say "-- the last words of init:"
  compose logs --no-color --tail 20 init >&2 || true
  say "-- what is wrong:"
  compose logs --no-color 2>/dev/null |
    docker run --rm -i --network none "$image" health --explain --log - >&2 || true
}
start() {
  compose up -d || { explain; fail "the stack does not start"; }
}
blocks() {
  compose exec -T el /runtime/bin/regenesis health --wait "${WAIT:-60}" \
    --cl http://cl:5052 --explain
}

start
if ! blocks; then
  # A chain that is dead stays dead: everything is made anew, once.
  say "no blocks: making a new genesis"
  compose stop
  start
  blocks || { explain; fail "no blocks" "docker compose logs shows more"; }
fi

compose logs --no-color init 2>/dev/null | sed 's/^[^|]*| *//' | grep -E 'genesis time|accounts|ready: run|kept run' |
  tail -n 4 >&2
say "execution  http://$(compose port el 8545)"
say "websocket  ws://$(compose port el 8546)"
say "beacon     http://$(compose port cl 5052)"
[ -n "${SNAPSHOT:-}" ] || [ -f metadata.json ] ||
  say "accounts   20 with 1,000,000 ETH: mnemonic \"test test test test test test test test test test test junk\""
