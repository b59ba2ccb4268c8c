#!/usr/bin/env python3
"""Measures restores of archives of several sizes; scripts/bench_restore.sh calls it."""
import argparse
import functools
import http.server
import os
import random
import shutil
import subprocess
import threading
import time
from pathlib import Path

FILES = 16


def measured(command):
    """Runs a command; returns seconds, those of a core, and the peak memory of its largest process in MB."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command}: {error.decode()}")
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def snapshot(directory, megabytes):
    """Files: half of their bytes are random, and half repeat."""
    random.seed(megabytes)
    (directory / "data").mkdir(parents=True)
    (directory / "metadata.json").write_text('{"format": 1, "name": "bench", "chain_id": 1}')
    for number in range(FILES):
        with open(directory / f"data/{number}", "wb") as file:
            for _ in range(max(1, megabytes // FILES)):
                part = random.randbytes(1 << 15)
                for _ in range(16):
                    file.write(part + random.randbytes(1 << 15))


def serve(directory):
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=directory)
    handler.log_message = lambda *_: None
    http.server.SimpleHTTPRequestHandler.log_message = lambda *_: None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def archives(work, program, megabytes):
    """The same snapshot in two formats."""
    shutil.rmtree(work, ignore_errors=True)
    source = work / "source"
    snapshot(source, megabytes)
    subprocess.run([program, "pack", source, work / "a.tar.zst"], check=True, capture_output=True)
    with open(work / "a.tar.gz", "wb") as out:
        tar = subprocess.Popen(["tar", "-C", source, "-c", "."], stdout=subprocess.PIPE)
        subprocess.run(["gzip", "-1"], stdin=tar.stdout, stdout=out, check=True)
    shutil.rmtree(source)
    digest = subprocess.run(["sha256sum", "a.tar.gz"], cwd=work, check=True, capture_output=True)
    (work / "a.tar.gz.sha256").write_bytes(digest.stdout)
    return ["a.tar.zst", "a.tar.gz"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--regenesis", type=Path, required=True)
    parser.add_argument("--sizes", default="50,2000")
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    program = arguments.regenesis.resolve()
    print("Seconds, and those of a core in parentheses.")
    print("| archive | bytes | restore | peak memory | curl, sha256sum, tar | without sha256sum |")
    print("|---|---|---|---|---|---|")
    for megabytes in map(int, arguments.sizes.split(",")):
        work = arguments.work / str(megabytes)
        for name in archives(work, program, megabytes):
            url = serve(work) + "/" + name
            out = work / "out"
            unpack = f"{'zstd' if name.endswith('zst') else 'gzip'} -dc | tar -x -C {out}"
            hashed = f"mkdir {out}; curl -sS {url} | tee >(sha256sum >/dev/null) | {unpack}; sync -f {out}"
            plain = f"mkdir {out}; curl -sS {url} | {unpack}; sync -f {out}"
            best, memory = {}, 0
            for _ in range(arguments.rounds):
                for key, command in [("restore", [program, "restore", url, out]),
                                     ("hashed", ["bash", "-c", hashed]), ("plain", ["bash", "-c", plain])]:
                    shutil.rmtree(out, ignore_errors=True)
                    subprocess.run(["sync"], check=True)
                    seconds, core, peak = measured(command)
                    best[key] = min((seconds, core), best.get(key, (seconds, core)))
                    memory = max(memory, peak) if key == "restore" else memory
            shutil.rmtree(out, ignore_errors=True)
            size = (work / name).stat().st_size
            times = {key: f"{seconds:.2f} s ({core:.2f})" for key, (seconds, core) in best.items()}
            print(f"| {megabytes} MB, {name[2:]} | {size / 1e6:.0f} MB | {times['restore']} | {memory:.0f} MB"
                  f" | {times['hashed']} | {times['plain']} |", flush=True)
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
