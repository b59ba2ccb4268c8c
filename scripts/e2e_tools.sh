#!/usr/bin/env bash
# Three public stacks, rebuilt from their services, mounts and commands, with the image -tools as the image of
# their genesis tools: every file that another service mounts exists, and its user can read it. Each runs
# twice, as a stack that restarts.
#
#   scripts/e2e_tools.sh [IMAGE]     IMAGE: the image -tools (default: regenesis:e2e-tools), whose init image
#                                    has the same name without -tools
set -euo pipefail
cd "$(dirname "$0")/.."
export GENESIS_IMAGE="${1:-regenesis:e2e-tools}" DIR
fail() { echo "error: $*" >&2; exit 1; }

work="$(mktemp -d)"
# Containers run as root: their files need root again.
clean() {
  local stack
  for stack in generator testnet-genesis package; do
    DIR="$work/$stack" compose "$stack" down --volumes >/dev/null 2>&1 || true
  done
  docker run --rm -v "$work:/work" regenesis-e2e/busybox:1 sh -c 'rm -rf /work/*'
  rmdir "$work"
}
trap clean EXIT
compose() { docker-compose -p "tools-$1" -f "e2e/docker/tools/$1.yml" "${@:2}"; }

# service STACK NAME: runs one service and shows its output where it fails.
service() {
  compose "$1" run --rm "$2" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; fail "$1: $2 fails"; }
}

values() {
  mkdir -p "$(dirname "$1")"
  cat >"$1" <<'VALUES'
export CHAIN_ID="3151908"
export NUMBER_OF_VALIDATORS=4
export EL_AND_CL_MNEMONIC="giant issue aisle success illegal bike spike question tent bar rely arctic volcano long crawl hungry vocal artwork sniff fantasy very lucky have athlete"
export PRESET_BASE="minimal"
VALUES
}

DIR="$work/generator"
values "$DIR/config/values.env"
mkdir "$DIR/data"
for _ in 1 2; do
  for name in genesis-generator geth beacon explorer; do service generator "$name"; done
done

DIR="$work/testnet-genesis"
mkdir -p "$DIR/config" "$DIR/out"
cp tests/vectors/deneb-minimal-00/mnemonics.yaml "$DIR/config"
cp tests/vectors/deneb-minimal-00/{config.yaml,genesis.json} "$DIR/out"
for _ in 1 2; do
  for name in genesis geth beacon; do service testnet-genesis "$name"; done
done

DIR="$work/package"
values "$DIR/values/values.env"
mkdir "$DIR/network-configs" "$DIR/keystores"
service package generator
compose package up -d keystores >/dev/null 2>&1
docker exec "$(compose package ps -q keystores)" /app/eth2-val-tools keystores --insecure \
  --prysm-pass password --out-loc /keystores/node-0 --source-min 0 --source-max 4 --source-mnemonic \
  "giant issue aisle success illegal bike spike question tent bar rely arctic volcano long crawl hungry vocal artwork sniff fantasy very lucky have athlete"
service package validator

# Layer by layer: the beacon chain starts from the block that geth computes.
DIR="$work/layers"
values "$DIR/config/values.env"
mkdir "$DIR/data"
layer() { docker run --rm -v "$DIR/config:/config:ro" -v "$DIR/data:/data" "$GENESIS_IMAGE" "$1" 2>&1; }
code=0
message=$(layer cl) || code=$?
[[ $code = 3 && $message = *"run el before it"* ]] || fail "cl without el exits with $code: $message"
for _ in 1 2; do
  message=$(layer el) || fail "el: $message"
  message=$(layer cl) || fail "cl: $message"
  computed=$(docker run --rm -v "$DIR/data:/data:ro" regenesis-e2e/clients:1 sh -c \
    'geth --datadir /tmp/geth init /data/metadata/genesis.json' 2>&1 |
    sed -n 's/.*Successfully wrote genesis state.* hash=\([0-9a-f]*\)\.\..*/\1/p' | head -n 1)
  written=$(cat "$DIR/data/metadata/deposit_contract_block_hash.txt")
  [[ -n $computed && $written = 0x$computed* ]] || fail "cl has block $written, geth $computed"
done
[ -s "$DIR/data/metadata/genesis.ssz" ] || fail "cl writes no state"
[ ! -e "$DIR/data/jwt" ] || fail "a layer writes a JWT secret"

# The program has all verbs. The init image names this one for each that it lacks.
init=${GENESIS_IMAGE%-tools}
verbs() { docker run --rm "$@" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z][a-z-]*\)  *.*/\1/p' | sort; }
lacking=$(comm -23 <(verbs "$GENESIS_IMAGE" regenesis) <(verbs "$init"))
[[ $lacking = *capture* ]] || fail "only $GENESIS_IMAGE has: $lacking"
for verb in $lacking; do
  message=$(docker run --rm "$init" "$verb" 2>&1) && fail "$init has $verb"
  [[ $message = *"-tools"* ]] || fail "$init $verb: $message"
done
# The bill of materials has the crates that only these verbs and TLS need.
materials=$(docker run --rm --entrypoint cat "$GENESIS_IMAGE" /sbom.cdx.json)
for crate in clap_mangen rustls; do
  [[ $materials = *"\"$crate\""* ]] || fail "the bill of materials lacks $crate"
done
# The version is readable without the network, and no argument is a usage error.
docker run --rm --network none "$GENESIS_IMAGE" beaconchain --help >/dev/null
code=0
docker run --rm "$GENESIS_IMAGE" 2>/dev/null || code=$?
[ "$code" = 2 ] || fail "$GENESIS_IMAGE without a command exits with $code"
echo "three stacks run with $GENESIS_IMAGE"
