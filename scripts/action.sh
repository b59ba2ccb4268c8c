#!/usr/bin/env bash
# The steps of action.yml, which documents the variables SNAPSHOT, RESTORE, SHA256, KEY, CAPTURE, WAIT and
# REGENESIS_IMAGE. Appends the outputs to the file $GITHUB_OUTPUT. If the chain does not start, the directory
# $LOGS gets its state and its logs.
set -euo pipefail
fail() { echo "::error::$1" >&2; exit 1; }
root=$(cd "$(dirname "$0")/.." && pwd)
snapshot=${SNAPSHOT:-}
unset SNAPSHOT
[[ "${WAIT:-120}" =~ ^[1-9][0-9]*$ ]] || fail "wait is $WAIT, not a number of seconds"
export WAIT=${WAIT:-120}
[ -n "${REGENESIS_IMAGE:-}" ] || unset REGENESIS_IMAGE
image=${REGENESIS_IMAGE:-$(sed -n 's/^REGENESIS_IMAGE=//p' "$root/compose/settings.env")}
[ -z "${CAPTURE:-}" ] || [ -z "${RESTORE:-}" ] || fail "capture and restore exclude each other"
if [ -n "${KEY:-}" ]; then
  [[ "${RESTORE:-}" = oci://* ]] || fail "key checks a snapshot of oci://, and restore is ${RESTORE:-empty}"
  [ -f "$KEY" ] || fail "key: $KEY is not a file"
fi

# tools ARGUMENT…: a verb of the image -tools, as the job's user, who then owns the snapshot. The directory of
# the snapshot is /parent.
tools() {
  # The init image has no such verb; a digest names one image only.
  local tools=${image%@*}-tools
  docker image inspect "$tools" >/dev/null 2>&1 || docker pull --quiet "$tools" 2>/dev/null ||
    "$root/docker/build.sh" --target tools -t "$tools"
  docker run --rm --network host --user "$(id -u):$(id -g)" --volume "$parent:/parent" "${mounts[@]}" \
    --env AWS_ACCESS_KEY_ID --env AWS_SECRET_ACCESS_KEY --env AWS_SESSION_TOKEN --env AWS_REGION \
    --env AWS_ENDPOINT_URL "$tools" regenesis "$@"
}
mounts=()
# into DIRECTORY: where a new snapshot goes.
into() {
  snapshot=${snapshot:-$1}
  mkdir -p "$(dirname "$snapshot")"
  parent=$(cd "$(dirname "$snapshot")" && pwd)
}

if [ -n "${CAPTURE:-}" ]; then
  into "${RUNNER_TEMP:?}/snapshot"
  [ ! -e "$snapshot" ] || fail "$snapshot exists: with capture, it must be a new directory"
  tools capture --el-rpc "$CAPTURE" --out "/parent/$(basename "$snapshot")"
fi
if [ -n "${RESTORE:-}" ]; then
  into "${RUNNER_TEMP:?}/regenesis-snapshot"
  source=$RESTORE
  if [[ "$RESTORE" != *://* ]]; then
    [ -f "$RESTORE" ] || fail "$RESTORE is not a file"
    source=/archive/$(basename "$RESTORE")
    mounts=(--volume "$(cd "$(dirname "$RESTORE")" && pwd):/archive:ro")
  fi
  # A directory from the cache, or of an earlier step, is compared by its marker.
  if [[ "$RESTORE" = oci://* ]]; then
    [ -z "${SHA256:-}" ] || fail "sha256 is of an archive: add @sha256:DIGEST to $RESTORE"
    # The accounts of docker login. Docker would create what does not exist.
    config=${DOCKER_CONFIG:-$HOME/.docker}/config.json
    [ ! -f "$config" ] || mounts=(--volume "$config:/docker/config.json:ro" --env DOCKER_CONFIG=/docker)
    [ -z "${KEY:-}" ] || mounts+=(--volume "$(realpath "$KEY"):/key.pem:ro")
    tools pull "$RESTORE" "/parent/$(basename "$snapshot")" ${KEY:+--key /key.pem}
  else
    tools restore "$source" "/parent/$(basename "$snapshot")" ${SHA256:+--sha256 "$SHA256"}
  fi
fi
if [ -n "$snapshot" ]; then
  [ -d "$snapshot" ] || fail "$snapshot is not a directory"
  SNAPSHOT=$(cd "$snapshot" && pwd)
  export SNAPSHOT
fi

# State and logs of the containers that up.sh started, and known failures in the logs.
keep_logs() {
  local filters=(--filter "label=com.docker.compose.project.working_dir=$root/compose") name
  [ -z "${COMPOSE_PROJECT_NAME:-}" ] || filters+=(--filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME")
  mkdir -p "$LOGS"
  cp "$said" "$LOGS/up.txt"
  docker ps --all "${filters[@]}" --format '{{.Names}}: {{.Image}}, {{.Status}}' >"$LOGS/status.txt"
  for name in $(docker ps --all "${filters[@]}" --format '{{.Names}}'); do
    docker logs --timestamps "$name" >"$LOGS/$name.log" 2>&1
  done
  cat "$LOGS"/*.log | docker run --rm --interactive --network none "$image" \
    health --explain --log - >"$LOGS/explanation.txt" 2>&1 || true
}

said=$(mktemp)
trap 'rm -f "$said"' EXIT
if ! "$root/compose/up.sh" 2>&1 | tee "$said" >&2; then
  [ -z "${LOGS:-}" ] || keep_logs
  fail "the chain does not start: state and logs are in the artifact of this step"
fi
url() { sed -n "s/^$1  *\([a-z]*:[^ ]*\)$/\1/p" "$said"; }
execution=$(url execution)
chain_id=$(curl --silent --show-error --fail --max-time 10 --header 'Content-Type: application/json' \
  --data '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}' "$execution" |
  sed -n 's/.*"result":"\(0x[0-9a-f]*\)".*/\1/p')
[ -n "$chain_id" ] || fail "$execution does not report its chain ID"
{
  echo "snapshot=${SNAPSHOT:-}"
  echo "execution=$execution"
  echo "websocket=$(url websocket)"
  echo "beacon=$(url beacon)"
  echo "chain-id=$((chain_id))"
} >>"$GITHUB_OUTPUT"
