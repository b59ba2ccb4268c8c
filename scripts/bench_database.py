#!/usr/bin/env python3
"""Measures how long geth takes to answer on a new genesis, and prints one table. Run it with
`scripts/bench.sh --database`.

Ways: `geth init` and a start; `init --geth-datadir` from a snapshot with geth's database, and a start; the
same from loose files, so that `init` computes the database; `capture --datadir` of the stopped geth, `init`
and a start. Beside them the bakes without and with the database. A round runs every way once. The last lines
compare the ways with `geth init`.

`--no-import` runs only the bake with the database and a start from it, for a state that is too large for
`geth init`, and removes files that no later way needs. 10 million accounts need 24 GB of disk. Each
measurement also goes to standard error at once, so that a run that is stopped loses none.

`--stopped DIR` measures only the capture of this stopped geth, which must have leveldb and the hash scheme,
`init` and a start, and prints the size of both databases. To compare two programs on one directory, run it
once with each as `--regenesis`.
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

from bench import arguments, measure

GETH = ["--db.engine=leveldb", "--state.scheme=hash", "--gcmode=archive", "--cache=64", "--verbosity=2"]
OFFLINE = ["--ipcdisable", "--nodiscover", "--maxpeers=0", "--port=0"]


def free_ports(count):
    """Free ports, all different."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def answers(geth, data, block_hash, stop=False):
    """Starts geth on a data directory; returns seconds until it has this block 0, and its peak in MiB. With
    `stop`, geth writes all that it has in memory."""
    http, engine = free_ports(2)
    call = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["latest", False]}
    head = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{http}", json.dumps(call).encode(), head)
    command = [geth, "--datadir", data, *GETH, *OFFLINE, "--http", f"--http.port={http}"]
    start = time.monotonic()
    with open(f"{data}.log", "wb") as log:
        process = subprocess.Popen([*command, f"--authrpc.port={engine}"], stdout=log, stderr=log)
    try:
        while True:
            if process.poll() is not None or time.monotonic() - start > 600:
                sys.exit(f"error: geth does not answer: see {data}.log")
            try:
                with urllib.request.urlopen(request, timeout=5) as answer:
                    found = json.load(answer)["result"]["hash"]
                break
            except OSError:
                time.sleep(0.01)
        wall = time.monotonic() - start
        if found != block_hash:
            sys.exit(f"error: geth has block {found}, expected {block_hash}")
        return wall, peak_of(process.pid)
    finally:
        if stop:
            process.terminate()
        else:
            process.kill()
        process.wait()


