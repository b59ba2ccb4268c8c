#!/usr/bin/env bash
# Tests the stack in Docker from scratch: installs Docker and both versions of Compose, builds the init image
# and the clients' images on this machine, checks the image, and puts the stack through every event.
#
#   scripts/e2e_stack.sh [TEST…]     names of tests; by default all, and the image
#
# E2E_IMAGES=pull also starts the shipped stack, with Lighthouse from its registry.
# STACK_EVENTS, STACK_COLUMNS: only the events and the columns whose names contain this; the table is then
# printed, docs/lifecycle.md stays.
# STACK_HEAL=never: without `watch`; writes docs/lifecycle-without-watch.md.
# STACK_SEQUENCES, STACK_SEED: how many random sequences of events, by default 12, and from which seed.
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
# A name replaces the filter for the module: libtest runs every test that matches one of its filters.
[[ ${1:-} == [a-z]* ]] || arguments+=(stack::)
cargo test --features e2e --test e2e -- "${arguments[@]}" "$@"
