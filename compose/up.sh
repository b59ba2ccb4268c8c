#!/bin/sh
# Starts the stack in this folder, whatever its state, and waits until both clients build blocks.
#
#   ./up.sh                     the snapshot in this folder; in the repository's compose/, the sample
#   SNAPSHOT=DIRECTORY ./up.sh  another snapshot, in the repository's compose/
#
# Settings come from variables of the shell, then from .env in this folder. WAIT is the limit for the first
# block, in seconds. A running chain that has new blocks is never replaced. Exit codes are those of regenesis.
# In a snapshot, the script leaves all this to `regenesis up` if this version of regenesis is in PATH.
set -eu
unset CDPATH

# Logs, settings and names must not control the terminal: remove control, bidirectional and invisible
# characters.
hidden=$(printf '%b' 's/\0302[\0200-\0237]/?/g;s/\0342\0200[\0213-\0217\0250-\0256]/?/g;s/\0342\0201[\0240-\0257]/?/g')
hidden="$hidden;$(printf '%b' 's/\0357\0273\0277/?/g;s/\0363\0240[\0200-\0277][\0200-\0277]/?/g')"
plain() { LC_ALL=C tr -d '\000-\010\013-\037\177' | LC_ALL=C sed "$hidden"; }
say() { printf '%s\n' "$*" | plain >&2; }
result() { printf '%s\n' "$*" | plain; }
# EXIT MESSAGE [HINT]
fail() { say "error: $2"; [ $# -lt 3 ] || say "hint: $3"; exit "$1"; }
newline='
'

# The folder may be a stranger's, and must not choose what runs: PATH loses its entries, and relative ones.
# Nothing but builtins runs before.
here=$(case $0 in (*/*) cd -P -- "${0%/*}/" ;; esac; pwd -P && echo .)
here=${here%??}
entries=$PATH:
allowed=
while [ -n "$entries" ]; do
  entry=${entries%%:*}
  entries=${entries#*:}
  case $entry in /*) ;; *) continue ;; esac
  case $(cd -P -- "$entry" 2>/dev/null && pwd -P)/ in "$here"/*) continue ;; esac
  allowed=$allowed${allowed:+:}$entry
done
# An empty PATH would mean this folder.
[ -n "$allowed" ] || { echo "error: PATH has no absolute entry outside of this folder" >&2; exit 2; }
PATH=$allowed

[ $# = 0 ] || fail 2 "up.sh takes no argument: $1" \
  "SNAPSHOT=DIRECTORY ./up.sh starts another snapshot; its output ends with the command to stop the stack"

# Prints the absolute path of the snapshot $1.
snapshot() {
  case $1 in *"$newline"*) fail 3 "SNAPSHOT=$1: its name has a line break" "rename it" ;; esac
  [ -d "$1" ] || fail 3 "SNAPSHOT=$1: there is no such directory" "set it to the directory of a snapshot"
  for file in metadata.json el/genesis.template.json cl/config.yaml; do
    [ -e "$1/$file" ] ||
      fail 3 "SNAPSHOT=$1: is not a snapshot: it has no $file" "regenesis capture creates one"
  done
  path=$(cd -P -- "$1" && pwd -P)
  case $path in *:*) fail 3 "SNAPSHOT=$path: Docker cannot mount a path with a colon" "move it" ;; esac
  printf '%s\n' "$path"
}

if [ -n "${SNAPSHOT:-}" ]; then
  SNAPSHOT=$(snapshot "$SNAPSHOT")
  export SNAPSHOT
fi
cd -P -- "$here"
case $here in *"$newline"*) fail 2 "$here: the name of the folder has a line break" "rename it" ;; esac

file=docker-compose.yml
[ -f "$file" ] || fail 3 "$here has no $file" "regenesis compose $here writes it"
# Only the repository's compose file refers to $SNAPSHOT. Every other folder is a snapshot, possibly from a
# stranger, and must not choose what runs here.
ours=
if grep -q '{SNAPSHOT:-}' "$file" && [ ! -e metadata.json ] && [ ! -L metadata.json ]; then ours=1; fi
[ -n "$ours" ] || [ -z "${SNAPSHOT:-}" ] || [ "$SNAPSHOT" = "$here" ] ||
  fail 2 "SNAPSHOT=$SNAPSHOT: this stack starts the snapshot in its own folder, $here" \
    "$SNAPSHOT/up.sh; regenesis compose $SNAPSHOT writes it"

# The project is named after the complete path: folders with the same name must not share volumes.
base=$(basename "$here" | tr 'A-Z' 'a-z' | LC_ALL=C tr -cd 'a-z0-9_-' | sed 's/^[_-]*//' | cut -c 1-40)
sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; }
own_project=${base:-regenesis}-$(printf %s "$here" | sha256 | cut -c 1-10)

# -- settings ------------------------------------------------------------------------------------------

# Plain docker compose in this folder finds the stack by a .env with these two lines.
env_lines() {
  echo "# up.sh wrote this, so that plain docker compose in this folder means the same stack."
  echo "COMPOSE_PROJECT_NAME=$1"
}
# Whether up.sh wrote .env, for this folder or for the one from which it was copied.
env_is_ours() {
  name=$(sed -n 's/^COMPOSE_PROJECT_NAME=//p' .env)
  env_lines "$name" | cmp -s - .env && [ ! -L .env ]
}
write_env() {
  [ "$project" = "$own_project" ] && [ -z "${COMPOSE_FILE:-}" ] || return 0
  if [ -e .env ] || [ -L .env ]; then
    env_is_ours || return 0
    [ "$name" != "$project" ] && rm -f .env || return 0
  fi
  # A file that appears in the meantime is not overwritten.
  (set -C; env_lines "$project" >.env) 2>/dev/null || true
}

# -- the program ---------------------------------------------------------------------------------------

# It prints `stack NAME` only if its version wrote these files, and if it accepts the settings.
if [ -z "$ours" ] && [ -z "${COMPOSE_FILE:-}" ] && program=$(command -v regenesis); then
  answer=$("$program" can-start "$here" </dev/null 2>/dev/null) || answer=
  case $answer in
    "stack "[a-z0-9]*)
      project=${answer#stack }
      write_env
      exec "$program" up "$here" --name "$project" ;;
  esac
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# -- lines of .env -------------------------------------------------------------------------------------

# Applies the line $number of .env: NAME VALUE.
take() {
  case $1 in
    EL_HTTP_PORT | EL_WS_PORT | CL_HTTP_PORT | L2_*_PORT | ENCLAVE_*_PORT | WAIT)
      case $2 in *[!0-9]*) fail 2 ".env line $number: $1 is not a number" ;; esac ;;
    FEE_RECIPIENT | LIGHTHOUSE_LOG_LEVEL | REGENESIS_LEAD | REGENESIS_TIMESTAMP | \
      REGENESIS_PRESET_REVISION | REGENESIS_RENEW | REGENESIS_HEAL | \
      REGENESIS_ADD_SYSTEM_CONTRACTS)
      case $2 in
        *[!0-9A-Za-z.:+_-]*) fail 2 ".env line $number: $1 has an invalid character" ;;
      esac ;;
    COMPOSE_PROJECT_NAME)
      if [ "$2" = "$own_project" ] || env_is_ours; then return; fi
      if [ -z "$ours" ]; then
        say "note: .env line $number: plain docker compose uses the project $2, up.sh uses $own_project"
        return
      fi ;;
    REGENESIS_IMAGE | GETH_IMAGE | LIGHTHOUSE_IMAGE | PRYSM_BEACON_IMAGE | PRYSM_VALIDATOR_IMAGE | \
      LODESTAR_IMAGE | RETH_IMAGE | OP_GETH_IMAGE | OP_NODE_IMAGE | OP_BATCHER_IMAGE | OP_PROPOSER_IMAGE | \
      AGGLAYER_IMAGE | AGGKIT_IMAGE | AGGKIT_PROVER_IMAGE | CDK_*_IMAGE | POSTGRES_IMAGE | ZKEVM_*_IMAGE | \
      ENCLAVE_*_IMAGE | BIND | SNAPSHOT)
      if [ -z "$ours" ]; then
        say "note: .env line $number: $1 is not read from a snapshot's folder; to set it: $1=… ./up.sh"
        return
      fi ;;
    COMPOSE_[A-Z]* | DOCKER_[A-Z]*)
      say "note: .env line $number: $1 is not read from .env; to set it: $1=… ./up.sh"
      return ;;
    *)
      say "note: .env line $number: $1 is not a setting of this stack"
      return ;;
  esac
  # A variable of the shell wins; of two lines, the last.
  case " $taken " in
    *" $1 "*) ;;
    *) if printenv "$1" >/dev/null; then return; fi ;;
  esac
  taken="$taken $1"
  export "$1=$2"
}

