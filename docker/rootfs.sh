#!/bin/sh
# Builds the files of the image into a directory: the static program, its bill of materials, and the
# directories that volumes are mounted on. The same sources yield the same bytes and times.
#
#   docker/rootfs.sh DIRECTORY [TARGET]
set -eu
cd "$(dirname "$0")/.."
root=$1

# Without captures, completions, man pages and the sample with an L2, which no stack needs in a container.
docker/program.sh "$root" "${2:-$(uname -m)-unknown-linux-musl}" --no-default-features
mkdir -p "$root/runtime" "$root/data/el" "$root/data/cl" "$root/data/vc" "$root/data/rollups"
find "$root" -exec touch -h -d "@${SOURCE_DATE_EPOCH:-0}" {} +
