#!/usr/bin/env bash
# Installs the Debian packages for the stack suite, and starts Docker if nothing else has.
#
#   scripts/install_docker.sh [--restart|--kill]     stops the daemon that this script started, or kills it
#                                                    with SIGKILL, and starts it again
#
# DOCKER_DATA_ROOT: the daemon's data directory; /var/lib/docker by default.
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

if [ $# -gt 0 ]; then
  case $1 in --restart) signal=TERM ;; --kill) signal=KILL ;; *) echo "error: $1" >&2; exit 2 ;; esac
  pid=$(cat "$pid_file" 2>/dev/null || true)
  if [ -z "$pid" ] || [ "$(cat "/proc/$pid/comm" 2>/dev/null)" != dockerd ]; then
    echo "error: the suite did not start this Docker daemon, so it does not stop it" >&2
    echo "hint: stop it (systemctl stop docker.socket docker); scripts/install_docker.sh then starts one" >&2
    exit 1
  fi
  mapfile -d '' -t command <"/proc/$pid/cmdline"
  kill -s "$signal" "$pid"
  # It is no child of this shell, so `wait` does not work.
  while [ -e "/proc/$pid/exe" ]; do sleep 0.1; done
  # Until its parent has reaped it, a killed daemon counts as running: its PID file is still there.
  for _ in $(seq 50); do [ -e "/proc/$pid" ] || break; sleep 0.1; done
  start "${command[@]}"
  exit 0
fi

for package in "${packages[@]}"; do
  if [[ $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) != *'install ok'* ]]; then
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${packages[@]}"
    # Debian may have started it. The suite restarts its daemon, so it needs its own.
    if [ "$package" = docker.io ]; then
      { systemctl stop docker.socket docker || service docker stop; } >/dev/null 2>&1 || true
    fi
    break
  fi
done
docker info >/dev/null 2>&1 || start dockerd ${DOCKER_DATA_ROOT:+--data-root "$DOCKER_DATA_ROOT"}
