#!/bin/sh
# Builds the files of the image for arm64 on another machine, and checks them.
#
#   docker/cross.sh DIRECTORY
set -eu
cd "$(dirname "$0")/.."
target=aarch64-unknown-linux-musl
compiler=aarch64-linux-gnu-gcc
fail() { echo "error: $1" >&2; [ $# -lt 2 ] || echo "hint: $2" >&2; exit 1; }

command -v "$compiler" >/dev/null ||
  fail "$compiler is missing" "apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
[ -d "$(rustc --print sysroot)/lib/rustlib/$target" ] ||
  fail "Rust has no $target" "rustup target add $target"
# Rust comes with musl and its start files; our C parts depend on no part of a C library that differs.
export CC_aarch64_unknown_linux_musl="$compiler"
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER="$compiler"
docker/rootfs.sh "$1" "$target"

program="$1/regenesis"
readelf -h "$program" | grep -q 'Machine: *AArch64' || fail "$program is no arm64 program"
! readelf -l "$program" | grep -q INTERP || fail "$program is not static"
size=$(stat -c %s "$program")
[ "$size" -le 6000000 ] || fail "$program has $size bytes, more than 6 MB"
echo "arm64: static, $size bytes"
