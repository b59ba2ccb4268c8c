#!/usr/bin/env python3
"""Records tests/vectors/anchored: the states that eth-beacon-genesis creates for a block that a chain
continues; and tests/vectors/transactions: a block with transactions of every type.

    scripts/record_anchored.py EBG CAST

EBG: a binary of github.com/ethpandaops/eth-beacon-genesis (./cmd/eth-genesis-state-generator).
CAST: see scripts/install_foundry.sh. geth must be in PATH, regenesis and its example `consensus`
built (cargo build --features e2e --bins --examples).
"""
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "tests/vectors/anchored"
TYPES = ROOT / "tests/vectors/transactions"
BUILD = ROOT / "target/debug"
HTTP, ENGINE = 18645, 18651
URL = f"http://127.0.0.1:{HTTP}"
FORKS = [("capella", None), ("deneb", "cancunTime"), ("electra", "pragueTime"), ("fulu", "osakaTime")]
PRESETS = ["minimal", "mainnet"]
NEVER = "18446744073709551615"
# An account that logs its call data.
LOGGER, CODE = "0x" + "10" * 20, "0x600035602a60006000a2"
# Development accounts 1 to 3; the first one is the driver's.
KEYS = ["59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
        "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
        "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"]


def rpc(method, *params):
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    request = urllib.request.Request(URL, json.dumps(body).encode(), {"content-type": "application/json"})
    return json.load(urllib.request.urlopen(request))["result"]


def snapshot(fork, directory):
    """The sample without the later forks, with an account that logs."""
    genesis = json.loads((ROOT / "sample/el/genesis.template.json").read_text())
    config = (ROOT / "sample/cl/config.yaml").read_text()
    for later, key in FORKS[[name for name, _ in FORKS].index(fork) + 1:]:
        del genesis["config"][key]
        epoch = f"{later.upper()}_FORK_EPOCH: "
        assert epoch + "0" in config
        config = config.replace(epoch + "0", epoch + NEVER)
    genesis["alloc"][LOGGER] = {"balance": "0", "code": CODE}
    files = {
        "el/genesis.template.json": json.dumps(genesis),
        "cl/config.yaml": config,
        "val/mnemonics.yaml": (ROOT / "sample/val/mnemonics.yaml").read_text(),
        "metadata.json": json.dumps({"format": 1, "name": fork, "chain_id": 271828}),
    }
    for path, text in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_text(text)


def send(cast, fork, every_type):
    """Transactions of several types, before the driver's own."""
    common = ["--rpc-url", URL, "--gas-limit", "100000", "--gas-price", "20000000000", "--async"]
    tip = ["--priority-gas-price", "1000000000"]
    first, second, third = (["--private-key", f"0x{key}", *common] for key in KEYS)
    lines = [[*first, *tip, "--nonce", "0", LOGGER, "0x01"],
             [*first, "--legacy", "--nonce", "1", "--value", "5", "0x" + "22" * 20]]
    if fork != "capella":
        blob = Path(tempfile.mkstemp()[1])
        blob.write_bytes(bytes(1000))
        sidecar = [] if fork == "fulu" else ["--eip4844"]
        lines.append([*second, *tip, "--nonce", "0", "--blob", "--path", str(blob),
                      "--blob-gas-price", "1000000000", *sidecar, LOGGER])
    if every_type:
        accesses = [{"address": LOGGER, "storageKeys": ["0x" + "00" * 32, "0x" + "ab" * 32]},
                    {"address": "0x" + "22" * 20, "storageKeys": []}]
        lines += [[*first, "--legacy", "--nonce", "2", "--access-list", json.dumps(accesses), LOGGER, "0x0203"],
                  [*third, *tip, "--nonce", "0", "--auth", LOGGER, "0x" + "22" * 20],
                  [*first, *tip, "--nonce", "3", "--create", "0x60006000f3"]]
    for line in lines:
        subprocess.run([cast, "send", *line], check=True, stdout=subprocess.DEVNULL)


