#!/usr/bin/env bash
# Checks that the program compiles for macOS, on another machine: the types, not the C parts, which need
# Apple's SDK and which their own projects build there.
set -euo pipefail
cd "$(dirname "$0")/.."
target=aarch64-apple-darwin
rustup target add "$target"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# In place of the C compiler and the archiver: writes an empty file wherever they would write something.
cat >"$work/stub" <<'END'
#!/bin/sh
for argument in "$@"; do
  case "$former" in -o) : >"$argument" ;; esac
  case "$argument" in *.a) : >"$argument" ;; esac
  former=$argument
done
END
chmod +x "$work/stub"
export CC_aarch64_apple_darwin="$work/stub" AR_aarch64_apple_darwin="$work/stub" SDKROOT="$work"
cargo check --locked --target "$target" --features tls
