#!/usr/bin/env bash
# Installs Lodestar for the end-to-end tests, from npm, to target/lodestar or $LODESTAR_DIR.
set -euo pipefail
cd "$(dirname "$0")/.."
source=e2e/lodestar
directory="${LODESTAR_DIR:-target/lodestar}"
version=1.5.1

missing() { echo "error: $1 is missing: $2" >&2; exit 1; }
for tool in node npm; do
  command -v "$tool" >/dev/null || missing "$tool" "apt-get install nodejs npm, or see nodejs.org (measured with Node 20)"
done

# Written last, so that an interrupted installation starts over.
mark=installed.json
if cmp -s "$source/package-lock.json" "$directory/$mark"; then exit 0; fi

# Its native parts are not prebuilt for every machine.
for tool in g++ make python3; do
  command -v "$tool" >/dev/null || missing "$tool" "apt-get install build-essential python3"
done

# If Node came with its headers, npm need not download them.
prefix="$(node -p 'path.resolve(process.execPath, "../..")')"
if [ -e "$prefix/include/node/node.h" ]; then export npm_config_nodedir="$prefix"; fi

mkdir -p "$directory"
cp "$source/package.json" "$source/package-lock.json" "$source/withresolvers.cjs" "$directory"
cd "$directory"
# Exactly what the lock file names, checked by digest; only the install scripts that allowScripts names.
npm ci --ignore-scripts --no-audit --no-fund --loglevel error
mapfile -t native < <(node -p 'Object.keys(require("./package.json").allowScripts).join("\n")')
npm rebuild --loglevel error "${native[@]}"
# npm continues if a script was skipped or failed: Lodestar then starts, and dies later.
node -e 'for (const part of ["snappy", "classic-level", "@chainsafe/blst"]) require(part)'
answer="$(node --require ./withresolvers.cjs node_modules/@chainsafe/lodestar/lib/index.js --version 2>/dev/null || true)"
case "$answer" in
  *"v$version"*) cp package-lock.json "$mark" ;;
  *) echo "error: $PWD: lodestar $version does not start: $answer" >&2; exit 1 ;;
esac
