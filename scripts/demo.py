"""The demo of scripts/demo.sh: runs its commands in a directory and draws the transcript as an animated SVG."""

import os
import pathlib
import re
import subprocess
import sys
import time
from html import escape, unescape

SVG = pathlib.Path("docs/demo.svg")
PORT = 18545
BLOCK_TIME = 1769850000
RPC = f"127.0.0.1:{PORT}"
# anvil's first development account.
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
# Creation stores 42 in slot 0; the code returns that slot.
CODE = "602a5f556008600e5f3960085ff35f545f5260205ff3"
# (what the viewer reads, command, how the viewer sees the command)
STEPS = [
    (
        "A contract on anvil.",
        f"cast send --rpc-url {RPC} --private-key {KEY} --create {CODE} | grep contractAddress",
        f"cast send --rpc-url {RPC} --private-key $KEY --create $CODE | grep contractAddress",
    ),
    (
        "Capture the chain. The snapshot is verified against the state root.",
        f"regenesis capture --el-rpc {RPC} --out my-snapshot",
        None,
    ),
    (
        "Boot it: genesis for geth and a consensus client, with the contract in it.",
        "regenesis init my-snapshot --timestamp 2031-01-31T12:00:00Z",
        None,
    ),
    (
        "Boot it again the next day: same state, new genesis.",
        "regenesis init my-snapshot --timestamp 2031-02-01T12:00:00Z 2>&1 | grep -E 'stamp|hash'",
        None,
    ),
]
LAST = "# In Docker, with geth and Lighthouse: my-snapshot/up.sh"
COLUMNS, FONT, LEADING, SECONDS = 100, 13, 18, 20


def record(work, path):
    """The transcript, as (kind, line)."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("REGENESIS_")}
    env |= {"PATH": path, "NO_COLOR": "1"}
    anvil = subprocess.Popen(
        ["anvil", "--silent", "--port", str(PORT), "--timestamp", str(BLOCK_TIME - 60)],
        env=env,
        cwd=work,
        stdin=subprocess.DEVNULL,
    )
    try:
        lines = []
        for _ in range(100):
            probe = ["cast", "block-number", "--rpc-url", f"http://{RPC}"]
            if subprocess.run(probe, env=env, capture_output=True).returncode == 0:
                break
            time.sleep(0.1)
        # The state holds the block's time, and so does the state root.
        setting = ["cast", "rpc", "--rpc-url", f"http://{RPC}", "evm_setNextBlockTimestamp", str(BLOCK_TIME)]
        subprocess.run(setting, env=env, check=True, capture_output=True)
        for comment, command, shown in STEPS:
            lines += [("note", f"# {comment}"), ("command", f"$ {shown or command}")]
            run = subprocess.run(
                command, shell=True, cwd=work, env=env, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )
            if run.returncode != 0:
                sys.exit(f"error: {command}: exit code {run.returncode}\n{run.stdout}")
            lines += [("output", line.rstrip()) for line in run.stdout.splitlines()] + [("output", "")]
        return [*lines, ("note", LAST)]
    finally:
        anvil.terminate()
        anvil.wait()


def draw(lines):
    """An SVG that shows the lines one after the other within SECONDS, then starts again."""
    lines = [
        (kind, line if len(line) <= COLUMNS else line[: COLUMNS - 1] + "…") for kind, line in lines
    ]
    width, height = 16 * 2 + round(COLUMNS * FONT * 0.602), 16 * 2 + LEADING * len(lines)
    # A command waits for its reader; its output follows at once.
    moments, now = [], 0.3
    for kind, _ in lines:
        now += {"note": 1.3, "command": 1.2, "output": 0.12}[kind]
        moments.append(now)
    scale = (SECONDS - 4) / moments[-1]
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" role="img" aria-label="A recorded terminal session">',
        "<style>",
        f"text{{font:{FONT}px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;white-space:pre;"
        f"fill:#c9d1d9;animation:{SECONDS}s step-end infinite}}",
        ".note{fill:#8b949e}.command{fill:#7ee787}",
    ]
    for number, moment in enumerate(moments):
        percent = round(100 * moment * scale / SECONDS, 1)
        out.append(f"@keyframes l{number}{{0%{{opacity:0}}{percent}%{{opacity:1}}}}")
    out += [
        "@media (prefers-reduced-motion){text{animation:none!important}}",
        "</style>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>',
    ]
    for number, (kind, line) in enumerate(lines):
        y = 16 + LEADING * number + FONT
        out.append(
            f'<text class="{kind}" x="16" y="{y}" style="animation-name:l{number}" '
            f'xml:space="preserve">{escape(line, quote=False)}</text>'
        )
    return "\n".join([*out, "</svg>", ""])


def comparable(svg):
    """The texts of the SVG without what differs between two runs of one program."""
    lines = [unescape(line) for line in re.findall(r"<text [^>]*>(.*)</text>", svg)]
    lines = [re.sub(r"\d+(\.\d+)? m?s\b", "N ms", line) for line in lines]
    lines = [re.sub(r"\brun [0-9a-f]{16}", "run RUN", line) for line in lines]
    return [re.sub(r"\b\d+ bytes", "N bytes", line) for line in lines]


def main():
    check = sys.argv[1] == "--check"
    work, path = sys.argv[-2:]
    svg = draw(record(work, path))
    if not check:
        SVG.write_text(svg)
        return
    recorded, current = comparable(SVG.read_text()), comparable(svg)
    if recorded != current:
        for old, new in zip(recorded, current):
            if old != new:
                print(f"- {old}\n+ {new}", file=sys.stderr)
        sys.exit(f"error: {SVG} is not what the program prints now: scripts/demo.sh records it again")
    print(f"{SVG} is current: {len(current)} lines")


if __name__ == "__main__":
    main()
