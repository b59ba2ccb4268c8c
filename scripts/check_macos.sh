#!/usr/bin/env bash
# Checks on another machine that the program compiles for macOS: the types, not the C parts, which need
# Apple's SDK and which their own projects build there.
set -euo pipefail
cd "$(dirname "$0")/.."
target=aarch64-apple-darwin
rustup target add "$target"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Replaces the C compiler and the archiver: writes an empty file wherever they would write one.
cat >"$work/stub" <<'END'
#!/bin/sh
for argument in "$@"; do
  case "$previous" in -o) : >"$argument" ;; esac
  case "$argument" in *.a) : >"$argument" ;; esac
  previous=$argument
done
END
chmod +x "$work/stub"
export CC_aarch64_apple_darwin="$work/stub" AR_aarch64_apple_darwin="$work/stub" SDKROOT="$work"
cargo check --locked --target "$target" --features tls
