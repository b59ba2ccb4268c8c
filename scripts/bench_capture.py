#!/usr/bin/env python3
"""Compares captures of a geth with preimages with curl, which requests the same pages one after the other
and keeps them. Run it with scripts/bench_capture.sh; rounds and table are those of bench.py.
"""

import os
import shutil
import subprocess
import sys
import time
import urllib.request

from bench import Way, arguments, measure

# A page ends with the cursor of the next page: only that is read.
PAGES = r"""
start=0x
while [ -n "$start" ]; do
  curl -sf -o page -H 'content-type: application/json' "$1" --data \
    '{"jsonrpc":"2.0","id":1,"method":"debug_accountRange","params":["0x0","'"$start"'",256,false,false,true]}' || exit 1
  start=$(tail -c 200 page | sed -n 's/.*"next":"\([^"]*\)".*/\1/p')
  cat page >> pages
done
"""


def answers(url):
    """Whether a node answers."""
    body = b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}'
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def genesis(args):
    """A genesis with `accounts` accounts."""
    snapshot = os.path.join(args.work, f"capture-{args.accounts}")
    runtime = os.path.join(args.work, f"capture-{args.accounts}-runtime")
    if not os.path.exists(os.path.join(runtime, "regenesis.json")):
        shutil.rmtree(snapshot, ignore_errors=True)
        count = ["--accounts", str(args.accounts), "--validators", "64"]
        measure([args.generate, *count, "--thin", "--out", snapshot])
        measure([args.regenesis, "init", snapshot, "--out", runtime])
    return os.path.join(runtime, "metadata/genesis.json")


def main():
    parser = arguments()
    parser.add_argument("--geth", required=True)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--port", type=int, default=18545)
    args = parser.parse_args()
    regenesis = os.path.abspath(args.regenesis)
    data = os.path.join(args.work, "capture-geth")
    shutil.rmtree(data, ignore_errors=True)
    preimages = [args.geth, "--datadir", data, "--cache.preimages"]
    measure([*preimages, "init", genesis(args)])
    offline = ["--ipcdisable", "--nodiscover", "--maxpeers", "0", "--port", "0", "--authrpc.port", "0"]
    http = ["--http", "--http.port", str(args.port), "--http.api", "eth,net,web3,debug"]
    log = open(os.path.join(args.work, "capture-geth.log"), "w")
    node = subprocess.Popen([*preimages, *offline, *http], stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{args.port}"
        for _ in range(600):
            if answers(url):
                break
            if node.poll() is not None:
                sys.exit(f"error: geth exited: see {log.name}")
            time.sleep(0.1)
        run(args, regenesis, url)
    finally:
        node.terminate()
        node.wait()


def run(args, regenesis, url):
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {args.rounds} rounds")
    print("\n| accounts | way | min s | median s | max s | peak MiB |")
    print("|---|---|---|---|---|---|")
    place = os.path.join(args.work, "capture")

    def fresh():
        shutil.rmtree(place, ignore_errors=True)
        os.makedirs(place)

    out = os.path.join(place, "out")
    captured = Way("capture", [regenesis, "capture", "--el-rpc", url, "--out", out], fresh)
    pages = Way("curl", ["sh", "-c", f"cd {place} && set -- {url}\n{PAGES}"], fresh)
    for _ in range(args.rounds):
        pages.run()
        size = os.path.getsize(os.path.join(place, "pages"))
        captured.run()
    for way in (pages, captured):
        print(way.row(f"{args.accounts:,}"))
    print(f"\npages: {size / 1e6:.0f} MB; load now {os.getloadavg()[0]:.1f}")
    print(f"capture is {captured.median() / pages.median():.2f} curl, in {captured.memory:.0f} MiB")


main()
