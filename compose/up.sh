#!/bin/sh
# Starts the stack in this folder, in whatever state it is, and waits until both clients build blocks.
#
#   ./up.sh                     the snapshot in this folder; in the repository's compose/, the sample
#   SNAPSHOT=DIRECTORY ./up.sh  another snapshot, in the repository's compose/
#
# Settings come from variables of the shell, then from .env in this folder. WAIT is the number of seconds
# that the first block may take. A chain with blocks of its own is never replaced while it runs.
set -eu
unset CDPATH

# Neither logs nor settings nor names may control the terminal: no control, bidirectional or invisible character.
hidden=$(printf '%b' 's/\0302[\0200-\0237]/?/g;s/\0342\0200[\0213-\0217\0250-\0256]/?/g;s/\0342\0201[\0240-\0257]/?/g')
hidden="$hidden;$(printf '%b' 's/\0357\0273\0277/?/g;s/\0363\0240[\0200-\0277][\0200-\0277]/?/g')"
plain() { LC_ALL=C tr -d '\000-\010\013-\037\177' | LC_ALL=C sed "$hidden"; }
say() { printf '%s\n' "$*" | plain >&2; }
# EXIT MESSAGE [HINT]
fail() { say "error: $2"; [ $# -lt 3 ] || say "hint: $3"; exit "$1"; }
newline='
'

[ $# = 0 ] || fail 2 "up.sh takes no argument: $1" \
  "SNAPSHOT=DIRECTORY ./up.sh starts another snapshot; the end of its output says how to stop the stack"

# Prints the absolute path of the snapshot $1.
snapshot() {
  case $1 in *"$newline"*) fail 3 "SNAPSHOT=$1: its name has a line break" "rename it" ;; esac
  [ -d "$1" ] || fail 3 "SNAPSHOT=$1: there is no such directory" "it names a snapshot's directory"
  for file in metadata.json el/genesis.template.json cl/config.yaml; do
    [ -e "$1/$file" ] ||
      fail 3 "SNAPSHOT=$1: is not a snapshot: it has no $file" "regenesis capture makes one"
  done
  path=$(cd -P -- "$1" && pwd -P)
  case $path in *:*) fail 3 "SNAPSHOT=$path: Docker cannot mount a path with a colon" "move it" ;; esac
  printf '%s\n' "$path"
}

if [ -n "${SNAPSHOT:-}" ]; then
  SNAPSHOT=$(snapshot "$SNAPSHOT")
  export SNAPSHOT
fi
case $0 in */*) cd -P -- "${0%/*}/" ;; esac
here=$(pwd -P && echo .)
here=${here%??}
case $here in *"$newline"*) fail 2 "$here: the name of the folder has a line break" "rename it" ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

file=docker-compose.yml
[ -f "$file" ] || fail 3 "$here has no $file" "regenesis compose $here writes it"
# Only the compose file of the repository asks for $SNAPSHOT. Every other folder is a snapshot, which may
# come from somebody else: it does not choose what runs here.
ours=
if grep -q '{SNAPSHOT:-}' "$file" && [ ! -e metadata.json ] && [ ! -L metadata.json ]; then ours=1; fi
[ -n "$ours" ] || [ -z "${SNAPSHOT:-}" ] || [ "$SNAPSHOT" = "$here" ] ||
  fail 2 "SNAPSHOT=$SNAPSHOT: this stack starts the snapshot in its own folder, $here" \
    "$SNAPSHOT/up.sh; regenesis compose $SNAPSHOT writes it"

# A folder is a project, by its whole path: folders of one name must not take each other's volumes.
base=$(basename "$here" | tr 'A-Z' 'a-z' | LC_ALL=C tr -cd 'a-z0-9_-' | sed 's/^[_-]*//' | cut -c 1-40)
sha256() { if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi; }
own_project=${base:-regenesis}-$(printf %s "$here" | sha256 | cut -c 1-10)

# -- settings ------------------------------------------------------------------------------------------

# Plain docker compose in this folder finds the stack by a .env with these two lines.
env_lines() {
  echo "# up.sh wrote this, so that plain docker compose in this folder means the same stack."
  echo "COMPOSE_PROJECT_NAME=$1"
}
# Whether .env is what up.sh wrote, for this folder or for the one that it was copied from.
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
  # Nothing that appears meanwhile is overwritten.
  (set -C; env_lines "$project" >.env) 2>/dev/null || true
}

