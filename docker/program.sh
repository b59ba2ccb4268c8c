#!/bin/sh
# Builds the static program of an image and its bill of materials into a directory. The same sources yield the
# same bytes.
#
#   docker/program.sh DIRECTORY TARGET [FEATURES…]     FEATURES: cargo flags
set -eu
cd "$(dirname "$0")/.."
root=$1
target=$2
shift 2

export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-0}"
export CARGO_INCREMENTAL=0
# Keeps paths of the build machine out of the program.
export RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=$PWD=/src --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
cargo build --release --locked --quiet --target "$target" "$@"

mkdir -p "$root"
install -m 0755 "${CARGO_TARGET_DIR:-target}/$target/release/regenesis" "$root/regenesis"
docker/sbom.sh "$target" "$@" >"$root/sbom.cdx.json"
