#!/bin/sh
# Installs scripts/NAME_requirements.txt into a virtual environment in the target directory, prints its path.
#
#   scripts/venv.sh NAME [PIP OPTION…]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
venv=${CARGO_TARGET_DIR:-$root/target}/$1-venv
requirements=$root/scripts/$1_requirements.txt
shift
# An interrupted installation leaves no copy of the requirements, so the next run starts over.
if ! cmp -s "$requirements" "$venv/requirements.txt"; then
  python3 -m venv --clear "$venv" >&2
  "$venv/bin/pip" install --quiet --disable-pip-version-check "$@" --requirement "$requirements" >&2
  cp "$requirements" "$venv/requirements.txt"
fi
echo "$venv"
