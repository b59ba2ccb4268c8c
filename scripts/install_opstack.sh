#!/usr/bin/env bash
# Installs op-geth and programs of optimism through the Go module proxy, and prints their paths.
#
# op-geth has geth's module path, so it replaces geth in a module of its own. optimism needs another version
# of it as a library: v1.17.0 pins one that the proxy refuses, and does not compile with the newest. Later
# versions of optimism embed a file that their module lacks. So does op-deployer: it inspects a state, and
# cannot deploy.
set -euo pipefail
cd "$(dirname "$0")/.."
op_geth=v1.101702.3
# The geth that it is based on.
geth=v1.17.2
optimism=v1.17.0
library=v1.101702.3-rc.2

. scripts/go.sh
bin="$(go env GOPATH)/bin"
mkdir -p "$bin"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# is_installed NAME VERSION: the programs report a development build, so a file names the version.
is_installed() { [ -x "$bin/$1" ] && [ "$(cat "$bin/.$1.version" 2>/dev/null)" = "$2" ]; }

# install NAME VERSION PACKAGE: builds a package of the module whose go.mod is on stdin.
install() {
  cat >"$work/go.mod"
  if ! is_installed "$1" "$2"; then
    (cd "$work" && GOTOOLCHAIN=local GOFLAGS="-buildvcs=false -mod=mod" go build -o program "$3")
    rm -f "$bin/.$1.version"
    mv -f "$work/program" "$bin/$1"
    echo "$2" >"$bin/.$1.version"
  fi
  echo "$bin/$1"
}

install op-geth "$op_geth" github.com/ethereum/go-ethereum/cmd/geth <<END
module opstack

go 1.24.0

require github.com/ethereum/go-ethereum $geth

replace github.com/ethereum/go-ethereum => github.com/ethereum-optimism/op-geth $op_geth
END
for package in op-node/cmd op-batcher/cmd op-proposer/cmd op-deployer/cmd/op-deployer; do
  install "${package%%/*}" "$optimism" "github.com/ethereum-optimism/optimism/$package" <<END
module opstack

go 1.24.0

require github.com/ethereum-optimism/optimism $optimism

replace github.com/ethereum/go-ethereum => github.com/ethereum-optimism/op-geth $library

exclude (
	github.com/kataras/iris/v12 v12.2.0-beta5
	github.com/kataras/iris/v12 v12.2.0
	github.com/kataras/iris/v12 v12.2.11
)
END
done
