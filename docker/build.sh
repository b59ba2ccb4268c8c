#!/bin/sh
# Builds the image for this commit: its time and revision are the commit's, so that the same commit
# gives the same files. Takes the arguments of docker build.
#
#   docker/build.sh -t regenesis
set -eu
cd "$(dirname "$0")/.."
exec docker build -f docker/Dockerfile \
  --build-arg "SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)" \
  --build-arg "REVISION=$(git rev-parse HEAD)" \
  --build-arg "VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p;T;q' Cargo.toml)" "$@" .
