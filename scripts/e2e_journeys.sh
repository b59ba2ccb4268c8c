#!/usr/bin/env bash
# Runs the user journeys on the shipped stack, tests/journeys. Needs the images of
# e2e/docker/images.sh, both versions of Compose, cast and anvil.
#
#   scripts/e2e_journeys.sh [JOURNEY…]     for example 1-devnet; by default all
#
# JOURNEY_COMPOSE=v1 takes docker-compose 1.29, with which 7-something-wrong and 8-rollup need twenty minutes:
# .ci/run leaves that to the tests of the verbs and of the lifecycle, which have both versions.
set -euo pipefail
cd "$(dirname "$0")/.."
# With the features of the tests: another set would compile the core again.
cargo build --quiet --features e2e --bin regenesis --example consensus
scripts/install_foundry.sh >/dev/null
journeys=("$@")
if [ $# = 0 ]; then
  for file in tests/journeys/[0-9]*.sh; do journeys+=("$(basename "$file" .sh)"); done
fi
for journey in "${journeys[@]}"; do
  printf '== %s\n' "$journey"
  begun=$SECONDS
  "tests/journeys/$journey.sh"
  printf '== %s: %d s\n' "$journey" $((SECONDS - begun))
done
