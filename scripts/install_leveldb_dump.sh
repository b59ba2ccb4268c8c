#!/usr/bin/env bash
# Builds the program of e2e/leveldb into GOPATH/bin, and prints its path: it lists a leveldb database with the
# library that geth uses.
set -euo pipefail
cd "$(dirname "$0")/.."

. scripts/go.sh
program="$(go env GOPATH)/bin/regenesis-leveldb-dump"
# This Go is new enough: it must not fetch another one.
GOTOOLCHAIN=local go build -C e2e/leveldb -o "$program" .
echo "$program"
