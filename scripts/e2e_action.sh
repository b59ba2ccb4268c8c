#!/usr/bin/env bash
# Runs the steps of action.yml, with the suite's images: a chain from the sample, then a second one that is
# captured from the first.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
fail() { echo "error: $*" >&2; exit 1; }
export COMPOSE_FILE=docker-compose.yml:../e2e/docker/consensus.yml REGENESIS_IMAGE=regenesis:e2e
first=regenesis-action-1-$$ second=regenesis-action-2-$$
down() {
  for project in "$first" "$second"; do
    (cd compose && COMPOSE_PROJECT_NAME=$project docker compose down --volumes --timeout 1) >/dev/null 2>&1 || true
  done
  rm -rf "$work"
}
trap down EXIT

# start PROJECT PORT VARIABLE=VALUE…     the action; its outputs are in the file PROJECT
start() {
  local project=$1 port=$2
  shift 2
  env COMPOSE_PROJECT_NAME="$project" EL_HTTP_PORT="$port" EL_WS_PORT=$((port + 1)) CL_HTTP_PORT=$((port + 2)) \
    GITHUB_OUTPUT="$work/$project" RUNNER_TEMP="$work" "$@" scripts/action.sh
}
# holds PROJECT LINE…
holds() {
  local project=$1 line
  shift
  for line in "$@"; do
    grep -qxF -- "$line" "$work/$project" || fail "no output $line: $(cat "$work/$project")"
  done
}

start "$first" 28545
holds "$first" snapshot= execution=http://127.0.0.1:28545 websocket=ws://127.0.0.1:28546 \
  beacon=http://127.0.0.1:28547 chain-id=271828

start "$second" 28555 CAPTURE=http://127.0.0.1:28545
holds "$second" "snapshot=$work/snapshot" execution=http://127.0.0.1:28555 chain-id=271828

# What is there stays as it is.
before=$(find "$work/snapshot" -type f -exec sha256sum {} + | sort)
if start "$second" 28555 CAPTURE=http://127.0.0.1:28545 2>"$work/said"; then fail "a capture replaces a snapshot"; fi
grep -qF "$work/snapshot exists" "$work/said" || fail "$(cat "$work/said")"
[ "$before" = "$(find "$work/snapshot" -type f -exec sha256sum {} + | sort)" ] || fail "the snapshot has changed"
if start "$second" 28555 WAIT=soon 2>/dev/null; then fail "wait takes a word"; fi
echo "the action holds"
