#!/bin/sh
# Compares the states, deposits and withdrawal changes of regenesis with the executable consensus spec.
#
#   scripts/e2e_spec.sh [PROGRAM]     PROGRAM: a regenesis; by default it is built
#
# The packages go to a virtual environment in the target directory.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}

if ! python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "error: no python3 of version 3.11 or newer with venv" >&2
    echo "hint: apt-get install python3 python3-venv" >&2
    exit 1
fi
venv=$("$root/scripts/venv.sh" spec)

program=${1:-}
if [ -z "$program" ]; then
    cargo build --quiet --manifest-path "$root/Cargo.toml"
    program=$target/debug/regenesis
fi
"$venv/bin/python" "$root/scripts/spec_fields.py" --check "$root/tests/fixtures/spec"
"$venv/bin/python" "$root/scripts/spec_operations.py" --regenesis "$program"
"$venv/bin/python" "$root/scripts/spec_history.py" --regenesis "$program"
exec "$venv/bin/python" "$root/scripts/spec_oracle.py" --regenesis "$program"
