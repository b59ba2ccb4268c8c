#!/usr/bin/env python3
"""Write the field names of BeaconState and BeaconBlockBody of every fork, one a line.

They come from the executable consensus specification, so they do not depend on the containers
that regenesis builds. `tests/it/spec.rs` compares the two.

    python scripts/spec_fields.py tests/fixtures/spec            # write the files
    python scripts/spec_fields.py --check tests/fixtures/spec    # fail if one of them differs

Needs the packages of `scripts/spec_requirements.txt`; `scripts/e2e_spec.sh` installs them.
"""

import argparse
import importlib
import sys
from pathlib import Path

FORKS = ("phase0", "altair", "bellatrix", "capella", "deneb", "electra", "fulu", "gloas")
CONTAINERS = {"fields": "BeaconState", "body.fields": "BeaconBlockBody"}


def field_names(fork: str, container: str) -> list[str]:
    """The names in order, which must not depend on the preset."""
    modules = (f"eth_consensus_specs.{fork}.{preset}" for preset in ("mainnet", "minimal"))
    types = (getattr(importlib.import_module(module), container) for module in modules)
    mainnet, minimal = (list(type_.fields()) for type_ in types)
    if mainnet != minimal:
        raise SystemExit(f"{fork} {container}: the presets disagree: {mainnet} and {minimal}")
    return mainnet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    args = parser.parse_args()
    differing = []
    for fork in FORKS:
        for suffix, container in CONTAINERS.items():
            path = args.directory / f"{fork}.{suffix}"
            text = "".join(f"{name}\n" for name in field_names(fork, container))
            if not args.check:
                path.write_text(text, encoding="utf-8")
            elif not path.is_file() or path.read_text(encoding="utf-8") != text:
                differing.append(str(path))
    if differing:
        sys.exit(f"fields differ from the specification: {', '.join(differing)}")


if __name__ == "__main__":
    main()
