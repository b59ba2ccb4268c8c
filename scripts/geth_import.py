#!/usr/bin/env python3
"""Measures the cost of a large genesis at every boot of geth, and the ways around it.

Ways: `geth init` and `--override.genesis`, hash and path scheme, and a prebuilt datadir: the state of
a genesis does not depend on its time, so a datadir is created once and copied, and only its genesis
block is written again with `geth db put`. Every way ends the same: geth answers, block 0 has the hash
that regenesis computed, and geth builds and accepts block 1 on it through the Engine API.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request

ENGINE = 18551
ZERO = "0x" + "00" * 32
# Key of the hash of block 0 (geth: core/rawdb/schema.go).
GENESIS = b"h" + bytes(8) + b"n"
# The flags of regenesis compose, and geth's defaults: flags of every use, and of a running geth.
STORES = {
    "hash, leveldb": (["--state.scheme=hash", "--db.engine=leveldb"], ["--gcmode=archive"]),
    "path, pebble": (["--state.scheme=path", "--db.engine=pebble"], []),
}


def rlp(item):
    """RLP of bytes and lists of them (Yellow Paper, appendix B)."""
    if isinstance(item, list):
        payload, short = b"".join(map(rlp, item)), 0xC0
    elif len(item) == 1 and item[0] < 0x80:
        return item
    else:
        payload, short = item, 0x80
    if len(payload) < 56:
        return bytes([short + len(payload)]) + payload
    size = len(payload).to_bytes((len(payload).bit_length() + 7) // 8, "big")
    return bytes([short + 55 + len(size)]) + size + payload


def fields(header):
    """The fields of a header's RLP, which are all strings."""
    at = 1 if header[0] < 0xF8 else header[0] - 0xF7 + 1
    found = []
    while at < len(header):
        first = header[at]
        if first < 0x80:
            found.append(header[at : at + 1])
            at += 1
            continue
        wide = max(first - 0xB7, 0)
        size = int.from_bytes(header[at + 1 : at + 1 + wide], "big") if wide else first - 0x80
        found.append(header[at + 1 + wide : at + 1 + wide + size])
        at += 1 + wide + size
    return found


class Geth:
    """geth with one datadir, and the flags that every use of it shares."""

    def __init__(self, program, data, store):
        self.program, self.data = program, data
        flags, self.running = STORES[store]
        self.common = ["--datadir", data, *flags]
        self.peak = 0

    def run(self, *arguments):
        with open(self.data + ".out", "w+") as out, open(self.data + ".log", "w") as log:
            process = subprocess.Popen([self.program, *arguments], stdout=out, stderr=log)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if status:
                sys.exit(f"error: geth {' '.join(arguments)[:200]}: see {self.data}.log")
            self.peak = max(self.peak, used.ru_maxrss)
            out.seek(0)
            return out.read()

    def init(self, genesis):
        self.run("init", *self.common, genesis)

    def put(self, key, value):
        self.run("db", "put", *self.common, "0x" + key.hex(), "0x" + value.hex())

    def get(self, key):
        return bytes.fromhex(self.run("db", "get", *self.common, "0x" + key.hex()).split("0x")[-1])

    def start(self, jwt, chain_id, extra=()):
        """A running geth, and its output."""
        flags = ["--networkid", str(chain_id), "--nodiscover", "--maxpeers=0", "--ipcdisable"]
        flags += [f"--authrpc.port={ENGINE}", "--port=0", f"--authrpc.jwtsecret={jwt}", *extra]
        with open(self.data + ".log", "w") as log:
            command = [self.program, *self.common, *self.running, *flags]
            return subprocess.Popen(command, stderr=log, stdout=log)