# Takes the line $number of .env: NAME VALUE.
take() {
  case $1 in
    EL_HTTP_PORT | EL_WS_PORT | CL_HTTP_PORT | WAIT)
      case $2 in *[!0-9]*) fail 2 ".env line $number: $1 is not a number" ;; esac ;;
    FEE_RECIPIENT | REGENESIS_LEAD | REGENESIS_TIMESTAMP | REGENESIS_PRESET_REVISION | \
      REGENESIS_ADD_SYSTEM_CONTRACTS)
      case $2 in
        *[!0-9A-Za-z.:+_-]*) fail 2 ".env line $number: $1 has a character that no value has" ;;
      esac ;;
    COMPOSE_PROJECT_NAME)
      if [ "$2" = "$own_project" ] || env_is_ours; then return; fi
      if [ -z "$ours" ]; then
        say "note: .env line $number: plain docker compose here means the project $2, up.sh means $own_project"
        return
      fi ;;
    REGENESIS_IMAGE | GETH_IMAGE | LIGHTHOUSE_IMAGE | BIND | SNAPSHOT)
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
    name=$(printf '%s' "${line%%=*}" | LC_ALL=C tr -cd 'A-Za-z0-9_' | cut -c 1-40)
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
  [ -f .env ] && [ -r .env ] || fail 2 "$here/.env is not a file that can be read"
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

command -v docker >/dev/null || fail 6 "Docker is missing" "install it: docs.docker.com/engine/install"
if docker compose version >/dev/null 2>&1; then
  tool='docker compose'
elif command -v docker-compose >/dev/null 2>&1; then
  tool=docker-compose
else
  fail 6 "Docker Compose is missing" "install the compose plugin, or docker-compose 1.29"
fi
docker info >/dev/null 2>&1 || fail 6 "Docker does not answer" "start it, or join the group docker"

case ${COMPOSE_PROJECT_NAME:-} in
  [!a-z0-9]* | *[!a-z0-9_-]*) fail 2 "COMPOSE_PROJECT_NAME has a character that no name of a project has" ;;
esac
project=${COMPOSE_PROJECT_NAME:-$own_project}
# Only the shell chooses other files; Compose reads neither an override file nor .env in this folder.
: >"$work/none"
if [ -n "${COMPOSE_FILE:-}" ]; then files=; else files="-f $file"; fi
compose() {
  # shellcheck disable=SC2086 # both are several words
  $tool $files --env-file "$work/none" -p "$project" "$@"
}
# Names this project in the commands of a text.
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
    fail 6 "the project $project belongs to the folder $other, not to $here" \
      "choose another name: COMPOSE_PROJECT_NAME=… ./up.sh"
done <"$work/folders"
if [ -z "${COMPOSE_PROJECT_NAME:-}" ] &&
  docker ps --filter "label=com.docker.compose.project=$base" --format "$folder" | grep -Fqx "$here"; then
  fail 6 "the stack of this folder runs already, as the project $base: plain docker compose started it" \
    "go on with it: COMPOSE_PROJECT_NAME=$base ./up.sh; or end it: $tool -p $base down"
fi

# One at a time: a start that fails stops what it has started.
if command -v flock >/dev/null; then
  exec 9<"$file"
  flock -n 9 || { say "another up.sh runs in this folder: waiting for it"; flock 9; }
fi

# -- images --------------------------------------------------------------------------------------------

variable_of() {
  for variable in REGENESIS_IMAGE GETH_IMAGE LIGHTHOUSE_IMAGE; do
    if [ "$(setting $variable)" = "$1" ]; then echo "$variable"; fi
  done | sed 1q
}
# Sources are built in the repository only: the folder above a snapshot may be anybody's.
is_checkout() { [ -n "$ours" ] && [ -x ../docker/build.sh ] && grep -qs '^name = "regenesis"' ../Cargo.toml; }

compose config >"$work/config" 2>"$work/log" || {
  plain <"$work/log" >&2
  fail 2 "Compose does not take the settings"
}
sed -n 's/^ *image: *//p' "$work/config" | tr -d "\"'" | sort -u >"$work/images"
while IFS= read -r wanted; do
  if docker image inspect "$wanted" >/dev/null 2>&1; then continue; fi
  say "pulling $wanted …"
  if docker pull -q "$wanted" >/dev/null 2>"$work/log"; then continue; fi
  if [ "$wanted" = "$image" ] && is_checkout; then
    say "building $wanted …"
    ../docker/build.sh -t "$wanted" </dev/null >&2 || fail 6 "the image $wanted does not build"
    continue
  fi
  tail -n 1 "$work/log" | plain >&2
  variable=$(variable_of "$wanted")
  hint="${variable:-the compose file} names it: set another, or load it with docker load"
  if [ "$wanted" = "$image" ]; then
    hint="build it in a checkout of regenesis: docker/build.sh -t $wanted; or set REGENESIS_IMAGE"
  fi
  fail 6 "the image $wanted is not on this machine, and cannot be pulled" "$hint"
done <"$work/images"

# -- what is wrong -------------------------------------------------------------------------------------

# Fails; what this call has started does not stay half-started.
give_up() {
  if [ -z "$ran" ]; then
    compose stop >/dev/null 2>&1 || true
    say "what was started is stopped again; its logs: $tool -p $project logs"
  fi
  fail "$@"
}

