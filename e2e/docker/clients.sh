#!/usr/bin/env bash
# The images that the suite runs the clients in: what is installed on this machine, in a container; and
# target/clock, which gives containers a clock of their own.
#
#   e2e/docker/clients.sh CONSENSUS     CONSENSUS: the built example of this name
set -euo pipefail
cd "$(dirname "$0")/../.."
consensus="$1"
lodestar="${LODESTAR_DIR:-target/lodestar}"
[ -e "$lodestar/package.json" ] ||
  { echo "error: no Lodestar in $lodestar: scripts/install_lodestar.sh" >&2; exit 1; }
musl-gcc -O2 -Wall -Wextra -Werror -static -o target/clock e2e/docker/clock.c
context="$(mktemp -d)"
trap 'rm -rf "$context"' EXIT
image() { DOCKER_BUILDKIT=0 docker build -q -t "$1" "$context" >/dev/null; }

cat >"$context/Dockerfile" <<END
FROM regenesis-e2e/base:1
COPY consensus /usr/local/bin/
RUN ln -s consensus /usr/local/bin/lighthouse && mkdir /data && chown 65532:65532 /data
END
cp "$consensus" "$context/consensus"
image regenesis-e2e/consensus:1

cat >"$context/Dockerfile" <<END
FROM regenesis-e2e/base:1
COPY geth node /usr/local/bin/
COPY lodestar /lodestar
RUN mkdir /data && chown 65532:65532 /data
END
cp "$(command -v geth || echo "$(go env GOPATH)/bin/geth")" "$context/geth"
cp "$(readlink -f "$(command -v node)")" "$context/node"
cp -a "$lodestar" "$context/lodestar"
image regenesis-e2e/clients:1
rm -rf "$context/lodestar"

cat >"$context/Dockerfile" <<END
FROM regenesis-e2e/base:1
COPY op-geth /usr/local/bin/geth
COPY op-node op-batcher /usr/local/bin/
END
for program in op-geth op-node op-batcher; do
  cp "$(command -v $program || echo "$(go env GOPATH)/bin/$program")" "$context/$program"
done
image regenesis-e2e/op-stack:1