read_env() {
  number=0
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    line=${line#"${line%%[! ]*}"}
    line=${line#export }
    case $line in '' | '#'*) continue ;; esac
    name=$(printf '%s' "${line%%=*}" | LC_ALL=C tr -cd 'A-Za-z0-9_' | cut -c 1-60)
    case $line in *=*) ;; *) say "note: .env line $number is not NAME=VALUE"; continue ;; esac
    value=${line#*=}
    case $value in
      \"*) value=${value#\"}; value=${value%%\"*} ;;
      \'*) value=${value#\'}; value=${value%%\'*} ;;
      *) value=${value%%[ ]#*}; value=${value%"${value##*[! ]}"} ;;
    esac
    [ -z "$value" ] || take "$name" "$value"
  done <"$work/env"
}

taken=
if [ -e .env ] || [ -L .env ]; then
  [ -f .env ] && [ -r .env ] || fail 2 "$here/.env is not a readable file"
  [ "$(wc -c <.env)" -le 65536 ] || fail 2 "$here/.env is larger than 64 KiB"
  tr '\t' ' ' <.env | plain >"$work/env"
  read_env
  case " $taken " in *' SNAPSHOT '*) SNAPSHOT=$(snapshot "$SNAPSHOT"); export SNAPSHOT ;; esac
