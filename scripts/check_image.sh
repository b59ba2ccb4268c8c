#!/usr/bin/env bash
# Checks the guarantees of the init image: its size and user, that it needs nothing except its volume, that it
# names the image for verbs that it lacks, that it stops on a signal, and that the same commit yields the same
# image.
#
#   scripts/check_image.sh IMAGE [AGAIN…]     AGAIN: the same commit, built again
set -euo pipefail
image="$1"
fail() { echo "error: $image: $*" >&2; exit 1; }

size=$(docker image inspect --format '{{.Size}}' "$image")
[ "$size" -le 6000000 ] || fail "$size bytes, more than 6 MB"
user=$(docker image inspect --format '{{.Config.User}}' "$image")
[ "$user" = 65532:65532 ] || fail "runs as $user"
for label in title description licenses version revision; do
  value=$(docker image inspect --format "{{index .Config.Labels \"org.opencontainers.image.$label\"}}" "$image")
  [ -n "$value" ] && [ "$value" != unknown ] || fail "has no label $label"
done

files=$(docker create "$image")
volume="regenesis-check-$$"
trap 'docker rm -f "$files" >/dev/null; docker volume rm -f "$volume" >/dev/null' EXIT
docker cp "$files:/sbom.cdx.json" - | tar -xO | python3 -c '
import json, sys
bom = json.load(sys.stdin)
assert bom["bomFormat"] == "CycloneDX" and len(bom["components"]) > 50
assert all(part["version"] and part["purl"] for part in bom["components"])
' || fail "has no bill of materials"

locked=(--rm --read-only --cap-drop ALL --security-opt no-new-privileges --network none -v "$volume:/runtime")
docker run "${locked[@]}" "$image" 2>/dev/null ||
  fail "init fails without root, capabilities, network and a writable root"
secret=$(docker run --rm -v "$volume:/runtime" regenesis-e2e/base:1 stat -c "%u:%g %a" /runtime/jwt/jwtsecret)
[ "$secret" = "65532:65532 600" ] || fail "the JWT secret has owner and mode $secret"
version=$(docker run "${locked[@]}" "$image" run -- /regenesis --version 2>/dev/null)
[ -n "$version" ] || fail "does not start a client"

code=0
message=$(docker run --rm "$image" capture --el-rpc 127.0.0.1:8545 2>&1) || code=$?
[[ $code = 2 && $message = *"-tools"* ]] || fail "capture exits with $code: $message"

# Without a genesis it waits, and a stop must be immediate, not wait for the grace period.
container=$(docker run -d "$image" run -- /regenesis)
# Process 1 has no default signal handler, so a signal before the program installs its own is lost.
for _ in $(seq 1000); do [ -z "$(docker logs "$container" 2>&1)" ] || break; sleep 0.1; done
docker stop -t 20 "$container" >/dev/null
code=$(docker inspect --format '{{.State.ExitCode}}' "$container")
docker rm "$container" >/dev/null
[ "$code" = 130 ] || fail "exits with $code when it is stopped, not through its own handler"

for again in "${@:2}"; do
  id() { docker image inspect --format '{{.Id}}' "$1"; }
  [ "$(id "$image")" = "$(id "$again")" ] || fail "$again differs"
  echo "$image: $again is the same, $(id "$image")"
done
echo "$image: $size bytes, $version"
