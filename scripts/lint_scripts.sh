#!/usr/bin/env bash
# Checks the workflows with actionlint and every shell script with shellcheck.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v shellcheck >/dev/null || { echo "error: shellcheck is missing: apt-get install shellcheck" >&2; exit 1; }
actionlint=$(scripts/install_actionlint.sh)
"$actionlint" .github/workflows/*.yml docs/embed/action-example.yml docs/embed/github-actions.yml
mapfile -t scripts < <(git grep --untracked --exclude-standard -lE '^#!(/bin/sh|/usr/bin/env bash)$' -- ':!*.md')
[ ${#scripts[@]} -gt 20 ] || { echo "error: found only ${#scripts[@]} scripts" >&2; exit 1; }
shellcheck --external-sources --source-path=SCRIPTDIR --severity=warning "${scripts[@]}" scripts/steps.sh
echo "workflows: $(ls .github/workflows | wc -l), scripts: ${#scripts[@]}"
