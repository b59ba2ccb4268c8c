#!/usr/bin/env bash
# Builds a kubelet from Go modules and prints its path: half an hour on two busy cores. scripts/kubelet.sh
# needs it; CI does not.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/go.sh
version=v1.34.4
staging=v0.34.4
out="$PWD/target/kubelet-$version"
if [ ! -x "$out" ]; then
  module=$(mktemp -d)
  trap 'rm -rf "$module"' EXIT
  source=$(go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
  # `go install` refuses a module with replace directives, and Kubernetes replaces its parts by directories.
  {
    printf 'module kubelet\n\ngo 1.24.0\n\nrequire k8s.io/kubernetes %s\n' "$version"
    sed -n "s#^\t\(k8s.io/[a-z0-9-]*\) => ./staging/.*#replace \1 => \1 $staging#p" "$source/go.mod"
  } >"$module/go.mod"
  printf '//go:build tools\n\npackage tools\n\nimport _ "k8s.io/kubernetes/cmd/kubelet"\n' >"$module/tools.go"
  (
    cd "$module"
    go mod tidy
    CGO_ENABLED=0 go build -o "$out" \
      -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=$version" k8s.io/kubernetes/cmd/kubelet
  ) >&2
fi
echo "$out"
