#!/usr/bin/env python3
"""Measures the genesis state of a list of validators. Run it with scripts/bench_validators.sh.

Under the name of eth-beacon-genesis' program, regenesis gets its command line, and must write the same state.
`init` writes all files of a genesis without keystores. A round runs each way once, so that a busy moment of
the machine affects all of them.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys

from bench import timed

ROOT = pathlib.Path(__file__).resolve().parent.parent
VECTOR = ROOT / "tests/vectors/fulu-mainnet-01"
PHRASE = "test test test test test test test test test test test junk"
NAME = "eth-genesis-state-generator"


class Way:
    """A command and its measurements: wall seconds, processor seconds, peak memory in MiB."""

    def __init__(self, name, command):
        self.name, self.command, self.runs = name, command, []

    def run(self):
        self.runs.append(timed(self.command))

    def median(self, column):
        return statistics.median(run[column] for run in self.runs)

    def row(self):
        walls = [run[0] for run in self.runs]
        return (
            f"| {self.name} | {min(walls):.2f} | {self.median(0):.2f} | {max(walls):.2f}"
            f" | {self.median(1):.2f} | {max(run[2] for run in self.runs):.0f} |"
        )


def listed(work, regenesis, count):
    """The list of validators, written once."""
    path = work / f"validators-{count}.txt"
    if not path.exists():
        command = [regenesis, "keys", "pubkeys", "--validators-mnemonic", PHRASE]
        keys = subprocess.run(
            [*command, "--source-max", str(count)], check=True, capture_output=True, text=True
        )
        credentials = "0x01" + "00" * 11 + "11" * 20
        path.write_text("".join(f"{key}:{credentials}\n" for key in keys.stdout.split()))
    return path


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--regenesis", required=True)
    parser.add_argument("--reference", help="eth-genesis-state-generator; without it, regenesis alone")
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--validators", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    validators = listed(args.work, args.regenesis, args.validators)
    # The program acts as the tool whose name it has.
    named = args.work / NAME
    named.unlink(missing_ok=True)
    named.symlink_to(pathlib.Path(args.regenesis).resolve())
    out = args.work / "init-validators"
    init = [args.regenesis, "init", "--genesis", str(VECTOR / "genesis.json")]
    init += ["--config", str(VECTOR / "config.yaml"), "--validators", str(validators)]
    init += ["--layout", "egg", "--out", str(out)]
    ways, states = [Way("regenesis init", init)], []
    for name, program in [("regenesis, the state", str(named)), ("eth-beacon-genesis", args.reference)]:
        if program:
            state = args.work / f"state-{len(states)}.ssz"
            command = [program, "beaconchain", "--quiet", "--eth1-config", str(VECTOR / "genesis.json")]
            command += ["--config", str(VECTOR / "config.yaml"), "--state-output", str(state)]
            command += ["--additional-validators", str(validators)]
            ways.append(Way(name, command))
            states.append(state)
    for way in ways:
        # The first run reads the files from the disk and does not count.
        way.run()
        way.runs.clear()
    if len({state.read_bytes() for state in states}) != 1:
        sys.exit("error: the states differ")
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(f"{args.validators:,} validators, {cores} cores, load {load:.1f}, {args.rounds} rounds")
    print("\n| program | min s | median s | max s | processor s | peak MiB |")
    print("|---|---|---|---|---|---|")
    for _ in range(args.rounds):
        for way in ways:
            way.run()
    for way in ways:
        print(way.row())
    if args.reference:
        wall, processor = (ways[1].median(column) / ways[2].median(column) for column in (0, 1))
        print(f"\nregenesis takes {wall:.2f} of the reference's time, {processor:.2f} of its processor time")


if __name__ == "__main__":
    main()
