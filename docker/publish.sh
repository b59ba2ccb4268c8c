#!/usr/bin/env bash
# Publishes the image of this commit, with its bill of materials and the provenance of its build.
#
#   docker/publish.sh build ARCHITECTURE NAME:TAG FILE    builds and pushes for amd64 or arm64, without a
#                                                         tag, and writes the digest to FILE
#   docker/publish.sh tag NAME:TAG FILE…                  tags the digests in the files
#
# A TAG that ends in -tools is that of the target `tools`.
set -euo pipefail
cd "$(dirname "$0")/.."

build() {
  local architecture=$1 image=$2 file=$3 metadata target=regenesis version
  version=${image##*:}
  if [[ $version = *-tools ]]; then target=tools; fi
  metadata=$(mktemp)
  docker buildx build --file docker/Dockerfile --platform "linux/$architecture" \
    --build-arg "SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)" \
    --build-arg "REVISION=$(git rev-parse HEAD)" \
    --build-arg "VERSION=${version%-tools}" --target "$target" \
    --attest type=sbom --attest type=provenance,mode=max \
    --output "type=image,name=${image%:*},push-by-digest=true,name-canonical=true,rewrite-timestamp=true,push=true" \
    --metadata-file "$metadata" .
  mkdir -p "$(dirname "$file")"
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["containerimage.digest"])' "$metadata" >"$file"
  rm "$metadata"
  cat "$file"
}

tag() {
  local image=$1 digests=() file
  shift
  # Users may have pinned an existing tag.
  if docker buildx imagetools inspect "$image" >/dev/null 2>&1; then
    echo "error: $image exists" >&2
    echo "hint: a published version stays as it is: raise the version in Cargo.toml" >&2
    exit 1
  fi
  for file in "$@"; do digests+=("${image%:*}@$(cat "$file")"); done
  docker buildx imagetools create --tag "$image" "${digests[@]}"
  docker buildx imagetools inspect "$image"
}

case "${1:-}" in
  build | tag) "$@" ;;
  *) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
