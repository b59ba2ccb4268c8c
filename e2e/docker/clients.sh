#!/usr/bin/env bash
# The image that the suite runs the clients in: what is installed on this machine, in a container.
set -euo pipefail
cd "$(dirname "$0")/../.."
lodestar="${LODESTAR_DIR:-target/lodestar}"
[ -e "$lodestar/installed.json" ] || [ -e "$lodestar/package.json" ] ||
  { echo "error: no Lodestar in $lodestar: scripts/install_lodestar.sh" >&2; exit 1; }
context="$(mktemp -d)"
trap 'rm -rf "$context"' EXIT
cp "$(command -v geth || echo "$(go env GOPATH)/bin/geth")" "$context/geth"
cp "$(readlink -f "$(command -v node)")" "$context/node"
cp -a "$lodestar" "$context/lodestar"
DOCKER_BUILDKIT=0 docker build -q -f e2e/docker/Dockerfile -t regenesis-e2e/clients:1 "$context" >/dev/null
