#!/usr/bin/env bash
# Builds cosign through the Go module proxy and prints its path. This takes ten minutes of a core: not a
# part of CI. docs/archives.md has the output of scripts/e2e_oci.sh with it.
set -euo pipefail
cd "$(dirname "$0")/.."
version=v3.1.3

. scripts/go.sh
bin="$(go env GOPATH)/bin"
if [[ $("$bin/cosign" version 2>/dev/null) != *"$version"* ]]; then
  mkdir -p "$bin"
  # This Go is new enough: it must not fetch another one.
  GOTOOLCHAIN=local GOBIN="$bin" go install "github.com/sigstore/cosign/v3/cmd/cosign@$version"
fi
echo "$bin/cosign"
