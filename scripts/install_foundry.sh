#!/usr/bin/env bash
# Installs anvil and cast for the capture tests, through npm, below the target directory. With VERSION it
# installs only anvil, as anvil-VERSION.
#
#   scripts/install_foundry.sh [VERSION]     VERSION: such as 1.4.4
set -euo pipefail
suite=1.7.1
version="${1:-$suite}"
root=$(cd "$(dirname "$0")/.." && pwd)
into=${CARGO_TARGET_DIR:-$root/target}/foundry
command -v npm >/dev/null || { echo "error: npm is missing: apt-get install npm, or see nodejs.org" >&2; exit 1; }
case "$(uname -m)" in
  x86_64) machine=amd64 ;;
  aarch64) machine=arm64 ;;
  *) echo "error: foundry has no build for $(uname -m)" >&2; exit 1 ;;
esac
mkdir -p "$into/bin"

# install TOOL PROGRAM
install() {
  [[ $("$into/bin/$2" --version 2>/dev/null) != *"$version"* ]] || return 0
  # The platform's package contains the program; the package above it only runs a script to find it.
  npm install --prefix "$into" --no-save --no-audit --no-fund --ignore-scripts --silent \
    "@foundry-rs/$1-linux-$machine@$version"
  # A copy, because npm removes what another call installed.
  cp -f "$into/node_modules/@foundry-rs/$1-linux-$machine/bin/$1" "$into/bin/$2"
}
if [ "$version" = "$suite" ]; then
  install anvil anvil
  install cast cast
  "$into/bin/anvil" --version | sed -n 1p
else
  install anvil "anvil-$version"
  "$into/bin/anvil-$version" --version | sed -n 1p
fi
