#!/usr/bin/env bash
# Writes the names of a release: the address in Cargo.toml, the image, the action's example. The version is
# Cargo.toml's. compose/settings.env is the one place that names the image; all others follow it.
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
old=$(sed -n 's/^REGENESIS_IMAGE=//p' compose/settings.env)

manifests=(Cargo.toml crates/*/Cargo.toml)
sed -i '/^\(repository\|homepage\)\( = \|\.workspace\)/d' "${manifests[@]}"
sed -i "s|^license = .*|&\nhomepage = \"$address\"\nrepository = \"$address\"|" Cargo.toml
sed -i 's|^license.workspace = true|&\nhomepage.workspace = true\nrepository.workspace = true|' "${manifests[@]}"
grep -rlF --null -- "$old" compose docs README.md | xargs --null sed -i "s|$old|$image|g"
sed -i "s|uses: [^ ]*/[^ ]*@v[0-9].*|uses: $repository@v$version|" docs/embed/action-example.yml
echo "$address, $image"
