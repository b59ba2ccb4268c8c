#!/bin/sh
# Builds the image for this commit with this machine's Docker. Time and revision are the commit's, so that the
# same commit yields the same image, with buildx and with the older builder. Accepts the arguments of docker
# build; with --target tools it builds the image -tools.
#
#   docker/build.sh -t regenesis
set -eu
cd "$(dirname "$0")/.."
# A source archive has no history: its image has neither time nor revision.
epoch=$(git log -1 --format=%ct 2>/dev/null || echo 0)
id=$(mktemp)
trap 'rm -f "$id"' EXIT
docker build -f docker/Dockerfile --iidfile "$id" --target regenesis \
  --build-arg "SOURCE_DATE_EPOCH=$epoch" \
  --build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
  --build-arg "VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p;T;q' Cargo.toml)" "$@" .
if ! command -v python3 >/dev/null; then
  echo "warning: python3 is missing: the image has the time of its build" >&2
  exit
fi
# shellcheck disable=SC2046 # one argument for each tag
docker save "$(cat "$id")" |
  docker/reproducible.py "$epoch" $(docker image inspect --format '{{join .RepoTags " "}}' "$(cat "$id")") |
  docker load
