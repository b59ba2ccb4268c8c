#!/usr/bin/env bash
# Installs geth through the Go module proxy and prints its path: GOPATH/bin/geth for the version that the
# suite tests, GOPATH/bin/geth-VERSION for another.
#
#   scripts/install_geth.sh [VERSION]     VERSION: such as v1.16.8
set -euo pipefail
cd "$(dirname "$0")/.."
suite=v1.17.4
version="${1:-$suite}"

. scripts/go.sh
bin="$(go env GOPATH)/bin"
geth="$bin/geth"
[ "$version" = "$suite" ] || geth="$bin/geth-$version"
# Not `grep -q`: it exits at the first match, and geth dies of a broken pipe.
if [[ $("$geth" version 2>/dev/null) != *"Version: ${version#v}"* ]]; then
  mkdir -p "$bin"
  aside="$(mktemp -d "$bin/.install.XXXXXX")"
  trap 'rm -rf "$aside"' EXIT
  # This Go is new enough: it must not fetch another one.
  GOTOOLCHAIN=local GOBIN="$aside" go install "github.com/ethereum/go-ethereum/cmd/geth@$version"
  mv -f "$aside/geth" "$geth"
fi
echo "$geth"
