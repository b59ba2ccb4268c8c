#!/usr/bin/env bash
# The stack in Docker, from nothing: installs Docker and both versions of Compose, builds the init
# image and the clients' images on this machine, checks the image, and lets everything happen to the stack.
#
#   scripts/e2e_stack.sh [TEST…]     names of tests; by default all, and the image
#
# E2E_IMAGES=pull also starts the stack as it is shipped, with Lighthouse from its registry.
# STACK_SEQUENCES: how many random sequences of events; 25.
set -euo pipefail
cd "$(dirname "$0")/.."
say() { printf -- '-- %s\n' "$*"; }

say "geth, Lodestar"
geth=$(scripts/install_geth.sh)
PATH="$PATH:$(dirname "$geth")"
scripts/install_lodestar.sh

say "docker, compose v1 and v2"
scripts/install_docker.sh
scripts/install_compose.sh
docker version --format 'engine {{.Server.Version}}'
docker-compose version --short
DOCKER_CONFIG="$PWD/target/docker" docker compose version --short

say "images"
e2e/docker/images.sh
if [ $# = 0 ]; then
  say "the image"
  scripts/e2e_image.sh
fi

say "the stack"
arguments=(--nocapture --test-threads 1)
if [ "${E2E_IMAGES:-}" = pull ]; then arguments+=(--include-ignored); fi
cargo test --features e2e --test stack -- "${arguments[@]}" "$@"
