#!/usr/bin/env bash
# Validates what `regenesis kube` renders against the schemas of Kubernetes: the files that tests/it/kube.rs
# compares with its output.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$(scripts/venv.sh embed)
said=$("$venv/bin/kubernetes-validate" --strict tests/kube/*.yaml 2>&1) || { echo "$said" >&2; exit 1; }
passed=$(grep -c ' passed ' <<<"$said")
objects=$(cat tests/kube/*.yaml | grep -c '^kind: ')
[ "$passed" = "$objects" ] || { echo "error: $passed of $objects objects are valid: $said" >&2; exit 1; }
echo "Kubernetes: $objects objects in $(ls tests/kube | wc -l) files are valid"
