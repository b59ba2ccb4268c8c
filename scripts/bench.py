#!/usr/bin/env python3
"""Measures complete processes and prints one table. Run it with scripts/bench.sh.

A round runs every way once, so that a busy moment of the machine affects all of them. Times are wall
seconds (minimum, median, maximum of the rounds); memory is the highest peak resident set.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def timed(command):
    """Runs a command; returns wall seconds, processor seconds and peak memory in MiB."""
    # Until it executes its program, a child counts the memory of this process.
    with tempfile.NamedTemporaryFile("r") as used:
        line = ["/usr/bin/time", "--format", "%U %S %M", "--output", used.name, *command]
        start = time.monotonic()
        done = subprocess.run(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        wall = time.monotonic() - start
        if done.returncode != 0:
            sys.exit(f"error: {' '.join(command)}: {done.stderr.decode()}")
        user, system, peak = (float(number) for number in used.read().split())
        return wall, user + system, peak / 1024


def measure(command):
    """Runs a command; returns wall seconds and peak memory in MiB."""
    wall, _, peak = timed(command)
    return wall, peak


def arguments():
    """A parser of the arguments that every benchmark has."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--regenesis", required=True)
    parser.add_argument("--generate", required=True)
    parser.add_argument("--work", required=True, help="directory, on the disk to be measured")
    return parser


class Way:
    """One way of a case, and its measurements."""

    def __init__(self, name, command, before=None):
        self.name, self.command, self.before = name, command, before
        self.walls, self.memory = [], 0.0

    def run(self):
        if self.before:
            self.before()
        wall, memory = measure(self.command)
        self.walls.append(wall)
        self.memory = max(self.memory, memory)

    def median(self):
        return statistics.median(self.walls)

    def row(self, case):
        least, most = min(self.walls), max(self.walls)
        return (
            f"| {case} | {self.name} | {least:.3f} | {self.median():.3f} | {most:.3f}"
            f" | {self.memory:.0f} |"
        )


def ways(args, accounts, validators, first):
    """The ways of a case, in the order in which a round runs them."""
    snapshot = os.path.join(args.work, f"snapshot-{accounts}-{validators}")
    if not os.path.exists(os.path.join(snapshot, "baked")):
        shutil.rmtree(snapshot, ignore_errors=True)
        measure(
            [args.generate, "--accounts", str(accounts), "--validators", str(validators)]
            + ["--out", snapshot]
            + (["--thin"] if accounts >= 1_000_000 else [])
        )
        measure([args.regenesis, "bake", snapshot])
    genesis = os.path.join(snapshot, "el/genesis.template.json")
    out = {way: os.path.join(args.work, f"{way}-{accounts}-{validators}") for way in ("c", "b")}
    computed = Way(
        "init, computed",
        [args.regenesis, "init", "--out", out["c"], "--genesis", genesis]
        + ["--config", os.path.join(snapshot, "cl/config.yaml")]
        + ["--mnemonics", os.path.join(snapshot, "val/mnemonics.yaml")],
    )
    baked = Way("init, baked", [args.regenesis, "init", snapshot, "--out", out["b"]])
    copy = os.path.join(args.work, "copy")
    cp = Way("cp of its files", ["cp", "-r", out["b"] + "/.", copy])
    # A file system that just removed thousands of files is slow: like init, cp overwrites its own files.
    os.makedirs(copy, exist_ok=True)
    sync = Way("cp, and sync", ["sh", "-c", f"cp -r {out['b']}/. {copy} && sync -f {copy}"])
    listed = [computed, baked, cp, sync, Way("sha256sum of the input", ["sha256sum", genesis])]
    if args.geth and first:
        data = os.path.join(args.work, "geth")
        written = os.path.join(out["b"], "metadata/genesis.json")
        command = [args.geth, "--datadir", data, "init", written]
        listed.append(Way("geth init", command, lambda: shutil.rmtree(data, ignore_errors=True)))
    return listed


def numbers(text):
    return [int(number) for number in text.split(",")]


def main():
    parser = arguments()
    parser.add_argument("--geth", help="path of geth; by default geth is not measured")
    parser.add_argument("--accounts", type=numbers, default=[256, 10_000, 100_000, 1_000_000])
    parser.add_argument("--validators", type=numbers, default=[1, 64, 1000])
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {args.rounds} rounds")
    print("\n| accounts, validators | way | min s | median s | max s | peak MiB |")
    print("|---|---|---|---|---|---|")
    ratios = []
    for accounts in args.accounts:
        geth = None
        for validators in args.validators:
            case = f"{accounts:,}, {validators:,}"
            listed = ways(args, accounts, validators, validators == args.validators[0])
            # The first run creates the files and does not count.
            for way in listed[:2]:
                measure(way.command)
            for number in range(args.rounds):
                for way in listed:
                    # geth takes minutes: five rounds are not worth it.
                    if way.name != "geth init" or number < 2:
                        way.run()
            for way in listed:
                print(way.row(case), flush=True)
            computed, baked, cp, sync = listed[:4]
            geth = listed[5] if len(listed) > 5 else geth
            over = (baked.median() - 1.3 * cp.median()) * 1000
            line = (
                f"{case}: baked is {baked.median() / cp.median():.2f} cp"
                f" ({over:+.0f} ms against 1.3 cp), {baked.median() / sync.median():.2f} cp and sync"
            )
            if geth:
                line += (
                    f"; geth init is {geth.median() / computed.median():.1f} computed,"
                    f" {geth.memory / computed.memory:.0f} times its memory"
                )
            ratios.append(line)
    print("\nload now", f"{os.getloadavg()[0]:.1f}")
    print("\n".join(ratios))


if __name__ == "__main__":
    main()
