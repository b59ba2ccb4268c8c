#!/usr/bin/env python3
"""Runs the services of compose/docker-compose.yml, word for word, as processes of this machine, and measures.

    scripts/host_stack.py first-block [--rounds N] [--lead LEAD] [--start-after SECONDS] [--without-watch]
    scripts/host_stack.py idle-day [--minutes N]

`first-block` prints a table of starts of one stack, which keeps its directories: the lead learns from the
starts before. With --without-watch nothing is recorded, and the lead stays a guess.

`idle-day` lets a chain run without transactions, and extrapolates to a day: the log of each container, as
Docker's json-file driver stores it, and the data of each volume. The suite's client ignores --debug-level: of
its lines, only those count that Lighthouse's level would show.

geth is real. The suite's own consensus client (e2e/consensus) replaces Lighthouse; it is up --start-after
seconds after its start. Needs no Docker. BUILD names the directory of the programs regenesis
and examples/consensus; by default they are built.
"""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HTTP, WS, ENGINE, BEACON = 23545, 23546, 23551, 23052
PORTS = {"el:8545": HTTP, "el:8551": ENGINE, "cl:5052": BEACON}
OWN_PORTS = {
    "el": [f"--http.port={HTTP}", f"--ws.port={WS}", f"--authrpc.port={ENGINE}", "--port=0",
           "--http.addr=127.0.0.1", "--authrpc.addr=127.0.0.1"],
    "cl": [f"--http-port={BEACON}"],
}
CLIENTS = ["el", "cl", "vc"]
DAY = 24 * 3600


def services():
    """Arguments and environment of each service, as `regenesis compose` writes them."""
    found, service, part = {}, None, None
    for line in (ROOT / "compose/docker-compose.yml").read_text().splitlines():
        if line.startswith("volumes:"):
            break
        if name := re.fullmatch(r"  (\w+):", line):
            service = found.setdefault(name[1], {"arguments": [], "environment": {}})
        elif key := re.match(r"    (\w+):", line):
            part = key[1]
        elif part == "command" and (word := re.fullmatch(r'      - (".*")', line)):
            service["arguments"].append(plain(word[1]))
        elif part == "environment" and (entry := re.fullmatch(r'      (\w+): (".*")', line)):
            service["environment"][entry[1]] = plain(entry[2])
    return found


def plain(quoted):
    """The text of a YAML string, with the defaults of its variables."""
    text = re.sub(r"\$\{(\w+):-([^}]*)\}", lambda found: os.environ.get(found[1]) or found[2], json.loads(quoted))
    return text.replace("$$", "$")


class Stack:
    """The services, with their directories in `work`."""

    def __init__(self, work, start_after, watch):
        self.work, self.processes = work, {}
        self.runtime, self.data, self.logs = work / "runtime", work / "data", work / "logs"
        self.services = services()
        self.clients = CLIENTS + (["watch"] if watch else [])
        build = os.environ.get("BUILD")
        if not build:
            subprocess.run(["cargo", "build", "--quiet", "--features", "e2e", "--bins", "--example", "consensus"],
                           cwd=ROOT, check=True)
            build = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"
        self.program = Path(build).resolve() / "regenesis"
        geth = subprocess.run([ROOT / "scripts/install_geth.sh"], check=True, capture_output=True, text=True).stdout
        bin_ = work / "bin"
        for directory in [bin_, self.logs, *(self.data / name for name in CLIENTS)]:
            directory.mkdir(parents=True)
        (bin_ / "geth").symlink_to(geth.strip())
        (bin_ / "lighthouse").symlink_to(Path(build).resolve() / "examples/consensus")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("REGENESIS_")}
        self.environment = kept | {"PATH": f"{bin_}:{os.environ['PATH']}", "CONSENSUS_START_AFTER": str(start_after),
                                   "REGENESIS_OUT": str(self.runtime), "REGENESIS_RUNTIME": str(self.runtime)}

    def here(self, text, service):
        """The text with this machine's directories and ports for those of the containers."""
        roots = {"runtime": self.runtime, "data": self.data / service if service in CLIENTS else self.data}
        text = re.sub(r'/(runtime|data)(?=[/,"]|$)', lambda found: str(roots[found[1]]), text)
        for address, port in PORTS.items():
            text = text.replace(f"//{address}", f"//127.0.0.1:{port}")
        return text

    def command(self, service):
        found = self.services[service]
        arguments = [self.here(word, service) for word in found["arguments"]] + OWN_PORTS.get(service, [])
        environment = {name: self.here(value, service) for name, value in found["environment"].items()}
        return [self.program, *arguments], self.environment | environment

    def init(self, lead):
        """Runs `init`; what it printed."""
        command, environment = self.command("init")
        done = subprocess.run(command, env=environment | {"REGENESIS_LEAD": lead}, capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr)
        return done.stderr

    def start(self):
        for service in self.clients:
            command, environment = self.command(service)
            with open(self.logs / service, "ab") as log:
                self.processes[service] = subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    def stop(self):
        for process in reversed(self.processes.values()):
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = {}

    def check(self):
        for service, process in self.processes.items():
            if process.poll() is not None:
                log = (self.logs / service).read_text(errors="replace")
                sys.exit(f"{service} has ended:\n{log[-2000:]}")