def call(method, params, secret):
    """Calls the Engine API, which also serves the methods of other namespaces that this needs."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    encode = lambda raw: base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    parts = [{"alg": "HS256", "typ": "JWT"}, {"iat": int(time.time())}]
    token = ".".join(encode(json.dumps(part).encode()) for part in parts)
    signature = encode(hmac.new(secret, token.encode(), hashlib.sha256).digest())
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}.{signature}"}
    request = urllib.request.Request(f"http://127.0.0.1:{ENGINE}", body, headers)
    answer = json.load(urllib.request.urlopen(request, timeout=120))
    if "error" in answer:
        sys.exit(f"error: {method}: {answer['error']}")
    return answer["result"]


def proves(process, summary, jwt):
    """Waits until geth answers; returns seconds since the call. Then has it build block 1."""
    start = time.monotonic()
    secret = bytes.fromhex(open(jwt).read().strip().removeprefix("0x"))
    while True:
        if process.poll() is not None:
            sys.exit("error: geth exited; its log is next to its datadir")
        try:
            block = call("eth_getBlockByNumber", ["0x0", False], secret)
            break
        except OSError:
            time.sleep(0.02)
    ready = time.monotonic() - start
    assert block["hash"] == summary["el"]["block_hash"], (block["hash"], summary["el"])
    assert block["stateRoot"] == summary["el"]["state_root"]
    attributes = {
        "timestamp": hex(int(block["timestamp"], 16) + 12),
        "prevRandao": ZERO,
        "suggestedFeeRecipient": "0x" + "00" * 20,
        "withdrawals": [],
        "parentBeaconBlockRoot": ZERO,
    }
    state = dict.fromkeys(("headBlockHash", "safeBlockHash", "finalizedBlockHash"), block["hash"])
    updated = call("engine_forkchoiceUpdatedV3", [state, attributes], secret)
    time.sleep(0.5)
    built = call("engine_getPayloadV5", [updated["payloadId"]], secret)
    payload = [built["executionPayload"], [], ZERO, built["executionRequests"]]
    status = call("engine_newPayloadV4", payload, secret)
    assert status["status"] == "VALID", status
    return ready


def rewrite(geth, template, summary, config):
    """Gives a copied datadir the genesis block of `summary`: the old one with another time."""
    header = fields(template)
    moment = summary["el"]["timestamp"]
    header[11] = int(moment).to_bytes((int(moment).bit_length() + 7) // 8, "big")
    block = bytes.fromhex(summary["el"]["block_hash"][2:])
    number = bytes(8)
    body = rlp([[], [], []]) if len(header) > 16 else rlp([[], []])
    geth.put(b"h" + number + block, rlp(header))
    geth.put(b"b" + number + block, body)
    geth.put(b"r" + number + block, rlp([]))
    geth.put(b"H" + block, number)
    geth.put(b"ethereum-config-" + block, config)
    for head in (b"LastBlock", b"LastFast", b"LastHeader"):
        geth.put(head, block)
    # Last: it makes the genesis valid.
    geth.put(GENESIS, block)


def prebuild(geth, summary, genesis):
    """Creates the datadir once, and removes its genesis block from the chain."""
    geth.init(genesis)
    block = bytes.fromhex(summary["el"]["block_hash"][2:])
    header = geth.get(b"h" + bytes(8) + block)
    # geth opens no database whose head differs from its only block.
    geth.run("db", "delete", *geth.common, "0x" + GENESIS.hex())
    return header


def size(directory):
    walk = os.walk(directory)
    return sum(os.stat(os.path.join(at, name)).st_blocks * 512 for at, _, all in walk for name in all)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--regenesis", required=True)
    parser.add_argument("--geth", required=True)
    parser.add_argument("--work", required=True, help="directory, on the disk to be measured")
    parser.add_argument("snapshot", nargs="+", help="baked, in fulu (the sample, scripts/bench.sh)")
    args = parser.parse_args()
    print("| snapshot | way | before geth s | until geth answers s | total s | datadir MiB | peak MiB |")
    print("|---|---|---|---|---|---|---|")
    for snapshot in args.snapshot:
        measure(args, snapshot)


def measure(args, snapshot):
    out = os.path.join(args.work, "runtime")
    data = os.path.join(args.work, "data")
    genesis, jwt = os.path.join(out, "metadata/genesis.json"), os.path.join(out, "jwt/jwtsecret")

    def fresh():
        """Stamps a fresh genesis and removes the datadir."""
        shutil.rmtree(data, ignore_errors=True)
        command = [args.regenesis, "init", snapshot, "--out", out, "--json"]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    def row(way, geth, prepare, summary, extra=()):
        start = time.monotonic()
        prepare()
        before = time.monotonic() - start
        process = geth.start(jwt, summary["chain_id"], extra)
        try:
            answers = proves(process, summary, jwt)
            with open(f"/proc/{process.pid}/status") as status:
                peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
        finally:
            process.terminate()
            process.wait()
        peak = max(peak, geth.peak)
        name = os.path.basename(os.path.normpath(snapshot))
        print(
            f"| {name} | {way} | {before:.1f} | {answers:.1f} | {before + answers:.1f}"
            f" | {size(data) >> 20} | {peak >> 10} |",
            flush=True,
        )

    for number, store in enumerate(STORES):
        geth = Geth(args.geth, data, store)
        row(f"init, {store}", geth, lambda: geth.init(genesis), fresh())
        geth = Geth(args.geth, data, store)
        override = [f"--override.genesis={genesis}"]
        row(f"--override.genesis, {store}", geth, lambda: None, fresh(), override)
        geth = Geth(args.geth, data, store)
        row("the same, --cache=8192", geth, lambda: None, fresh(), [*override, "--cache=8192"])
        template = os.path.join(args.work, f"template-{number}")
        shutil.rmtree(template, ignore_errors=True)
        found = prebuild(Geth(args.geth, template, store), fresh(), genesis)
        time.sleep(1)
        summary = fresh()
        with open(genesis) as written:
            config = json.dumps(json.load(written)["config"]).encode()
        geth = Geth(args.geth, data, store)

        def prebuilt():
            shutil.copytree(template, data, copy_function=shutil.copyfile)
            rewrite(geth, found, summary, config)

        row(f"prebuilt, {store}", geth, prebuilt, summary)
        shutil.rmtree(template)


main()
