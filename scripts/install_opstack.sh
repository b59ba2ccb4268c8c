#!/usr/bin/env bash
# Installs the op-geth that captures are tested against, through the Go module proxy, and prints its path.
#
# op-geth has geth's module path, so that it takes geth's place in a module of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
version=v1.101702.3
# The geth that it follows.
base=v1.17.2

. scripts/go.sh
bin="$(go env GOPATH)/bin"
program="$bin/op-geth"
# Its own version is that of a development build; the mark tells which one was built.
mark="$bin/.op-geth.version"
if ! { [ -x "$program" ] && [ "$(cat "$mark" 2>/dev/null)" = "$version" ]; }; then
  mkdir -p "$bin"
  work="$(mktemp -d)"
  trap 'rm -rf "$work"' EXIT
  cat >"$work/go.mod" <<END
module opstack

go 1.24.0

require github.com/ethereum/go-ethereum $base

replace github.com/ethereum/go-ethereum => github.com/ethereum-optimism/op-geth $version
END
  (cd "$work" && GOTOOLCHAIN=local GOFLAGS="-buildvcs=false -mod=mod" \
    go build -o op-geth github.com/ethereum/go-ethereum/cmd/geth)
  rm -f "$mark"
  mv -f "$work/op-geth" "$program"
  echo "$version" >"$mark"
fi
echo "$program"
