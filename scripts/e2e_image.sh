#!/usr/bin/env bash
# Checks the init image that e2e/docker/images.sh built: another builder yields the same image from the same
# commit, and the program for arm64 is static, too.
set -euo pipefail
cd "$(dirname "$0")/.."

# It shares no cache with the first builder.
scripts/install_buildx.sh
DOCKER_CONFIG="$PWD/target/docker-buildx" \
  docker/build.sh --no-cache --build-arg RUST_IMAGE=regenesis-e2e/base:1 -q -t regenesis:buildx
scripts/check_image.sh regenesis:e2e regenesis:buildx

rustup target add aarch64-unknown-linux-musl
rootfs="$(mktemp -d)"
trap 'rm -rf "$rootfs"' EXIT
docker/cross.sh "$rootfs"
