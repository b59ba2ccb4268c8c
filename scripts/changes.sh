#!/bin/sh
# Prints the section of CHANGELOG.md for one version.
#
#   scripts/changes.sh VERSION
set -eu
cd "$(dirname "$0")/.."
awk -v heading="## [$1]" '
  index($0, "## ") == 1 || index($0, "[") == 1 { wanted = index($0, heading) == 1; found = found || wanted; next }
  wanted { print }
  END { if (!found) exit 1 }
' CHANGELOG.md || { echo "error: CHANGELOG.md has no section for $1" >&2; exit 1; }
