#!/usr/bin/env bash
# The steps of action.yml, which describes its variables: SNAPSHOT, CAPTURE, WAIT, REGENESIS_IMAGE. Appends the
# outputs to the file $GITHUB_OUTPUT.
set -euo pipefail
fail() { echo "::error::$1" >&2; exit 1; }
root=$(cd "$(dirname "$0")/.." && pwd)
snapshot=${SNAPSHOT:-}
unset SNAPSHOT
[[ "${WAIT:-120}" =~ ^[1-9][0-9]*$ ]] || fail "wait is $WAIT: it takes a number of seconds"
export WAIT=${WAIT:-120}
[ -n "${REGENESIS_IMAGE:-}" ] || unset REGENESIS_IMAGE

if [ -n "${CAPTURE:-}" ]; then
  snapshot=${snapshot:-${RUNNER_TEMP:?}/snapshot}
  [ ! -e "$snapshot" ] || fail "$snapshot exists: with capture, it must be a new directory"
  mkdir -p "$(dirname "$snapshot")"
  parent=$(cd "$(dirname "$snapshot")" && pwd)
  image=${REGENESIS_IMAGE:-$(sed -n 's/^REGENESIS_IMAGE=//p' "$root/compose/settings.env")}
  docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image" 2>/dev/null ||
    "$root/docker/build.sh" -t "$image"
  # As the user of this job, whose files the snapshot's then are.
  docker run --rm --network host --user "$(id -u):$(id -g)" --volume "$parent:/parent" "$image" \
    capture --el-rpc "$CAPTURE" --out "/parent/$(basename "$snapshot")"
fi
if [ -n "$snapshot" ]; then
  [ -d "$snapshot" ] || fail "$snapshot is not a directory"
  SNAPSHOT=$(cd "$snapshot" && pwd)
  export SNAPSHOT
fi

said=$(mktemp)
trap 'rm -f "$said"' EXIT
"$root/compose/up.sh" 2>&1 | tee "$said" >&2
url() { sed -n "s/^$1  *\([a-z]*:[^ ]*\)$/\1/p" "$said"; }
execution=$(url execution)
chain_id=$(curl --silent --show-error --fail --max-time 10 --header 'Content-Type: application/json' \
  --data '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}' "$execution" |
  sed -n 's/.*"result":"\(0x[0-9a-f]*\)".*/\1/p')
[ -n "$chain_id" ] || fail "$execution does not tell its chain id"
{
  echo "snapshot=${SNAPSHOT:-}"
  echo "execution=$execution"
  echo "websocket=$(url websocket)"
  echo "beacon=$(url beacon)"
  echo "chain-id=$((chain_id))"
} >>"$GITHUB_OUTPUT"