fi

case ${WAIT:-60} in *[!0-9]* | ??????*) fail 2 "WAIT is not a number of seconds below 100000" ;; esac

# The value of the setting $1: the variable, or the default in the compose file.
setting() {
  value=$(printenv "$1" || true)
  [ -n "$value" ] || value=$(sed -n "s/.*{$1:-\([^}]*\)}.*/\1/p" "$file" | sed 1q)
  printf '%s\n' "$value"
}
image=$(setting REGENESIS_IMAGE)

# -- Docker and the project ----------------------------------------------------------------------------

command -v docker >/dev/null || fail 8 "Docker is missing" "install it: docs.docker.com/engine/install"
if docker compose version >/dev/null 2>&1; then
  tool='docker compose'
elif command -v docker-compose >/dev/null 2>&1; then
  tool=docker-compose
else
  fail 8 "Docker Compose is missing" "install the compose plugin, or docker-compose 1.29"
fi
docker info >/dev/null 2>&1 || fail 8 "Docker does not answer" "start it, or join the group docker"

case ${COMPOSE_PROJECT_NAME:-} in
  [!a-z0-9]* | *[!a-z0-9_-]*) fail 2 "COMPOSE_PROJECT_NAME has a character that project names cannot contain" ;;
esac
project=${COMPOSE_PROJECT_NAME:-$own_project}
# Only the shell chooses other files; Compose reads neither an override file nor .env in this folder.
: >"$work/none"
if [ -n "${COMPOSE_FILE:-}" ]; then files=; else files="-f $file"; fi
compose() {
  # shellcheck disable=SC2086 # both are several words
  $tool $files --env-file "$work/none" -p "$project" "$@"
}
# Adds this project to the docker compose commands in a text.
named() { plain | sed "s/docker compose /$tool -p $project /g"; }
# The container of the service $1, running or not.
container() {
  docker ps -aq --filter "label=com.docker.compose.project=$project" \
    --filter "label=com.docker.compose.service=$1" --filter label=com.docker.compose.oneoff=False
}

folder='{{.Label "com.docker.compose.project.working_dir"}}'
docker ps -a --filter "label=com.docker.compose.project=$project" --format "$folder" |
  sort -u >"$work/folders"
while IFS= read -r other; do
  [ -z "$other" ] || [ "$other" = "$here" ] || [ -n "${COMPOSE_FILE:-}" ] ||
    fail 2 "the project $project belongs to the folder $other, not to $here" \
      "choose another name: COMPOSE_PROJECT_NAME=… ./up.sh"
done <"$work/folders"
if [ -z "${COMPOSE_PROJECT_NAME:-}" ] &&
  docker ps --filter "label=com.docker.compose.project=$base" --format "$folder" | grep -Fqx "$here"; then
  fail 2 "the stack of this folder is already running as the project $base: plain docker compose started it" \
    "continue with it: COMPOSE_PROJECT_NAME=$base ./up.sh; or remove it: $tool -p $base down"
fi

# One at a time: a failed start stops the services that it started.
if command -v flock >/dev/null; then
  exec 9<"$file"
  flock -n 9 || { say "another up.sh is running in this folder: waiting for it"; flock 9; }
fi

# -- images --------------------------------------------------------------------------------------------

variable_of() {
  for variable in $(sed -n 's/.*{\([A-Z0-9_]*_IMAGE\):[-?].*/\1/p' "$file" | sort -u); do
    if [ "$(setting $variable)" = "$1" ]; then echo "$variable"; fi
  done | sed 1q
}
# The image is built in the repository only: the parent folder of a snapshot may be a stranger's.
is_checkout() { [ -n "$ours" ] && [ -x ../docker/build.sh ] && grep -qs '^name = "regenesis"' ../Cargo.toml; }

