#!/usr/bin/env bash
# Packs a release for one target: the program, completions, man pages, bill of materials, licences.
#
#   scripts/package.sh TARGET DIRECTORY [PROGRAM]     PROGRAM: packed instead of a fresh release build
set -euo pipefail
cd "$(dirname "$0")/.."
target=$1
mkdir -p "$2"
directory=$(cd "$2" && pwd)
fail() { echo "error: $1" >&2; exit 1; }

features=(--features tls)
if [ $# -gt 2 ]; then
  program=$3
else
  # Keeps paths of the build machine out of the program.
  export RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=$PWD=/src --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
  cargo build --release --locked --target "$target" "${features[@]}"
  program=${CARGO_TARGET_DIR:-target}/$target/release/regenesis
  case "$target" in
    *-musl) ! readelf -l "$program" | grep INTERP >/dev/null || fail "$program is not static" ;;
  esac
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The program must stamp a genesis on the machine that built it.
"$program" init --out "$work/runtime" 2>"$work/log" || { cat "$work/log" >&2; fail "$program init fails"; }

name=regenesis-$("$program" --version | cut -d' ' -f2)-$target
package=$work/$name
mkdir -p "$package/completions" "$package/man/man1"
install -m 0755 "$program" "$package/regenesis"
cp README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$package"
for shell in bash elvish fish powershell zsh; do
  "$program" completions "$shell" >"$package/completions/regenesis.$shell"
done
docker/sbom.sh "$target" "${features[@]}" >"$package/sbom.cdx.json"

# Every page names the pages below it: "regenesis\-init(1)".
pages() {
  local page
  "$program" man "$@" >"$work/page"
  page=$(printf -- '-%s' regenesis "$@")
  mv "$work/page" "$package/man/man1/${page#-}.1"
  sed -n 's/\\-/-/g; s/^\(regenesis[a-z0-9-]*\)(1)$/\1/p' "$package/man/man1/${page#-}.1" |
    while read -r child; do pages "$@" "${child#"${page#-}-"}"; done
}
pages

# GNU tar (gtar on macOS): the same files yield the same archive.
tar=$(command -v gtar || echo tar)
"$tar" --create --sort=name --mtime="@${SOURCE_DATE_EPOCH:-0}" --owner=0 --group=0 --numeric-owner \
  --directory "$work" "$name" | gzip -n >"$directory/$name.tar.gz"
echo "$directory/$name.tar.gz"