def ask(url, body=None):
    """The answer as JSON; `None` without one."""
    request = urllib.request.Request(url, body and json.dumps(body).encode(), {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=2) as answer:
            return json.load(answer)
    except (OSError, ValueError):
        return None


def block(number):
    """Number and timestamp of a block of geth; `None` without it."""
    call = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": [number, False]}
    found = (ask(f"http://127.0.0.1:{HTTP}", call) or {}).get("result")
    return found and (int(found["number"], 16), int(found["timestamp"], 16))


def is_ready():
    return block("0x0") and ask(f"http://127.0.0.1:{BEACON}/eth/v1/beacon/genesis")


def wait_for_block(stack, began, limit=120):
    """Seconds from `began` until the clients answered, and until block 1; and the timestamp of that block."""
    ready = None
    while time.monotonic() - began < limit:
        stack.check()
        if not ready and is_ready():
            ready = time.monotonic() - began
        if first := block("0x1"):
            return ready, time.monotonic() - began, first[1]
        time.sleep(0.05)
    sys.exit(f"no block in {limit} s")


def first_block(stack, arguments):
    load = os.getloadavg()[0]
    print(f"Clients: geth, and e2e/consensus, up {arguments.start_after} s after its start; "
          f"{'no watch' if arguments.without_watch else 'with watch'}; {os.cpu_count()} cores, load {load:.1f}.\n")
    print("| start | lead, s | clients ready, s | first block, s | slot | lost | why this lead |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for number in range(1, arguments.rounds + 1):
        began = time.monotonic()
        said = stack.init(arguments.lead)
        line = re.search(r"lead (\d+) s: (.*)", said)
        summary = json.loads((stack.runtime / "regenesis.json").read_text())
        stack.start()
        ready, first, timestamp = wait_for_block(stack, began)
        slot = (timestamp - summary["cl"]["genesis_time"]) // 2
        lead, why = line.groups() if line else ("", "")
        print(f"| {number} | {lead} | {ready:.1f} | {first:.1f} | {slot} | {slot - 1} | {why} |", flush=True)
        # watch looks once a second.
        time.sleep(2.5)
        stack.stop()


def framed(log, arguments):
    """Lines of a log, and their bytes in Docker's json-file."""
    lines = log.read_text(errors="replace").splitlines(keepends=True)
    if "--debug-level=error" in arguments:
        lines = [line for line in lines if not re.search(r" (INFO|WARN) ", line)]
    frame = len('{"log":,"stream":"stderr","time":"2026-01-01T00:00:00.000000000Z"}\n')
    return len(lines), sum(len(json.dumps(line, ensure_ascii=False).encode()) + frame for line in lines)


def size(directory):
    files = (file.stat() for file in directory.rglob("*") if file.is_file() and not file.is_symlink())
    return sum(file.st_blocks * 512 for file in files)


def idle_day(stack, arguments):
    stack.init("auto")
    stack.start()
    wait_for_block(stack, time.monotonic())
    time.sleep(30)
    places = {"el": stack.data / "el", "cl": stack.data / "cl", "vc": stack.data / "vc", "runtime": stack.runtime}

    def measure():
        logs = {name: framed(stack.logs / name, stack.services[name]["arguments"]) for name in stack.clients}
        return time.monotonic(), block("latest")[0], logs, {name: size(place) for name, place in places.items()}
    before = measure()
    end = time.monotonic() + 60 * arguments.minutes
    while time.monotonic() < end:
        stack.check()
        time.sleep(1)
    after = measure()
    took, blocks = after[0] - before[0], after[1] - before[1]
    stack.stop()
    print(f"{blocks} blocks in {took:.0f} s, extrapolated to a day ({DAY / took:.0f} times).\n")
    print("| service | lines a day | container log, MB a day | volume after 30 s, MB | growth, MB a day |")
    print("|---|---|---|---|---|")
    total = 0
    for name in [*CLIENTS, "watch", "runtime"]:
        cells = ["", ""]
        if name in before[2]:
            lines, volume = (late - early for late, early in zip(after[2][name], before[2][name]))
            total += volume
            cells = [f"{lines * DAY / took:.0f}", f"{volume / 1e6 * DAY / took:.1f}"]
        if name in places:
            early, late = before[3][name], after[3][name]
            cells += [f"{early / 1e6:.1f}", f"{(late - early) / 1e6 * DAY / took:.0f}"]
        else:
            cells += ["", ""]
        print(f"| {name} | {' | '.join(cells)} |")
    print(f"\nAll container logs: {total / 1e6 * DAY / took:.1f} MB a day.")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    starts = verbs.add_parser("first-block")
    starts.add_argument("--rounds", type=int, default=4)
    starts.add_argument("--lead", default="auto")
    starts.add_argument("--start-after", default="0")
    starts.add_argument("--without-watch", action="store_true")
    verbs.add_parser("idle-day").add_argument("--minutes", type=float, default=10)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        measures = arguments.verb == "first-block"
        stack = Stack(Path(work), arguments.start_after if measures else 0,
                      not (measures and arguments.without_watch))
        try:
            (first_block if measures else idle_day)(stack, arguments)
        finally:
            stack.stop()


main()
