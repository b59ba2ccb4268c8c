#!/usr/bin/env bash
# Runs the blocks of README and docs that need Docker or clients, as printed. A block names its place here
# with `<!-- test: NAME -->`. The ports are the documented ones, so nothing else may use 8545, 8546 and 5052.
#
# The printed images are those of compose/settings.env. Where this machine has one of them, it is used; for
# the others the suite's images take the name while the script runs.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
umask 022
unset REGENESIS_IMAGE GETH_IMAGE LIGHTHOUSE_IMAGE EL_HTTP_PORT EL_WS_PORT CL_HTTP_PORT
rpc=http://127.0.0.1:8545
geth=$("$root/scripts/install_geth.sh")
mkdir "$work/bin" "$work/geth"
ln -s "$regenesis" "$work/bin/regenesis"
ln -s "$target/debug/examples/consensus" "$work/bin/lighthouse"
PATH=$work/bin:$(dirname "$geth"):$PATH
# up.sh in a snapshot leaves the start to the program, which keeps the lock there.
export XDG_STATE_HOME=$work/state

# named SETTING IMAGE: gives IMAGE the name that the setting has by default
named() {
  local name
  name=$(sed -n "s/^$1=//p" "$root/compose/settings.env")
  if docker image inspect "$name" >/dev/null 2>&1; then return; fi
  docker tag "$2" "$name"
  images+=("$name")
}
printf 'FROM regenesis-e2e/clients:1\nENTRYPOINT ["geth"]\n' >"$work/geth/Dockerfile"
DOCKER_BUILDKIT=0 docker build -q -t regenesis-e2e/geth:1 "$work/geth" >/dev/null 2>&1
named REGENESIS_IMAGE regenesis:e2e
named GETH_IMAGE regenesis-e2e/geth:1
named LIGHTHOUSE_IMAGE regenesis-e2e/consensus:1

# place NAME: a fresh directory with what the pages assume
place() {
  mkdir "$work/$1"
  cd "$work/$1" || exit 1
  cp -r "$root/sample" my-snapshot
  cp "$root/docs/embed/values.env" .
}
# runs FILE NAME: runs the block as printed, in the current directory
runs() {
  block "$1" "$2" >"$work/block"
  printf -- '-- %s: %s\n' "$1" "$2"
  bash -eu "$work/block" >"$work/said" 2>&1 || broken "$1: the block $2 fails"
}
# Waits for block $1 on the documented port.
reaches() {
  for _ in $(seq 90); do
    if [ "$(head_block 2>/dev/null || echo 0)" -ge "$1" ]; then return; fi
    sleep 1
  done
  broken "no block $1"
}

place readme
rm -r my-snapshot
stack_in "$work/readme/compose"
runs README.md up
sends
runs README.md capture
# The captured account has sent a transaction.
[ "$(nonce)" -ge 1 ] || broken "the capture lost a transaction"
composed "$work/readme/my-snapshot" down -v
composed "$work/readme/compose" down -v

place stack
runs docs/stack.md stack
says '^status +regenesis status my-snapshot-'
runs docs/stack.md stack-health
cd my-snapshot || exit 1
runs docs/troubleshooting.md troubleshooting
sends
runs docs/history.md history
runs docs/history.md history-verify
runs docs/history.md history-verify-chain
composed "$work/stack/my-snapshot" down -v

place operate
runs docs/operate.md operate
"$regenesis" purge --yes "$(project_of "$work/operate/my-snapshot")" >/dev/null 2>&1

place own-chain
block docs/own-chain.md >"$work/block"
bash -eu "$work/block" >"$work/said" 2>&1 || broken "docs/own-chain.md: the first block fails"
runs docs/own-chain.md own-chain
[ "$("$cast" call --rpc-url $rpc 0x00000000000000000000000000000000000000aa)" = "0x$(printf %064x 42)" ] ||
  broken "docs/own-chain.md: the contract does not answer 42"
sends
composed "$work/own-chain/my-chain" down -v

place embed
block docs/embed.md embed >compose.yml
"${compose[@]}" -p embed-docs -f compose.yml up -d >"$work/said" 2>&1 || broken "docs/embed.md: up"
reaches 2
"${compose[@]}" -p embed-docs -f compose.yml down -v >/dev/null 2>&1

place generator
runs docs/egg-parity.md egg-parity
[ -s output/metadata/genesis.ssz ] || broken "docs/egg-parity.md: no genesis.ssz"

place by-hand
# A process group of their own: the block leaves three clients behind.
set -m
{ runs docs/by-hand.md by-hand; sleep infinity; } &
clients=$!
trap 'kill -- "-$clients" 2>/dev/null || true; clean' EXIT
reaches 1
