#!/usr/bin/env bash
# Installs the geth that the suite is measured against, through the Go module proxy.
set -euo pipefail
version=v1.17.4
command -v go >/dev/null || { echo "error: go is missing: apt-get install golang-go, or see go.dev" >&2; exit 1; }
geth="$(go env GOPATH)/bin/geth"
if ! "$geth" version 2>/dev/null | grep -q "^Version: ${version#v}"; then
  go install "github.com/ethereum/go-ethereum/cmd/geth@$version"
fi
