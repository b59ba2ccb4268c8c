#!/usr/bin/env bash
# A local base image where no registry can be reached: Debian by debootstrap, a C compiler for musl,
# and this machine's Rust. The image of regenesis is built in it, and the clients run in it.
set -euo pipefail
cd "$(dirname "$0")/../.."
image=regenesis-e2e/base:1
if docker image inspect "$image" >/dev/null 2>&1; then exit 0; fi
[ "$(id -u)" = 0 ] || { echo "error: debootstrap needs root" >&2; exit 1; }
rustup target add x86_64-unknown-linux-musl >/dev/null 2>&1 ||
  { echo "error: no musl target: rustup target add x86_64-unknown-linux-musl" >&2; exit 1; }

root="$(mktemp -d)"
# debootstrap mounts the machine's own in it, and leaves them when it is ended.
trap 'umount "$root/sys" "$root/proc" 2>/dev/null || true; rm -rf --one-file-system "$root"' EXIT
debootstrap --variant=minbase --include=ca-certificates,libstdc++6,gcc,libc6-dev,make,musl-tools \
  bookworm "$root" >target/debootstrap.log 2>&1 || { tail -3 target/debootstrap.log >&2; exit 1; }
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,locale}
# Where the registries are behind a proxy, this machine knows its certificate.
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
tar -C "$(rustc --print sysroot)" -c bin lib | tar -C "$root/usr/local" -x
tar -C "$root" -c . | docker import \
  --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' - "$image" >/dev/null
