#!/usr/bin/env bash
# Builds buildx through the Go module proxy, as a plugin that replaces `docker build`:
# DOCKER_CONFIG=target/docker-buildx docker build …
set -euo pipefail
cd "$(dirname "$0")/.."
# The newest version that works with the BuildKit of Debian's Docker.
version=v0.12.1
# scripts/install_geth.sh installs Go here where the machine has none.
PATH="$PATH:$PWD/target/go/bin"
command -v go >/dev/null || { echo "error: go is missing: scripts/install_geth.sh installs it" >&2; exit 1; }
directory="$PWD/target/docker-buildx"
plugin="$directory/cli-plugins/docker-buildx"
mkdir -p "${plugin%/*}"
if ! [ -x "$plugin" ]; then
  work="$(mktemp -d)"
  trap 'rm -rf "$work"' EXIT
  GOBIN="$work" CGO_ENABLED=0 go install -trimpath -ldflags '-s -w' "github.com/docker/buildx/cmd/buildx@$version"
  mv "$work/buildx" "$plugin"
fi
DOCKER_CONFIG="$directory" docker buildx install
DOCKER_CONFIG="$directory" docker buildx inspect | sed -n '/^Driver:\|^Buildkit:/p'
