#!/bin/sh
# The entry point of the image -tools. Its command line is that of the image that it replaces: the command of
# ethereum-genesis-generator, or a subcommand of eth2-val-tools, eth-beacon-genesis or eth2-testnet-genesis.
set -eu

usage() {
  cat >&2 <<'USAGE'
usage: all|el|cl                                                  as ethereum-genesis-generator
       keystores|mnemonic|deposit-data|bls-address-change|pubkeys as eth2-val-tools
       beaconchain|bc|beacon|devnet                               as eth-beacon-genesis
       phase0|altair|bellatrix|merge|capella|deneb|electra|fulu   as eth2-testnet-genesis
       regenesis VERB                                             any verb of regenesis
The tools are also programs of this image, under their names.
USAGE
  exit "$1"
}

fail() {
  echo "error: $1" >&2
  echo "hint: $2" >&2
  exit 3
}

# As with ethereum-genesis-generator, clients of any user read these files.
share() {
  for path in "$@"; do
    [ ! -e "$path" ] || chmod a+rX "$path"
  done
}

# place FILE…: files of the network in $network, at the same path below /data.
place() {
  for file in "$@"; do
    mkdir -p "/data/${file%/*}"
    cp "$network/$file" "/data/$file.new"
    share "/data/$file.new"
    mv "/data/$file.new" "/data/$file"
  done
}

# The files of the execution layer.
execution="metadata/genesis.json metadata/besu.json metadata/chainspec.json"

# layer el|cl ARGUMENT…: the files of one layer. If the variables set no time, the network starts now: cl then
# has the time of the genesis.json that el wrote.
layer() {
  name=$1
  shift
  genesis=/data/metadata/genesis.json
  [ "$name" = el ] || [ -f "$genesis" ] || fail "cl: $genesis does not exist" "run el before it, with the same /data"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  network=$work/data
  regenesis all --out "$network" "$@"
  if [ "$name" = el ]; then
    # shellcheck disable=SC2086 # one argument for each file
    place $execution
    return
  fi
  if ! cmp -s "$network/metadata/genesis.json" "$genesis"; then
    time=$(sed -n 's/^ *"timestamp": *"\([0-9a-fx]*\)".*/\1/p' "$genesis" | head -n 1)
    regenesis all --out "$network" "$@" --timestamp "$((${time:-0}))"
    cmp -s "$network/metadata/genesis.json" "$genesis" ||
      fail "cl: $genesis is not the genesis of these variables" "run el again, with the variables of cl"
  fi
  for path in "$network"/metadata/* "$network"/parsed/*; do
    file=${path#"$network/"}
    case " $execution " in
      *" $file "*) ;;
      *) place "$file" ;;
    esac
  done
}

# tool NAME ARGUMENT…: the tool, in the working directory of its image, unless the user has set another.
tool() {
  [ "$PWD" != /work ] || cd /app
  exec "$@"
}

case "${1:-}" in
  all)
    regenesis "$@"
    share /data/jwt /data/jwt/jwtsecret /data/metadata/mnemonics.yaml
    ;;
  el | cl) layer "$@" ;;
  keystores | mnemonic | deposit-data | bls-address-change | pubkeys) tool eth2-val-tools "$@" ;;
  beaconchain | bc | beacon | devnet) tool eth-beacon-genesis "$@" ;;
  phase0 | altair | bellatrix | merge | capella | deneb | electra | fulu)
    tool eth2-testnet-genesis "$@"
    ;;
  regenesis) exec "$@" ;;
  -h | --help | help) usage 0 ;;
  *) usage 2 ;;
esac
