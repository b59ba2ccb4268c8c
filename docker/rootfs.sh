#!/bin/sh
# Builds the files of the image into a directory: the static program, its bill of materials, and the
# directories that volumes are mounted on. The same sources give the same bytes and times.
#
#   docker/rootfs.sh DIRECTORY [TARGET]
set -eu
cd "$(dirname "$0")/.."
root=$1
target=${2:-$(uname -m)-unknown-linux-musl}

export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-0}"
export CARGO_INCREMENTAL=0
# No path of the machine that builds in what is built.
export RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=$PWD=/src --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
# Without completions and man pages, which nobody reads in a container.
cargo build --release --locked --quiet --target "$target" --no-default-features

mkdir -p "$root/runtime" "$root/data/el" "$root/data/cl" "$root/data/vc"
install -m 0755 "${CARGO_TARGET_DIR:-target}/$target/release/regenesis" "$root/regenesis"
docker/sbom.sh "$target" --no-default-features >"$root/sbom.cdx.json"
find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
