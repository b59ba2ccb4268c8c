#!/usr/bin/env bash
# Checks the project's texts: spelling (typos), the words that docs/style.md lists, and the length of lines.
#
# typos comes prebuilt from PyPI into the target directory: compiling it takes minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$(scripts/venv.sh lint --only-binary :all: --require-hashes)
"$venv/bin/typos" --format brief
exec python3 scripts/lint_texts.py "$@"
