#!/usr/bin/env bash
# A local busybox image where no registry can be reached: Debian's static busybox, with a link for each of its
# commands. The image -tools is built on it.
set -euo pipefail
image=regenesis-e2e/busybox:1
if docker image inspect "$image" >/dev/null 2>&1; then exit 0; fi
work="$(mktemp -d)"
# apt drops its privileges to download.
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q busybox-static >/dev/null
mkdir package root root/bin root/tmp root/etc
chmod 1777 root/tmp
dpkg-deb -x busybox-static_*.deb package
cp package/bin/busybox root/bin/busybox
for name in $(root/bin/busybox --list); do
  [ "$name" = busybox ] || ln -s busybox "root/bin/$name"
done
echo 'root:x:0:0:root:/root:/bin/sh' >root/etc/passwd
tar -C root --owner 0 --group 0 -c . | docker import - "$image" >/dev/null
