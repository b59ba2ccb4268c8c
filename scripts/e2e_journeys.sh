#!/usr/bin/env bash
# What people do with the shipped stack, as scripts: tests/journeys. Needs the images of
# e2e/docker/images.sh, both versions of Compose, cast and anvil.
#
#   scripts/e2e_journeys.sh [JOURNEY…]     for example 1-devnet; by default all
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --quiet
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
# What differs between the versions of Compose is how they start, stop and fail.
if [ $# = 0 ]; then
  printf '== 7-something-wrong, docker-compose 1.29\n'
  JOURNEY_COMPOSE=v1 tests/journeys/7-something-wrong.sh
fi