def peak_of(process):
    """Peak resident set of a running process in MiB."""
    with open(f"/proc/{process}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


class Case:
    """The ways for one number of accounts."""

    def __init__(self, args, accounts):
        self.args, self.accounts = args, accounts
        at = lambda name: os.path.join(args.work, f"database-{name}")
        self.snapshot, self.runtime, self.data = at(f"snapshot-{accounts}"), at("runtime"), at("geth")
        self.stopped, self.captured = at("stopped"), at("captured")
        if accounts and not os.path.exists(self.snapshot):
            # A run that is killed leaves no part of a snapshot under its name.
            measure(
                [args.generate, "--accounts", str(accounts), "--validators", "1"]
                + ["--out", at("new")]
                + (["--thin"] if accounts >= 1_000_000 else [])
            )
            os.rename(at("new"), self.snapshot)

    def bake(self, choice):
        return measure([self.args.regenesis, "bake", "--geth-datadir", choice, self.snapshot])

    def init(self, *more, source=None):
        shutil.rmtree(self.data, ignore_errors=True)
        source = source or [self.snapshot]
        took = measure([self.args.regenesis, "init", *source, "--out", self.runtime, *more])
        with open(os.path.join(self.runtime, "regenesis.json")) as summary:
            return took, json.load(summary)["el"]["block_hash"]

    def imported(self):
        """init, `geth init`, start: the seconds of each step, and their memory."""
        init, block_hash = self.init()
        genesis = os.path.join(self.runtime, "metadata/genesis.json")
        imported = measure([self.args.geth, "--datadir", self.data, *GETH, "init", genesis])
        steps = [init, imported, answers(self.args.geth, self.data, block_hash, stop=True)]
        shutil.rmtree(self.stopped, ignore_errors=True)
        os.rename(self.data, self.stopped)
        return steps

    def stamped(self):
        """init with the database, start."""
        init, block_hash = self.init("--geth-datadir", self.data)
        return [init, answers(self.args.geth, self.data, block_hash)]

    def computed(self):
        """init without a bake, which computes the database; start."""
        files = {
            "genesis": "el/genesis.template.json",
            "config": "cl/config.yaml",
            "mnemonics": "val/mnemonics.yaml",
        }
        source = [
            word
            for name, file in files.items()
            for word in (f"--{name}", os.path.join(self.snapshot, file))
        ]
        init, block_hash = self.init("--geth-datadir", self.data, source=source)
        return [init, answers(self.args.geth, self.data, block_hash)]

    def captured_again(self):
        """capture of the directory that `geth init` made and geth was stopped in; init, start."""
        shutil.rmtree(self.captured, ignore_errors=True)
        regenesis = self.args.regenesis
        capture = measure([regenesis, "capture", "--datadir", self.stopped, "--out", self.captured])
        init, block_hash = self.init("--geth-datadir", self.data, source=[self.captured])
        return [capture, init, answers(self.args.geth, self.data, block_hash)]

    def clear(self):
        """Removes what the next way writes again."""
        for path in (self.runtime, self.data):
            shutil.rmtree(path, ignore_errors=True)

    def database_size(self):
        """Bytes of the baked database, and of the genesis."""
        genesis = os.path.join(self.snapshot, "el/genesis.template.json")
        return size(os.path.join(self.snapshot, "baked/geth")), os.path.getsize(genesis)

    def sizes(self):
        """Bytes of the captured database, and of its copy."""
        return size(os.path.join(self.stopped, "geth/chaindata")), size(os.path.join(self.captured, "el/geth"))


def size(place):
    """Bytes of the files in a directory."""
    return sum(entry.stat().st_size for entry in os.scandir(place) if entry.is_file())


# Bytes of disk for each account: its entry, three times its part of the database, and the files that sort it.
DISK = 2400
IMPORT = "init, `geth init`, geth answers"
BAKE = "bake with the database"
STAMP = "init with the database, geth answers"
COMPUTE = "init without a bake, geth answers"
CAPTURE = "capture --datadir, init, geth answers"


def row(source, way, rounds):
    """A row of the table: `rounds` has the steps of each round, with seconds and MiB."""
    sums = [sum(wall for wall, _ in steps) for steps in rounds]
    middle = rounds[sums.index(statistics.median_low(sums))]
    parts = " + ".join(f"{wall:.2f}" for wall, _ in middle) if len(middle) > 1 else ""
    memory = " + ".join(f"{max(peak for _, peak in step):.0f}" for step in zip(*rounds))
    print(
        f"| {source} | {way} | {min(sums):.2f} | {statistics.median_low(sums):.2f} | {max(sums):.2f}"
        f" | {parts} | {memory} |",
        flush=True,
    )


def compare(accounts, rounds):
    """How often each way is as fast as `geth init`, by medians; and the memory of its regenesis."""
    middle = lambda walls: statistics.median_low(list(walls))
    whole = lambda way: middle(sum(wall for wall, _ in steps) for steps in rounds[way])
    own = lambda way: max(steps[0][1] for steps in rounds[way])
    of_geth = [steps[1] for steps in rounds[IMPORT]]
    took, memory = middle(wall for wall, _ in of_geth), max(peak for _, peak in of_geth)
    faster, less = took / whole(BAKE), memory / own(BAKE)
    lines = [f"a bake is {faster:.0f} times as fast as `geth init`, with 1/{less:.0f} of its memory"]
    for way in (STAMP, COMPUTE):
        lines.append(f"{way}: {whole(IMPORT) / whole(way):.0f} times as soon, init {own(way):.0f} MiB")
    return f"- {accounts:,}: " + "; ".join(lines)


def measured(case, ways):
    """All rounds of the ways, by way."""
    rounds = {way: [] for way in ways}
    for _ in range(case.args.rounds):
        for way, work in ways.items():
            rounds[way].append(work())
            print(f"{way}: {rounds[way][-1]}", file=sys.stderr, flush=True)
            if case.args.no_import:
                case.clear()
    return rounds


def main():
    parser = arguments()
    parser.add_argument("--geth", required=True)
    parser.add_argument("--accounts", default="256,10000,100000", help="add 1000000 for an hour")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-import", action="store_true", help="only the bake and a start from it")
    parser.add_argument("--stopped", help="only the capture of this stopped geth, and a start from it")
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {args.rounds} rounds")
    print("\n| accounts | way | min s | median s | max s | steps of the median | peak MiB |")
    print("|---|---|---|---|---|---|---|")
    comparisons = []
    if args.stopped:
        case = Case(args, 0)
        case.stopped = args.stopped
        row(args.stopped, CAPTURE, measured(case, {CAPTURE: case.captured_again})[CAPTURE])
        database, copy = (size / 1e6 for size in case.sizes())
        print(f"\n- database {database:.0f} MB, its copy {copy:.0f} MB: {database - copy:.0f} MB less")
        return
    for accounts in map(int, args.accounts.split(",")):
        free = shutil.disk_usage(args.work).free
        if args.no_import and free < accounts * DISK:
            sys.exit(
                f"error: {accounts:,} accounts need {accounts * DISK / 1e9:.0f} GB of disk,"
                f" {args.work} has {free / 1e9:.0f}: choose a larger disk with BENCH_DIR"
            )
        case = Case(args, accounts)
        ways = {
            "bake": lambda: [case.bake("no")],
            IMPORT: case.imported,
            BAKE: lambda: [case.bake("yes")],
            STAMP: case.stamped,
            COMPUTE: case.computed,
            CAPTURE: case.captured_again,
        }
        if args.no_import:
            ways = {way: ways[way] for way in (BAKE, STAMP)}
        rounds = measured(case, ways)
        for way, steps in rounds.items():
            row(f"{accounts:,}", way, steps)
        database, genesis = (size / 1e6 for size in case.database_size())
        sizes = f"{accounts:,}: genesis.json {genesis:.0f} MB, database {database:.0f} MB"
        comparisons.append(f"- {sizes}" if args.no_import else compare(accounts, rounds) + f"; {sizes}")
    print("\n" + "\n".join(comparisons))
    print("\nload now", f"{os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
