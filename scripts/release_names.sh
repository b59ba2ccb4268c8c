#!/usr/bin/env bash
# Writes the names that a release goes by: the address in Cargo.toml, the image, the action's example. The
# version is Cargo.toml's; compose/settings.env is the one place that names the image, and all others follow it.
#
#   scripts/release_names.sh OWNER/NAME     the repository on GitHub
set -euo pipefail
cd "$(dirname "$0")/.."
repository=${1:-}
[[ "$repository" =~ ^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$ ]] ||
  { echo "error: ${repository:-nothing} is not OWNER/NAME" >&2; exit 2; }
version=$(sed -n 's/^version = "\(.*\)"/\1/p;T;q' Cargo.toml)
address=https://github.com/$repository
image=ghcr.io/${repository,,}:$version
former=$(sed -n 's/^REGENESIS_IMAGE=//p' compose/settings.env)

sed -i '/^repository = \|^homepage = /d' Cargo.toml
sed -i "s|^documentation = .*|&\nhomepage = \"$address\"\nrepository = \"$address\"|" Cargo.toml
grep -rlF --null -- "$former" compose docs README.md | xargs --null sed -i "s|$former|$image|g"
sed -i "s|uses: [^ ]*/[^ ]*@v[0-9].*|uses: $repository@v$version|" docs/embed/action-example.yml
echo "$address, $image"
