#!/usr/bin/env bash
# Tests the recipes of docs/embed: runs what this machine can run, and validates the rest against its schema.
#
#   scripts/e2e_embed.sh [PROGRAM]     PROGRAM: a regenesis; by default it is built
#
# With REGENESIS_IMAGE, GETH_IMAGE (whose entry point is geth) and LIGHTHOUSE_IMAGE, and Docker with Compose
# v2, it also runs the steps of the workflow, and with them the Compose file.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
target="${CARGO_TARGET_DIR:-$root/target}"
recipes="$root/docs/embed"
cd "$root"
say() { printf -- '-- %s\n' "$*"; }
fail() { echo "error: $*" >&2; exit 1; }

venv="$("$root/scripts/venv.sh" embed)"
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
  [ -s "$work/package/$file" ] || fail "ethereum-package.sh does not write $file"
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
[ -s "$work/all/metadata/genesis.ssz" ] || fail "all does not write genesis.ssz"

say "kubernetes.yaml"
"$venv/bin/kubernetes-validate" --strict "$recipes/kubernetes.yaml"
# The init container's command, with the volume's path replaced.
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
# Every genesis path in the clients' arguments exists.
grep -o '/runtime/genesis/[A-Za-z0-9_./-]*' "$recipes/kubernetes.yaml" | sort -u | while read -r path; do
  [ -e "$work/pod/${path#/runtime/}" ] || fail "kubernetes.yaml names $path, which does not exist"
done

# The program that the init container left starts every client, up to its own command.
"$venv/bin/python" - "$recipes/kubernetes.yaml" "$work/pod" <<'PYTHON'
import os, pathlib, subprocess, sys, yaml
_, pod = yaml.safe_load_all(open(sys.argv[1]))
work = pathlib.Path(sys.argv[2])
for container in pod["spec"]["containers"]:
    inside = lambda text: text.replace("/runtime", str(work)).replace("=/data", f"={work}/{container['name']}")
    (work / container["name"]).mkdir()
    arguments = container["command"] + container["args"][:container["args"].index("--") + 1] + ["true"]
    variables = {variable["name"]: inside(variable["value"]) for variable in container["env"]}
    command = [inside(argument) for argument in arguments]
    subprocess.run(command, env={**os.environ, **variables}, check=True)
PYTHON

say "github-actions.yml"
"$venv/bin/check-jsonschema" --builtin-schema vendor.github-workflows "$recipes/github-actions.yml"
"$venv/bin/check-jsonschema" --builtin-schema vendor.github-actions action.yml
"$venv/bin/check-jsonschema" --builtin-schema vendor.dependabot .github/dependabot.yml
"$venv/bin/python" - "$recipes/github-actions.yml" <<'PYTHON'
import os, subprocess, sys, yaml
for job in yaml.safe_load(open(sys.argv[1]))["jobs"].values():
    always = []
    for step in job["steps"]:
        script = step.get("run", "")
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        if step.get("if") == "always()":
            always.append(script)
    if os.environ.get("REGENESIS_IMAGE"):
        try:
            for step in job["steps"]:
                if "run" in step and "if" not in step:
                    print("-- " + step["name"], flush=True)
                    subprocess.run(["bash", "-e", "-c", step["run"]], check=True)
            subprocess.run(["tests/journeys/closed_to_pages.sh", "8545"], check=True)
        finally:
            for script in always:
                subprocess.run(["bash", "-e", "-c", script], check=True)
PYTHON
say "all recipes work"
