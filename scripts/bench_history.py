#!/usr/bin/env python3
"""Measures both ways to keep a chain: only its state, or all of its blocks.

    scripts/bench_history.py [--blocks N]

Captures a running chain of N blocks, thirty days old, each with a transaction that logs, in both ways;
then measures a start, of the history also after `bake --geth`. Prints a table (docs/history.md). Needs geth in PATH, and
`cargo build --release --features e2e --bins --examples`.
"""
import argparse
import json
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "target/release"
HTTP, ENGINE = 18745, 18751
LOGGER, CODE = "0x" + "10" * 20, "0x600035602a60006000a2"


def rpc(method, *params):
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    url = f"http://127.0.0.1:{HTTP}"
    request = urllib.request.Request(url, json.dumps(body).encode(), {"content-type": "application/json"})
    return json.load(urllib.request.urlopen(request))["result"]


def timed(command):
    began = time.monotonic()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return time.monotonic() - began, done.stderr


def geth(data):
    return ["geth", "--datadir", data, "--db.engine=leveldb", "--state.scheme=hash", "--cache=128"]


def size(directory):
    return sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())


def chain(work, blocks):
    """Starts a geth with a chain of `blocks` blocks; returns the process."""
    snapshot, runtime = work / "snapshot", work / "runtime"
    subprocess.run(["cp", "-r", ROOT / "sample", snapshot], check=True)
    subprocess.run(["rm", "-r", snapshot / "baked"], check=True)
    template = snapshot / "el/genesis.template.json"
    genesis = json.loads(template.read_text())
    genesis["alloc"][LOGGER] = {"balance": "0", "code": CODE}
    template.write_text(json.dumps(genesis))
    metadata = {"format": 1, "name": "bench", "chain_id": 271828}
    (snapshot / "metadata.json").write_text(json.dumps(metadata))
    began = str(int(time.time()) - 30 * 24 * 3600)
    subprocess.run([BUILD / "regenesis", "init", snapshot, "--out", runtime, "--timestamp", began],
                   check=True, capture_output=True)
    data = work / "source"
    subprocess.run([*geth(data), "init", runtime / "metadata/genesis.json"], check=True, capture_output=True)
    process = subprocess.Popen(
        [*geth(data), "--gcmode=archive", "--syncmode=full", "--cache.preimages", "--ipcdisable", "--nodiscover",
         "--maxpeers=0", "--port=0", "--http", f"--http.port={HTTP}", "--http.api=eth,debug,web3",
         f"--authrpc.port={ENGINE}", "--authrpc.jwtsecret", runtime / "jwt/jwtsecret"], stderr=subprocess.DEVNULL)
    time.sleep(3)
    subprocess.run([BUILD / "examples/consensus", "past", "--runtime", runtime, "--engine", f"127.0.0.1:{ENGINE}",
                    "--blocks", str(blocks), "--call", LOGGER], check=True, stdout=subprocess.DEVNULL)
    return process


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--blocks", type=int, default=2000)
    blocks = parser.parse_args().blocks
    rows = []
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        process = chain(work, blocks)
        try:
            head = int(rpc("eth_blockNumber"), 16)
            for mode in ("state", "history"):
                took, _ = timed([BUILD / "regenesis", "capture", "--mode", mode, "--el-rpc", f"127.0.0.1:{HTTP}",
                                 "--genesis", work / "runtime/metadata/genesis.json", "--out", work / mode])
                rows.append({"mode": mode, "capture": took, "size": size(work / mode)})
        finally:
            process.terminate()
            process.wait()
        for row in rows:
            mode = row["mode"]
            out, data = work / f"{mode}-runtime", work / f"{mode}-data"
            row["init"], _ = timed([BUILD / "regenesis", "init", work / mode, "--out", out])
            row["geth init"], _ = timed([*geth(data), "init", out / "metadata/genesis.json"])
            row["geth import"] = None
            if mode == "history":
                row["geth import"], said = timed([*geth(data), "--gcmode=archive", "import", out / "metadata/chain.rlp"])
                assert f"number={head} " in said, said
        baked = {"mode": "history, baked", "capture": None, "geth init": None, "geth import": None}
        baked["bake"], _ = timed([BUILD / "regenesis", "bake", work / "history", "--geth", "geth"])
        baked["size"] = size(work / "history")
        data = work / "baked-data"
        baked["init"], said = timed([BUILD / "regenesis", "init", work / "history", "--out", work / "baked-runtime",
                                     "--geth-datadir", data])
        assert "bytes in" in said, said
        rows.append(baked)
    print(f"{head} blocks\n")
    print("| | snapshot | capture | bake | `init` | `geth init` | `geth import` |")
    print("|---|---|---|---|---|---|---|")
    for row in rows:
        times = " | ".join(f"{row[key]:.2f} s" if row.get(key) is not None else "" for key in ("capture", "bake", "init", "geth init", "geth import"))
        print(f"| `{row['mode']}` | {row['size'] / 1e6:.2f} MB | {times} |")


main()
