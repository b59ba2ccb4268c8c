#!/usr/bin/env python3
"""Finds words that docs/style.md lists, lines of prose that are too long, and paths in pages that do not exist.

    scripts/lint_texts.py [PATH…]

PATH limits the check.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
STYLE = "docs/style.md"
CHECKED = {".md", ".rs", ".sh", ".py", ".yml", ".yaml", ".toml", ".env"}
NAMES = {".ci/run", "justfile", "docker/Dockerfile"}
# Recorded inputs and outputs of other programs.
SKIPPED = ("tests/vectors/", "tests/egg/", "tests/fixtures/", "sample/")
COLUMNS = 110
COMMENT = {".rs": "//", ".sh": "#", ".py": "#", ".yml": "#", ".yaml": "#", ".toml": "#", ".env": "#"}


def avoided():
    """The patterns of the style guide's table, with the words to write."""
    table = (ROOT / STYLE).read_text().split("## Words to avoid")[1].split("\n## ")[0]
    for row in re.findall(r"^\| (`.*?) \| (.*) \|$", table, re.M):
        for pattern in re.findall(r"`([^`]*)`", row[0]):
            pattern = pattern.replace("\\|", "|")
            # Identifiers count, so an underscore ends a word.
            yield re.compile(rf"(?<![A-Za-z]){pattern}(?![a-z])", re.I), row[1]


def prose(path, text):
    """(line number, line, whether its length counts) of the lines that a reader reads."""
    fenced = False
    mark = COMMENT.get(path.suffix, "#")
    for number, line in enumerate(text.splitlines(), 1):
        if path.suffix == ".md":
            if line.lstrip().startswith("```"):
                fenced = not fenced
            counts = not (fenced or line.startswith(("|", "[", "<!--")) or "](" in line)
        else:
            comment = line.lstrip()
            # Tables may be wider.
            table = comment.lstrip("/!# ").startswith("|")
            counts = comment.startswith(mark) and "://" not in line and not table
        yield number, line, counts


def missing(line):
    """The paths of the repository that a line of a page names in backticks and that do not exist."""
    for name in re.findall(r"`((?:tests|src|crates|scripts|e2e|docker|compose)/[^` ]*)`", line):
        choices = re.search(r"\{(.*)\}", name)
        names = [name.replace(choices[0], one) for one in choices[1].split(",")] if choices else [name]
        yield from (one for one in names if "<" not in one and not (ROOT / one).exists())


def main(arguments):
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *arguments]
    files = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    patterns = list(avoided())
    if len(patterns) < 20:
        sys.exit(f"error: {STYLE} lists only {len(patterns)} patterns")
    found = 0
    for name in files:
        path = ROOT / name
        # A link's target is checked under its own name.
        if name == STYLE or name.startswith(SKIPPED) or path.is_symlink() or not path.is_file():
            continue
        if path.suffix not in CHECKED and name not in NAMES:
            continue
        for number, line, counts in prose(path, path.read_text()):
            findings = [f'"{match[0]}": {better}' for pattern, better in patterns if (match := pattern.search(line))]
            if path.suffix == ".md":
                findings += [f"{one} does not exist" for one in missing(line)]
            if counts and len(line) > COLUMNS:
                findings.append(f"{len(line)} columns, more than {COLUMNS}")
            for finding in findings:
                found += 1
                print(f"{name}:{number}: {finding}")
    if found:
        sys.exit(f"error: {found} findings: see {STYLE}")
    print("texts: no findings")


main(sys.argv[1:])