compose config >"$work/config" 2>"$work/log" || {
  plain <"$work/log" >&2
  fail 2 "Compose rejects the settings"
}
sed -n 's/^ *image: *//p' "$work/config" | tr -d "\"'" | sort -u >"$work/images"
while IFS= read -r required; do
  if docker image inspect "$required" >/dev/null 2>&1; then continue; fi
  say "pulling $required …"
  if docker pull -q "$required" >/dev/null 2>"$work/log"; then continue; fi
  if [ "$required" = "$image" ] && is_checkout; then
    say "building $required …"
    ../docker/build.sh -t "$required" </dev/null >&2 || fail 10 "building the image $required failed"
    continue
  fi
  tail -n 1 "$work/log" | plain >&2
  variable=$(variable_of "$required")
  hint="${variable:-the compose file} names it: set another, or load it with docker load"
  if [ "$required" = "$image" ]; then
    hint="build it in a checkout of regenesis: docker/build.sh -t $required; or set REGENESIS_IMAGE"
  fi
  fail 10 "the image $required is not on this machine, and cannot be pulled" "$hint"
done <"$work/images"

# -- failures ------------------------------------------------------------------------------------------

# Fails, and stops the services that this call started.
give_up() {
  if [ -z "$ran" ]; then
    compose stop >/dev/null 2>&1 || true
    say "the started services are stopped again; their logs: $tool -p $project logs"
  fi
  fail "$@"
}

# Remembers where the log of init ends; init_log prints the lines after that.
mark_init() {
  init=$(container init)
  lines=0
  [ -z "$init" ] || lines=$(docker logs "$init" 2>&1 | wc -l)
}
init_log() {
  id=$(container init)
  [ "$id" = "$init" ] || lines=0
  [ -z "$id" ] || docker logs "$id" 2>&1 | tail -n "+$((lines + 1))" | named
}

# Prints a line for each client that is not running.
dead() {
  for service in el cl vc; do
    id=$(container $service)
    if [ -z "$id" ]; then echo "$service has no container"; continue; fi
    state=$(docker inspect --format '{{.State.Status}}' "$id")
    [ "$state" = running ] ||
      echo "$service is not running: $state, exit code $(docker inspect --format '{{.State.ExitCode}}' "$id")"
  done
}

explain() {
  compose logs --no-color --tail 5000 2>/dev/null |
    docker run --rm -i --network none "$image" health --explain --log - >"$work/causes" 2>&1 || true
  [ ! -s "$work/causes" ] || { say "-- what the logs show:"; named <"$work/causes" >&2; }
}

# Fails if a client is not running, with the last lines of its log.
all_run() {
  dead >"$work/dead"
  [ -s "$work/dead" ] || return 0
  while read -r service rest; do
    say "-- the last lines of $service:"
    compose logs --no-color --tail 5 "$service" 2>/dev/null </dev/null | plain >&2 || true
  done <"$work/dead"
  explain
  give_up 11 "$(tr '\n' ';' <"$work/dead" | sed 's/;$//; s/;/; /g')" "see its log: $tool -p $project logs"
}

