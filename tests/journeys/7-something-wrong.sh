#!/usr/bin/env bash
# Something is wrong with the machine, the settings or the snapshot: up.sh names it, and leaves nothing
# half-started.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
ports 19700
chain=$work/chain
stack_in "$chain"

# Asserts a failure that left nothing running.
failed_clean() {
  failed_with "$1"
  same "$(running "$chain")" 0 "containers that still run"
  says_not '-- what the logs show:$'
}

say "a directory without a snapshot"
up "$chain" SNAPSHOT=/nope
failed_with 3
says 'SNAPSHOT=/nope: there is no such directory'
mkdir "$work/empty"
up "$chain" SNAPSHOT="$work/empty"
failed_with 3
says 'is not a snapshot: it has no metadata.json'
(cd "$work" && SNAPSHOT=empty chain/up.sh) >"$work/said" 2>&1 && broken "a relative path to no snapshot"
says 'SNAPSHOT=empty: is not a snapshot'

say "Docker is missing, or does not answer"
mkdir "$work/bin"
for tool in sh dirname mktemp rm grep sed tr cut wc printenv basename cksum env cat; do
  ln -s "$(command -v $tool)" "$work/bin/$tool"
done
up "$chain" PATH="$work/bin"
failed_with 8
says 'error: Docker is missing'
up "$chain" WAIT=soon
failed_with 2
up "$chain" COMPOSE_PROJECT_NAME=../other
failed_with 2
up "$chain" DOCKER_HOST=unix:///nonexistent
failed_with 8
says 'error: Docker does not answer'

say "an image that is nowhere"
for variable in REGENESIS_IMAGE GETH_IMAGE LIGHTHOUSE_IMAGE; do
  up "$chain" $variable=localhost:1/nowhere:1
  failed_clean 10
  says "image localhost:1/nowhere:1 is not on this machine"
  says "hint: .*$variable"
done

say "a port that another program has"
python3 -m http.server --bind 127.0.0.1 "$EL_HTTP_PORT" >/dev/null 2>&1 &
children+=($!)
until (: <"/dev/tcp/127.0.0.1/$EL_HTTP_PORT") 2>/dev/null; do sleep 0.1; done
up "$chain"
failed_clean 9
says "port $EL_HTTP_PORT is in use"
says 'EL_HTTP_PORT='
kill "${children[0]}"
children=()
docker run -d --rm --name "journey-$$" --label "com.docker.compose.project.working_dir=$work/other" \
  -p "127.0.0.1:$CL_HTTP_PORT:80" regenesis-e2e/base:1 sleep 600 >/dev/null
up "$chain"
docker rm -f "journey-$$" >/dev/null
failed_clean 9
says "port $CL_HTTP_PORT is in use by the container journey-$$"
says 'CL_HTTP_PORT='

say "a client that does not run"
mkdir "$work/context"
cat >"$work/context/lighthouse" <<'END'
#!/bin/sh
case $1 in
  beacon_node) exec /opt/lighthouse "$@" ;;
  *) echo "no such command: $1"; exit 9 ;;
esac
END
chmod 755 "$work/context/lighthouse"
cat >"$work/context/Dockerfile" <<'END'
FROM regenesis-e2e/consensus:1
RUN cp /usr/local/bin/consensus /opt/lighthouse && rm /usr/local/bin/lighthouse
COPY lighthouse /usr/local/bin/lighthouse
END
DOCKER_BUILDKIT=0 docker build -q -t "journey-$$" "$work/context" >/dev/null 2>&1
up "$chain" LIGHTHOUSE_IMAGE="journey-$$" WAIT=20
images+=("journey-$$")
failed_clean 11
says 'error: vc is not running'
says 'no such command: validator_client'
says_not 'started too late'

say "a snapshot that init refuses"
cp -r "$root/sample" "$work/snapshot"
chmod -R a+rX "$work"
sed -i 's/^SECONDS_PER_SLOT: .*/SECONDS_PER_SLOT: soon/' "$work/snapshot/cl/config.yaml"
grep -q 'SECONDS_PER_SLOT: soon' "$work/snapshot/cl/config.yaml" || broken "the sample has no SECONDS_PER_SLOT"
up "$chain" SNAPSHOT="$work/snapshot"
failed_clean 3
says 'cl/config.yaml.*soon'

say "the same in a running stack: the chain continues"
up_well "$chain"
before=$(genesis)
sends
up "$chain" REGENESIS_TIMESTAMP=soon
failed_with 2
says 'the running chain continues unchanged'
same "$(genesis)" "$before" "the genesis"
up "$chain" SNAPSHOT="$work/snapshot"
[ "$code" != 0 ] || broken "init took a broken snapshot"
says 'the running chain continues unchanged'
same "$(genesis)" "$before" "the genesis"
sends

say "a live chain whose beacon node is held up"
cl=$(container "$chain" cl)
# The client, not its supervisor.
client=$(pgrep --parent "$(docker inspect --format '{{.State.Pid}}' "$cl")")
kill -STOP "$client"
up "$chain" WAIT=5 REGENESIS_HEAL=never
kill -CONT "$client"
failed_with 11
says 'a new genesis would discard the [0-9]+ blocks of this chain'
same "$(genesis)" "$before" "the genesis"
sends

say "a live chain that is paused"
docker pause "$cl" "$(container "$chain" el)" >/dev/null
up_well "$chain"
same "$(genesis)" "$before" "the genesis"
sends

say "invalid settings"
printf 'EL_HTTP_PORT=http\n' >"$chain/.env"
env -u EL_HTTP_PORT "$chain/up.sh" >"$work/said" 2>&1 && broken "an invalid port"
says '\.env line 1: EL_HTTP_PORT is not a number'
