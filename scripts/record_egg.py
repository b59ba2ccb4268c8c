#!/usr/bin/env python3
"""Runs ethereum-genesis-generator's own scripts on tests/egg/*.env and records their output.

    scripts/record_egg.py CHECKOUT GENERATOR

CHECKOUT is its repository at the commit below, GENERATOR the eth-genesis-state-generator that it
calls (eth-beacon-genesis). Needs bash, jq, yq (Debian's), envsubst, bc and geth-hdwallet.
Its scripts use fixed paths; the copies that run here have a temporary directory as prefix.
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

COMMIT = "1e01e5d"
CASES = pathlib.Path(__file__).resolve().parent.parent / "tests" / "egg"


def scalars(text):
    """`KEY: value` lines as text, BLOB_SCHEDULE as a list."""
    found, schedule = {}, []
    for line in text.splitlines():
        entry = re.match(r"^  (?:- )?(?:  )?(EPOCH|MAX_BLOBS_PER_BLOCK): (\d+)", line)
        if entry and entry[1] == "EPOCH":
            schedule.append([entry[2]])
        elif entry:
            schedule[-1].append(entry[2])
        elif re.match(r"^[A-Z0-9_]+:", line):
            key, value = line.split(":", 1)
            found[key] = value.split(" #")[0].strip().strip("'")
    found["BLOB_SCHEDULE"] = schedule
    return found


def record(case, checkout, generator):
    work = pathlib.Path(tempfile.mkdtemp())
    for part in ("apps", "defaults"):
        shutil.copytree(checkout / part, work / part)
    shutil.copytree(checkout / "config-example", work / "config")
    for file in CASES.iterdir():
        if file.suffix != ".env":
            shutil.copy(file, work / "config")
    text = case.read_text()
    (work / "config" / "values.env").write_text(text.replace("/config/", f"{work}/config/"))
    script = (checkout / "entrypoint.sh").read_text()
    script = script.replace("/usr/local/bin/eth-genesis-state-generator", str(generator))
    files = {work / "entrypoint.sh": script}
    shell = work / "apps/el-gen/generate_genesis.sh"
    files[shell] = shell.read_text()
    for path, body in files.items():
        body = re.sub(r"(?<![\w.])/(apps|defaults|config|data)/", rf"{work}/\1/", body)
        path.write_text(body)
    environment = {"PATH": os.environ["PATH"], "HOME": str(work)}
    subprocess.run(["bash", "-e", str(work / "entrypoint.sh"), "all"], cwd=work, check=True,
                   env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    metadata = work / "data" / "metadata"
    genesis = json.loads((metadata / "genesis.json").read_text())
    parsed = json.loads((work / "data/parsed/parsedConsensusGenesis.json").read_text())
    read = lambda name: (metadata / name).read_text()
    facts = {
        "genesis": {key: value for key, value in genesis.items() if key != "alloc"},
        "accounts": len({address.lower() for address in genesis["alloc"]}),
        "config": scalars(read("config.yaml")),
        "besu_config": json.loads(read("besu.json"))["config"],
        "chainspec_params": json.loads(read("chainspec.json"))["params"],
        "genesis_time": parsed["genesis_time"],
        "validators": len(parsed["validators"]),
        "fork": parsed["fork"],
        "genesis_ssz": hashlib.sha256((metadata / "genesis.ssz").read_bytes()).hexdigest(),
        "validator_names": read("validator_names.yaml"),
        "files": sorted(str(path.relative_to(work / "data"))
                        for path in (work / "data").rglob("*") if path.is_file()),
    }
    for name in ("deposit_contract.txt", "deposit_contract_block.txt", "bootstrap_nodes.txt",
                 "deposit_contract_block_hash.txt", "genesis_validators_root.txt"):
        facts[name] = read(name)
    (case.with_suffix(".json")).write_text(json.dumps(facts, indent=1) + "\n")
    shutil.rmtree(work)


def main():
    checkout, generator = (pathlib.Path(path).resolve() for path in sys.argv[1:3])
    for case in sorted(CASES.glob("*.env")):
        print(case.name, flush=True)
        record(case, checkout, generator)


main()
