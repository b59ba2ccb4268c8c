"""The session of scripts/demo_stack.sh: runs its commands and draws the transcript as demo.py does."""

import os
import pathlib
import subprocess
import sys

import demo

SVG = pathlib.Path("docs/demo-stack.svg")
# (what the viewer reads, command)
STEPS = [
    ("A complete chain in Docker: geth, a beacon node, a validator client.", "regenesis up"),
    ("Is it alive? The exit code says so, too.", "regenesis status regenesis-sample"),
    ("Back to the snapshot: no data, and a new genesis.", "regenesis reset regenesis-sample --yes 2>&1 | grep -v container"),
    ("Stop it. Data, logs and ports stay.", "regenesis down regenesis-sample"),
    ("Remove what it left.", "regenesis purge regenesis-sample --yes 2>&1 | grep -v container"),
]


def record(work, path):
    """The transcript, as (kind, line)."""
    env = os.environ | {"PATH": path, "NO_COLOR": "1", "XDG_STATE_HOME": f"{work}/state"}
    lines = []
    for comment, command in STEPS:
        lines += [("note", f"# {comment}"), ("command", f"$ {command}")]
        run = subprocess.run(
            command, shell=True, cwd=work, env=env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        if run.returncode != 0:
            sys.exit(f"error: {command}: exit code {run.returncode}\n{run.stdout}")
        lines += [("output", line.rstrip()) for line in run.stdout.splitlines()] + [("output", "")]
    return lines[:-1]


demo.SECONDS = 30
SVG.write_text(demo.draw(record(sys.argv[1], sys.argv[2])))
