#!/usr/bin/env bash
# Installs the consensus client of the end-to-end test, from npm, to target/lodestar or $LODESTAR_DIR.
set -euo pipefail
cd "$(dirname "$0")/.."
source=e2e/lodestar
directory="${LODESTAR_DIR:-target/lodestar}"
version=1.5.1

missing() { echo "error: $1 is missing: $2" >&2; exit 1; }
for tool in node npm; do
  command -v "$tool" >/dev/null || missing "$tool" "apt-get install nodejs npm, or see nodejs.org (measured with Node 20)"
done

# Written last, so that an install that was cut short is done again.
mark=installed.json
if cmp -s "$source/package-lock.json" "$directory/$mark"; then exit 0; fi

# Its native parts have no ready binaries for every machine.
for tool in g++ make python3; do
  command -v "$tool" >/dev/null || missing "$tool" "apt-get install build-essential python3"
done

# Where Node brought its headers with it, they need not be fetched from its maker.
prefix="$(node -p 'path.resolve(process.execPath, "../..")')"
if [ -e "$prefix/include/node/node.h" ]; then export npm_config_nodedir="$prefix"; fi

mkdir -p "$directory"
cp "$source/package.json" "$source/package-lock.json" "$source/withresolvers.cjs" "$directory"
cd "$directory"
# Just what the lock file names, by its digests; of all install scripts, those that allowScripts names.
npm ci --ignore-scripts --no-audit --no-fund --loglevel error
mapfile -t native < <(node -p 'Object.keys(require("./package.json").allowScripts).join("\n")')
npm rebuild --loglevel error "${native[@]}"
# npm goes on when a script was not run or failed: a node without these starts, and dies later.
node -e 'for (const part of ["snappy", "classic-level", "@chainsafe/blst"]) require(part)'
answer="$(node --require ./withresolvers.cjs node_modules/@chainsafe/lodestar/lib/index.js --version 2>/dev/null || true)"
case "$answer" in
  *"v$version"*) cp package-lock.json "$mark" ;;
  *) echo "error: $PWD: lodestar $version does not start: $answer" >&2; exit 1 ;;
esac
