#!/usr/bin/env bash
# Builds Docker Compose v2 through the Go module proxy, as a plugin in target/docker or
# $DOCKER_PLUGINS: DOCKER_CONFIG=target/docker docker compose version
set -euo pipefail
cd "$(dirname "$0")/.."
version=v2.40.3
directory="${DOCKER_PLUGINS:-target/docker}/cli-plugins"
# scripts/install_geth.sh installs Go here where the machine has none.
PATH="$PATH:$PWD/target/go/bin"
command -v go >/dev/null || { echo "error: go is missing: scripts/install_geth.sh installs it" >&2; exit 1; }
plugin="$directory/docker-compose"
if [[ $("$plugin" version 2>/dev/null) == *"${version#v}"* ]]; then exit 0; fi
mkdir -p "$directory"
directory="$(cd "$directory" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
# Its go.mod has exclude directives, so go install refuses it; it builds as a tool of another module.
go mod init compose-plugin >/dev/null 2>&1
GOFLAGS=-mod=mod go get -tool "github.com/docker/compose/v2/cmd@$version" >/dev/null
CGO_ENABLED=0 go build -trimpath -o "$directory/docker-compose" \
  -ldflags "-s -w -X github.com/docker/compose/v2/internal.Version=${version#v}" \
  github.com/docker/compose/v2/cmd
