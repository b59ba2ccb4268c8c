#!/usr/bin/env bash
# Installs actionlint, which checks GitHub workflows, through the Go module proxy and prints its path.
set -euo pipefail
cd "$(dirname "$0")/.."
version=v1.7.12
target=${CARGO_TARGET_DIR:-target}
# scripts/install_geth.sh installs Go here where the machine has none.
PATH="$PATH:$PWD/target/go/bin"
command -v go >/dev/null || { echo "error: go is missing: scripts/install_geth.sh installs it" >&2; exit 1; }
mkdir -p "$target/actionlint"
directory="$(cd "$target/actionlint" && pwd)"
if [[ $("$directory/actionlint" --version 2>/dev/null) != "$version"* ]]; then
  GOTOOLCHAIN=local GOBIN="$directory" CGO_ENABLED=0 \
    go install "github.com/rhysd/actionlint/cmd/actionlint@$version"
fi
echo "$directory/actionlint"
