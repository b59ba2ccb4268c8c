#!/usr/bin/env bash
# The recipes of docs/embed: what a program can run is run, what only a cluster or a service can is
# held against its schema.
#
#   scripts/e2e_embed.sh [PROGRAM]     PROGRAM: a regenesis; by default it is built
#
# With Docker and the image in REGENESIS_IMAGE, the compose file's genesis is run in it.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
target="${CARGO_TARGET_DIR:-$root/target}"
requirements="$root/scripts/embed_requirements.txt"
venv="$target/embed-venv"
recipes="$root/docs/embed"
say() { printf -- '-- %s\n' "$*"; }
fail() { echo "error: $*" >&2; exit 1; }

# An environment whose installation was interrupted has no stamp, and is made anew.
if ! cmp -s "$requirements" "$venv/requirements.txt"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
  cp "$requirements" "$venv/requirements.txt"
fi
program="${1:-}"
if [ -z "$program" ]; then
  cargo build --quiet --manifest-path "$root/Cargo.toml"
  program="$target/debug/regenesis"
fi
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

say "ethereum-package.sh"
"$recipes/ethereum-package.sh" "$work/package" "$program"
for file in network-configs/genesis.json network-configs/genesis.ssz network-configs/config.yaml \
  network-configs/genesis_validators_root.txt network-configs/deposit_contract_block_hash.txt jwt/jwtsecret; do
  [ -s "$work/package/$file" ] || fail "ethereum-package.sh makes no $file"
done
for node in 1-eth2-val-tools-0-31 2-eth2-val-tools-32-63; do
  for kind in keys secrets teku-keys teku-secrets nimbus-keys lodestar-secrets; do
    count="$(find "$work/package/validator-keys/$node/$kind" -mindepth 1 -maxdepth 1 | wc -l)"
    [ "$count" = 32 ] || fail "$node/$kind has $count entries, not 32"
  done
done

say "compose.yml"
"$venv/bin/check-jsonschema" --builtin-schema vendor.compose-spec "$recipes/compose.yml"
"$program" all --egg-values "$recipes/values.env" --out "$work/all"
[ -s "$work/all/metadata/genesis.ssz" ] || fail "all makes no genesis.ssz"
if [ -n "${REGENESIS_IMAGE:-}" ]; then
  docker run --rm --network none --read-only -v "$recipes/values.env:/config/values.env:ro" \
    --mount type=volume,destination=/data "$REGENESIS_IMAGE" all
fi

say "kubernetes.yaml"
"$venv/bin/kubernetes-validate" --strict "$recipes/kubernetes.yaml"
# The init container's command, with the volume's path in place of its own.
"$venv/bin/python" - "$recipes/kubernetes.yaml" "$work" >"$work/command" <<'PYTHON'
import pathlib, sys, yaml
values, pod = yaml.safe_load_all(open(sys.argv[1]))
work = pathlib.Path(sys.argv[2])
(work / "values.env").write_text(values["data"]["values.env"])
init = pod["spec"]["initContainers"][0]
for argument in init["args"]:
    print(argument.replace("/config", str(work)).replace("/runtime", str(work / "pod")))
mounted = {volume["name"] for volume in pod["spec"]["volumes"]}
used = {mount["name"] for c in pod["spec"]["containers"] + [init] for mount in c["volumeMounts"]}
assert used == mounted, (used, mounted)
PYTHON
mapfile -t command <"$work/command"
mkdir "$work/pod"
"$program" "${command[@]}"
# Every path of the genesis that a client is given is there.
grep -o '/runtime/genesis/[A-Za-z0-9_./-]*' "$recipes/kubernetes.yaml" | sort -u | while read -r path; do
  [ -e "$work/pod/${path#/runtime/}" ] || fail "kubernetes.yaml names $path, which is not made"
done

say "github-actions.yml"
"$venv/bin/check-jsonschema" --builtin-schema vendor.github-workflows "$recipes/github-actions.yml"
"$venv/bin/python" - "$recipes/github-actions.yml" <<'PYTHON'
import subprocess, sys, yaml
for job in yaml.safe_load(open(sys.argv[1]))["jobs"].values():
    for step in job["steps"]:
        subprocess.run(["bash", "-n"], input=step.get("run", ""), text=True, check=True)
PYTHON
say "all recipes hold"
