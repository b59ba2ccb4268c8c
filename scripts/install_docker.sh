#!/usr/bin/env bash
# Installs what the suite of the stack needs from Debian, and starts Docker where nothing else does.
set -euo pipefail
packages=(docker.io docker-compose debootstrap iptables musl-tools)
for package in "${packages[@]}"; do
  if ! dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok'; then
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]}"
    break
  fi
done
if ! docker info >/dev/null 2>&1; then
  mkdir -p target
  nohup dockerd ${DOCKER_DATA_ROOT:+--data-root "$DOCKER_DATA_ROOT"} >target/dockerd.log 2>&1 &
  for _ in $(seq 60); do docker info >/dev/null 2>&1 && break; sleep 1; done
fi
docker info >/dev/null 2>&1 || { echo "error: Docker does not start: target/dockerd.log" >&2; exit 1; }