# Fails if another program uses a port, and names the setting and the program.
port_in_use() {
  grep -Eq 'port is already allocated|address already in use|ports are not available' "$work/log" || return 0
  for variable in $(sed -n 's/.*{\([A-Z0-9_]*_PORT\):-.*/\1/p' "$file"); do
    port=$(setting "$variable")
    grep -Eq ":$port( |:|/|\$)" "$work/log" || continue
    holder=$(docker ps --filter "publish=$port" --format 'the container {{.Names}}' | sed 1q)
    if [ -z "$holder" ] && command -v ss >/dev/null; then
      holder=$(ss -Hltnp "sport = :$port" 2>/dev/null |
        sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1, process \2/p' | sed 1q)
    fi
    give_up 9 "port $port is in use${holder:+ by $holder}" "choose another: $variable=… ./up.sh, or in .env"
  done
}

# -- start ---------------------------------------------------------------------------------------------

ran=$(docker ps -q --filter "label=com.docker.compose.project=$project" | sed 1q)
start() {
  mark_init
  docker ps -q --filter "label=com.docker.compose.project=$project" --filter status=paused |
    while read -r id; do docker unpause "$id" >/dev/null; done
  if compose up -d >"$work/log" 2>&1 </dev/null; then init_log >>"$work/init"; return; fi
  port_in_use
  if grep -Eq "didn't complete successfully|exited with code" "$work/log"; then
    code=$(docker inspect --format '{{.State.ExitCode}}' "$(container init)")
    init_log | tail -n 20 >&2
    [ -z "$ran" ] || say "the running chain continues unchanged"
    give_up "$code" "init failed, exit code $code" "see its last lines above"
  fi
  plain <"$work/log" >&2
  explain
  give_up 6 "the stack does not start"
}
# Checks the health of both clients, with these options of regenesis health.
health() {
  {
    code=0
    compose exec -T el /runtime/bin/regenesis health --cl http://cl:5052 --json "$@" \
      >"$work/health" </dev/null || code=$?
    echo "$code" >"$work/code"
  } 2>&1 | named >&2
  [ "$(cat "$work/code")" = 0 ]
}
# Whether both clients have new blocks. On a slow machine, one may come right after the limit.
builds() {
  health --wait "${WAIT:-60}" --explain && return
  all_run
  health --wait 1 2>/dev/null && say "a block came after the limit of ${WAIT:-60} s"
}
own_blocks() { sed -n 's/.*"own_blocks": *\([0-9][0-9]*\).*/\1/p' "$work/health"; }

if [ "$(setting REGENESIS_RENEW)" = stale ]; then
  fresh="REGENESIS_RENEW=always ./up.sh"
  next="continues this chain within half an hour; for a new genesis: $fresh"
else
  fresh=./up.sh
  next="generates a new genesis and discards all transactions since this one"
fi
write_env
start
if ! builds; then
  if [ "$(own_blocks)" = 0 ]; then
    # Without the validator client, no block can follow the answer.
    compose stop vc >/dev/null 2>&1
    health 2>/dev/null || true
  fi
  own=$(own_blocks)
  if [ "$own" != 0 ]; then
    explain
    # A stack that this call started and that may not build does not keep running.
    if [ -z "$own" ] && [ -z "$ran" ]; then give_up 11 "no new block in ${WAIT:-60} s"; fi
    compose up -d >/dev/null 2>&1 </dev/null || true
    say "no new block in ${WAIT:-60} s"
    fail 11 "a new genesis would discard the ${own:-unknown number of} blocks of this chain" \
      "wait longer: WAIT=300 ./up.sh; or discard them: $tool -p $project stop, then $fresh"
  fi
  say "the chain has no new block yet, so that nothing is lost: restarting once with a new genesis"
  compose stop >/dev/null 2>&1
  export REGENESIS_RENEW=always
  start
  builds || { explain; give_up 11 "no blocks" "$tool -p $project logs shows more"; }
fi

# The OP-stack L2s, by name. Each has a block soon after the L1, and stays up without one only if this call
# did not start it.
l2=$(sed -n 's/^  \([a-z0-9-]*\)-geth:$/\1/p' "$file")
for name in $l2; do
  compose exec -T "$name-geth" /runtime/bin/regenesis health l2 --json --wait "${WAIT:-60}" \
    >"$work/l2-$name" 2>"$work/log" </dev/null || {
    named <"$work/log" >&2
    compose logs --no-color --tail 5 "$name-geth" "$name-node" 2>/dev/null </dev/null | plain >&2 || true
    give_up 11 "the L2 $name has no new block" "see its logs: $tool -p $project logs $name-geth $name-node"
  }
done

grep -E 'genesis time|accounts|ready: run|kept run|new genesis|lead [0-9]+ s: ' "$work/init" | tail -n 7 >&2 ||
  true
result "chain ID   $(sed -n 's/.*"chain_id": *\([0-9]*\).*/\1/p' "$work/health")"
result "execution  http://$(compose port el 8545)"
result "websocket  ws://$(compose port el 8546)"
result "beacon     http://$(compose port cl 5052)"
for name in $l2; do
  result "L2 $name, chain ID $(sed -n 's/.*"chain_id": *\([0-9]*\).*/\1/p' "$work/l2-$name")"
  result "  execution  http://$(compose port "$name-geth" 8545)"
  result "  websocket  ws://$(compose port "$name-geth" 8546)"
  result "  op-node    http://$(compose port "$name-node" 9545)"
done
if { [ -n "$ours" ] && [ -z "${SNAPSHOT:-}" ]; } || grep -qs '"kind": "embedded"' metadata.json; then
  words="test test test test test test test test test test test junk"
  result "accounts   20 with 1,000,000 ETH${l2:+, and 10,000 ETH on the L2}: mnemonic \"$words\""
fi
result "logs       $tool -p $project logs -f"
result "stop       $tool -p $project stop"
result "           the next start $next"
