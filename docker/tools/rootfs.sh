#!/bin/sh
# Builds the files of the image -tools into a directory: the program with all verbs, under the names and paths
# of the tools that it replaces, and its bill of materials.
#
#   docker/tools/rootfs.sh DIRECTORY
set -eu
cd "$(dirname "$0")/../.."
root=$1

# As the program of a release.
docker/program.sh "$root" "$(uname -m)-unknown-linux-musl" --features tls
mkdir -p "$root/work" "$root/config" "$root/data" "$root/app" "$root/usr/local/bin"
install -m 0755 docker/tools/entrypoint.sh "$root/work/entrypoint.sh"
for name in regenesis eth-beacon-genesis eth-genesis-state-generator eth2-testnet-genesis eth2-val-tools; do
  ln -s /regenesis "$root/usr/local/bin/$name"
  # The images of eth-beacon-genesis and eth2-val-tools have their programs here.
  ln -s /regenesis "$root/app/$name"
done
find "$root" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +
