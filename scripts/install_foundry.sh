#!/usr/bin/env bash
# Installs the anvil and cast that captures are tested against, through npm, below the target directory.
set -euo pipefail
version=1.7.1
root=$(cd "$(dirname "$0")/.." && pwd)
into=${CARGO_TARGET_DIR:-$root/target}/foundry
command -v npm >/dev/null || { echo "error: npm is missing: apt-get install npm, or see nodejs.org" >&2; exit 1; }
case "$(uname -m)" in
  x86_64) machine=amd64 ;;
  aarch64) machine=arm64 ;;
  *) echo "error: foundry has no build for $(uname -m)" >&2; exit 1 ;;
esac
mkdir -p "$into/bin"
for tool in anvil cast; do
  if [[ $("$into/bin/$tool" --version 2>/dev/null) != *"$version"* ]]; then
    # The platform's package has the program itself; the one above it would only run a script to find it.
    npm install --prefix "$into" --no-save --no-audit --no-fund --ignore-scripts --silent \
      "@foundry-rs/$tool-linux-$machine@$version"
    # Aside, for npm sweeps what another call has installed.
    cp -f "$into/node_modules/@foundry-rs/$tool-linux-$machine/bin/$tool" "$into/bin/$tool"
  fi
done
"$into/bin/anvil" --version | sed -n 1p