# Notes where the log of init ends; init_log prints what came after that.
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

# Clients that do not run, a line each.
dead() {
  for service in el cl vc; do
    id=$(container $service)
    if [ -z "$id" ]; then echo "$service has no container"; continue; fi
    state=$(docker inspect --format '{{.State.Status}}' "$id")
    [ "$state" = running ] ||
      echo "$service does not run: $state, exit code $(docker inspect --format '{{.State.ExitCode}}' "$id")"
  done
}

explain() {
  compose logs --no-color --tail 5000 2>/dev/null |
    docker run --rm -i --network none "$image" health --explain --log - >"$work/causes" 2>&1 || true
  [ ! -s "$work/causes" ] || { say "-- what the logs show:"; named <"$work/causes" >&2; }
}

# Fails for clients that do not run, with their last words.
all_run() {
  dead >"$work/dead"
  [ -s "$work/dead" ] || return 0
  while read -r service rest; do
    say "-- the last lines of $service:"
    compose logs --no-color --tail 5 "$service" 2>/dev/null </dev/null | plain >&2 || true
  done <"$work/dead"
  explain
  give_up 6 "$(tr '\n' ';' <"$work/dead" | sed 's/;$//; s/;/; /g')" "its log says why: $tool -p $project logs"
}

# Names the setting and the holder of a port that another program has.
port_in_use() {
  grep -Eq 'port is already allocated|address already in use|ports are not available' "$work/log" || return 0
  for variable in EL_HTTP_PORT EL_WS_PORT CL_HTTP_PORT; do
    port=$(setting $variable)
    grep -Eq ":$port( |:|/|\$)" "$work/log" || continue
    holder=$(docker ps --filter "publish=$port" --format 'the container {{.Names}}' | sed 1q)
    if [ -z "$holder" ] && command -v ss >/dev/null; then
      holder=$(ss -Hltnp "sport = :$port" 2>/dev/null |
        sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1, process \2/p' | sed 1q)
    fi
    give_up 6 "port $port is in use${holder:+ by $holder}" "choose another: $variable=… ./up.sh, or in .env"
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
    [ -z "$ran" ] || say "the chain that ran goes on as it was"
    give_up "$code" "init failed, exit code $code" "its last lines, above, say why"
  fi
  plain <"$work/log" >&2
  explain
  give_up 6 "the stack does not start"
}
# Asks for the health of both clients, with the options given.
health() {
  {
    code=0
    compose exec -T el /runtime/bin/regenesis health --cl http://cl:5052 --json "$@" \
      >"$work/health" </dev/null || code=$?
    echo "$code" >"$work/code"
  } 2>&1 | named >&2
  [ "$(cat "$work/code")" = 0 ]
}
builds() { health --wait "${WAIT:-60}" --explain; }
own_blocks() { sed -n 's/.*"own_blocks": *\([0-9][0-9]*\).*/\1/p' "$work/health"; }

write_env
start
if ! builds; then
  all_run
  if [ "$(own_blocks)" = 0 ]; then
    # Without the validator client no block can come between the question and the answer.
    compose stop vc >/dev/null 2>&1
    health 2>/dev/null || true
  fi
  own=$(own_blocks)
  if [ "$own" != 0 ]; then
    explain
    # What has just been started and is not known to build is no chain to keep running.
    if [ -z "$own" ] && [ -z "$ran" ]; then give_up 6 "no new block in ${WAIT:-60} s"; fi
    compose up -d >/dev/null 2>&1 </dev/null || true
    say "no new block in ${WAIT:-60} s"
    fail 6 "a new genesis would lose the ${own:-unknown number of} blocks of this chain" \
      "wait longer: WAIT=300 ./up.sh; or give them up: $tool -p $project stop, then ./up.sh"
  fi
  say "the chain has no block of its own yet, so there is nothing to lose: making a new genesis, once"
  compose stop >/dev/null 2>&1
  start
  builds || { all_run; explain; give_up 6 "no blocks" "$tool -p $project logs shows more"; }
fi

grep -E 'genesis time|accounts|ready: run|kept run|new genesis' "$work/init" | tail -n 6 >&2 || true
say "chain id   $(sed -n 's/.*"chain_id": *\([0-9]*\).*/\1/p' "$work/health")"
say "execution  http://$(compose port el 8545)"
say "websocket  ws://$(compose port el 8546)"
say "beacon     http://$(compose port cl 5052)"
if [ -n "$ours" ] && [ -z "${SNAPSHOT:-}" ]; then
  words="test test test test test test test test test test test junk"
  say "accounts   20 with 1,000,000 ETH: mnemonic \"$words\""
fi
say "logs       $tool -p $project logs -f"
say "stop       $tool -p $project stop"
say "           the next start makes a new genesis: transactions since this one are gone then"
