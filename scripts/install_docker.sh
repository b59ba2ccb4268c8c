#!/usr/bin/env bash
# Installs what the suite of the stack needs from Debian, and starts Docker where nothing else does.
#
#   scripts/install_docker.sh [--restart]     --restart: ends the daemon that this script started, and
#                                             starts it again
#
# DOCKER_DATA_ROOT: where the daemon keeps its data, if not in /var/lib/docker.
set -euo pipefail
cd "$(dirname "$0")/.."
packages=(docker.io docker-compose debootstrap iptables musl-tools gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
pid_file=target/dockerd.pid

start() {
  mkdir -p target
  nohup "$@" >>target/dockerd.log 2>&1 &
  echo $! >"$pid_file"
  for _ in $(seq 60); do docker info >/dev/null 2>&1 && return; sleep 0.5; done
  echo "error: Docker does not start: target/dockerd.log" >&2
  exit 1
}

if [ "${1:-}" = --restart ]; then
  pid=$(cat "$pid_file" 2>/dev/null || true)
  if [ -z "$pid" ] || [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != dockerd ]; then
    echo "error: this Docker was not started by the suite, and is not ended by it" >&2
    echo "hint: end it (systemctl stop docker.socket docker), and scripts/install_docker.sh starts another" >&2
    exit 1
  fi
  mapfile -d '' -t command <"/proc/$pid/cmdline"
  kill "$pid"
  # Not its child, so it cannot wait.
  while [ -e "/proc/$pid/exe" ]; do sleep 0.1; done
  start "${command[@]}"
  exit 0
fi

for package in "${packages[@]}"; do
  if [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) != *'install ok'* ]]; then
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]}"
    # Where Debian has started it: the suite restarts its daemon, and so starts one of its own.
    if [ "$package" = docker.io ]; then
      { systemctl stop docker.socket docker || service docker stop; } >/dev/null 2>&1 || true
    fi
    break
  fi
done
docker info >/dev/null 2>&1 || start dockerd ${DOCKER_DATA_ROOT:+--data-root "$DOCKER_DATA_ROOT"}