def build(cast, fork, work, every_type=False):
    """A chain of one block: its genesis, the block as RLP and as a node answers with it, its receipts."""
    snapshot(fork, work / "snapshot")
    runtime, data = work / "runtime", ["--datadir", str(work / "geth"), "--cache=64"]
    subprocess.run([BUILD / "regenesis", "init", work / "snapshot", "--out", runtime, "--timestamp", "1750000000"],
                   check=True, capture_output=True)
    genesis = runtime / "metadata/genesis.json"
    subprocess.run(["geth", *data, "init", genesis], check=True, capture_output=True)
    geth = subprocess.Popen(
        ["geth", *data, "--gcmode=archive", "--syncmode=full", "--ipcdisable", "--nodiscover", "--maxpeers=0",
         "--port=0", "--http", f"--http.port={HTTP}", "--http.api=eth,debug", f"--authrpc.port={ENGINE}",
         "--authrpc.jwtsecret", runtime / "jwt/jwtsecret"], stderr=subprocess.DEVNULL)
    try:
        time.sleep(3)
        send(cast, fork, every_type)
        time.sleep(1)
        subprocess.run([BUILD / "examples/consensus", "past", "--runtime", runtime, "--engine",
                        f"127.0.0.1:{ENGINE}", "--blocks", "1", "--call", LOGGER], check=True)
        raw = bytes.fromhex(rpc("debug_getRawBlock", "0x1")[2:])
        block = rpc("eth_getBlockByNumber", "0x1", True)
        receipts = rpc("eth_getBlockReceipts", "0x1")
    finally:
        geth.terminate()
        geth.wait()
    print(fork, [transaction["type"] for transaction in block["transactions"]])
    return genesis, raw, block, receipts


def write_block(out, raw, block):
    out.mkdir(parents=True)
    (out / "block.json").write_text(json.dumps({"jsonrpc": "2.0", "id": 1, "result": block}, indent=1) + "\n")
    (out / "head.rlp").write_bytes(raw)


def record(ebg, cast, fork, work):
    genesis, raw, block, receipts = build(cast, fork, work)
    out = OUT / fork
    write_block(out, raw, block)
    shutil.copy(genesis, out / "genesis.json")
    (out / "receipts.json").write_text(json.dumps(receipts, indent=1) + "\n")
    config = (work / "snapshot/cl/config.yaml").read_text()
    # The reference derives its times from these two keys.
    lines = [line for line in config.splitlines() if not line.startswith(("MIN_GENESIS_TIME:", "GENESIS_DELAY:"))]
    config = "\n".join([*lines, "MIN_GENESIS_TIME: 1800000000", "GENESIS_DELAY: 7"]) + "\n"
    (out / "config.yaml").write_text(config)
    states = {}
    for preset in PRESETS:
        (work / "config.yaml").write_text(config.replace("PRESET_BASE: 'minimal'", f"PRESET_BASE: '{preset}'"))
        subprocess.run([ebg, "beaconchain", "--config", work / "config.yaml", "--eth1-config", genesis, "--mnemonics",
                        ROOT / "sample/val/mnemonics.yaml", "--shadow-fork-block", out / "block.json",
                        "--state-output", work / "genesis.ssz"], check=True, capture_output=True)
        states[preset] = hashlib.sha256((work / "genesis.ssz").read_bytes()).hexdigest()
    expected = {key: block[key] for key in ("hash", "stateRoot", "timestamp")}
    expected |= {"genesis_hash": block["parentHash"], "genesis_ssz_sha256": states}
    (out / "expected.json").write_text(json.dumps(expected, indent=2) + "\n")


def main():
    ebg, cast = sys.argv[1:]
    shutil.rmtree(OUT, ignore_errors=True)
    for fork, _ in FORKS:
        with tempfile.TemporaryDirectory() as work:
            record(ebg, cast, fork, Path(work))
    shutil.rmtree(TYPES, ignore_errors=True)
    with tempfile.TemporaryDirectory() as work:
        _, raw, block, _ = build(cast, "fulu", Path(work), every_type=True)
        write_block(TYPES, raw, block)


main()
