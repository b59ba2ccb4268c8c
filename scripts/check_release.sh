#!/usr/bin/env bash
# Refuses a release whose names disagree. The release workflow runs it and sets GITHUB_REPOSITORY.
#
#   scripts/check_release.sh TAG
set -euo pipefail
cd "$(dirname "$0")/.."
tag=$1
wrong=0
# same WHAT IS EXPECTED
same() {
  [ "$2" != "$3" ] || return 0
  echo "error: $1 is ${2:-missing}, not $3" >&2
  wrong=1
}

version=$(sed -n 's/^version = "\(.*\)"/\1/p;T;q' Cargo.toml)
same "the tag" "$tag" "v$version"
same "the repository in Cargo.toml" "$(sed -n 's/^repository = "\(.*\)"/\1/p' Cargo.toml)" \
  "https://github.com/$GITHUB_REPOSITORY"
same "the image in compose/settings.env" "$(sed -n 's/^REGENESIS_IMAGE=//p' compose/settings.env)" \
  "ghcr.io/${GITHUB_REPOSITORY,,}:$version"
if [ "$wrong" != 0 ]; then
  echo "hint: scripts/release_names.sh $GITHUB_REPOSITORY writes all names for the version in Cargo.toml" >&2
fi
scripts/changes.sh "$version" >/dev/null || wrong=1
exit "$wrong"
