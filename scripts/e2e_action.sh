#!/usr/bin/env bash
# Runs the steps of action.yml with the suite's images: a chain from the sample, then a second chain
# captured from the first, and a third from an archive of the second.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
fail() { echo "error: $*" >&2; exit 1; }
export COMPOSE_FILE=docker-compose.yml:../e2e/docker/consensus.yml REGENESIS_IMAGE=${REGENESIS_IMAGE:-regenesis:e2e}
first=regenesis-action-1-$$ second=regenesis-action-2-$$ third=regenesis-action-3-$$
# remove PROJECT…
remove() {
  local project
  for project in "$@"; do
    (cd compose && COMPOSE_PROJECT_NAME=$project docker compose down --volumes --timeout 1) >/dev/null 2>&1 || true
  done
}
down() {
  remove "$first" "$second" "$third"
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

# An existing snapshot stays as it is.
before=$(find "$work/snapshot" -type f -exec sha256sum {} + | sort)
if start "$second" 28555 CAPTURE=http://127.0.0.1:28545 2>"$work/said"; then fail "a capture replaces a snapshot"; fi
grep -qF "$work/snapshot exists" "$work/said" || fail "$(cat "$work/said")"
[ "$before" = "$(find "$work/snapshot" -type f -exec sha256sum {} + | sort)" ] || fail "the snapshot has changed"
if start "$second" 28555 WAIT=soon 2>/dev/null; then fail "wait accepts a word"; fi
if start "$second" 28555 KEY=Cargo.toml RESTORE=a.tar 2>"$work/said"; then fail "a key checks an archive"; fi
grep -qF "key checks a snapshot of oci://" "$work/said" || fail "$(cat "$work/said")"
remove "$first" "$second"

# A chain that does not start leaves its state and its logs; the next step finds what was restored.
docker run --rm --user "$(id -u):$(id -g)" --volume "$work:/parent" "$REGENESIS_IMAGE-tools" \
  regenesis pack /parent/snapshot /parent/snapshot.tar.zst
archive=(RESTORE="$work/snapshot.tar.zst" SHA256="$(cut -c 1-64 "$work/snapshot.tar.zst.sha256")" LOGS="$work/logs")
broken=(E2E_CONSENSUS_IMAGE=regenesis-e2e/base:1 WAIT=20)
if start "$third" 28565 "${archive[@]}" "${broken[@]}" 2>"$work/said"; then fail "no beacon node, no error"; fi
for file in up.txt status.txt explanation.txt "$third"*el*.log "$third"*watch*.log; do
  compgen -G "$work/logs/$file" >/dev/null || fail "no $file: $(ls "$work/logs") $(cat "$work/said")"
done
grep -q "$third" "$work/logs/status.txt" || fail "$(cat "$work/logs/status.txt")"
start "$third" 28565 "${archive[@]}" 2>"$work/said" || fail "$(cat "$work/said")"
grep -q 'was restored from this archive' "$work/said" || fail "restored again: $(cat "$work/said")"
holds "$third" "snapshot=$work/regenesis-snapshot" execution=http://127.0.0.1:28565 chain-id=271828
archive[1]=SHA256=$(printf '0%.0s' $(seq 64))
if start "$third" 28565 "${archive[@]}" 2>"$work/said"; then fail "an archive with another digest is accepted"; fi
echo "the action works"
