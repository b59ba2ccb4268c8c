#!/usr/bin/env python3
"""Compare the states of history snapshots with the executable consensus specification.

For every block of `tests/vectors/anchored` and both presets: the payload header of the state is the
one that the specification derives from the block, and the specification accepts a block of slot 1
whose payload continues it, and refuses one that continues a different block.

    python scripts/spec_history.py --regenesis target/debug/regenesis

`scripts/e2e_spec.sh` installs the specification and runs this.
"""

import argparse
import hashlib
import importlib
import json
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VECTORS = ROOT / "tests/vectors/anchored"
FORKS = ("capella", "deneb", "electra", "fulu")
TIME = 1_800_000_000


def rlp(data: bytes) -> tuple:
    """The first item of `data`, and the rest."""
    first = data[0]
    if first < 0x80:
        return data[:1], data[1:]
    short, long = (0x80, 0xB7) if first < 0xC0 else (0xC0, 0xF7)
    width = max(first - long, 0)
    length = int.from_bytes(data[1 : 1 + width], "big") if width else first - short
    payload, rest = data[1 + width :][:length], data[1 + width + length :]
    if first < 0xC0:
        return payload, rest
    items = []
    while payload:
        # A legacy transaction is a list; the payload has its bytes.
        item, behind = rlp(payload)
        items.append((item, payload[: len(payload) - len(behind)]))
        payload = behind
    return items, rest


def number(item: bytes) -> int:
    return int.from_bytes(item, "big")


def payload_of(spec, block: bytes, block_hash: str):
    """The block in the form of the beacon chain."""
    parts, _ = rlp(block)
    header = [item for item, _ in parts[0][0]]
    transactions = [raw if isinstance(item, list) else item for item, raw in parts[1][0]]
    payload = spec.ExecutionPayload(
        parent_hash=header[0], fee_recipient=header[2], state_root=header[3], receipts_root=header[5],
        logs_bloom=header[6], block_number=number(header[8]), gas_limit=number(header[9]),
        gas_used=number(header[10]), timestamp=number(header[11]), extra_data=header[12],
        base_fee_per_gas=number(header[15]), block_hash=bytes.fromhex(block_hash[2:]),
        transactions=transactions,
    )
    for withdrawal, _ in parts[3][0]:
        index, validator, address, amount = (item for item, _ in withdrawal)
        payload.withdrawals.append(spec.Withdrawal(
            index=number(index), validator_index=number(validator), address=address, amount=number(amount)))
    if len(header) > 18:
        payload.blob_gas_used, payload.excess_blob_gas = number(header[17]), number(header[18])
    return payload


def header_of(spec, payload):
    """`ExecutionPayloadHeader` of a payload, as `process_execution_payload` builds it."""
    fields = {}
    for name in spec.ExecutionPayloadHeader.fields():
        if name in ("transactions_root", "withdrawals_root"):
            fields[name] = spec.hash_tree_root(getattr(payload, name.removesuffix("_root")))
        else:
            fields[name] = getattr(payload, name)
    # eth-beacon-genesis leaves it out.
    fields["prev_randao"] = bytes(32)
    return spec.ExecutionPayloadHeader(**fields)


def snapshot(directory: Path, fork: str, preset: str) -> dict:
    """Writes the snapshot of a vector; returns the expected values."""
    vector = VECTORS / fork
    expected = json.loads((vector / "expected.json").read_text())
    config = (vector / "config.yaml").read_text().replace("'minimal'", f"'{preset}'")
    head = (vector / "head.rlp").read_bytes()
    files = {
        "el/genesis.json": (vector / "genesis.json").read_bytes(),
        "el/chain.rlp": head,
        "el/head.rlp": head,
        "cl/config.yaml": config.encode(),
        "val/mnemonics.yaml": (ROOT / "sample/val/mnemonics.yaml").read_bytes(),
    }
    block = {"number": 1, "hash": expected["hash"], "state_root": expected["stateRoot"],
             "timestamp": int(expected["timestamp"], 16)}
    described = {path: {"size": len(text), "sha256": hashlib.sha256(text).hexdigest()}
                 for path, text in files.items()}
    source = {"kind": "vector", "genesis_hash": expected["genesis_hash"], "block": block}
    files["metadata.json"] = json.dumps({"format": 1, "name": fork, "chain_id": 271828, "mode": "history",
                                         "source": source, "files": described}).encode()
    for path, text in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(text)
    return expected


def check(regenesis: Path, fork: str, preset: str) -> None:
    spec = importlib.import_module(f"eth_consensus_specs.{fork}.{preset}")
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        expected = snapshot(directory / "snapshot", fork, preset)
        subprocess.run([regenesis, "init", directory / "snapshot", "--out", directory / "out",
                        "--timestamp", str(TIME)], check=True, capture_output=True)
        state = spec.BeaconState.decode_bytes((directory / "out/metadata/genesis.ssz").read_bytes())
    payload = payload_of(spec, (VECTORS / fork / "head.rlp").read_bytes(), expected["hash"])
    assert len(payload.transactions) > 2 and len(payload.withdrawals) == 2
    assert state.latest_execution_payload_header == header_of(spec, payload)
    anchor = bytes.fromhex(expected["hash"][2:])
    assert state.genesis_time == TIME
    assert state.eth1_data.block_hash == anchor
    assert all(mix == anchor for mix in state.randao_mixes)

    spec.process_slots(state, spec.Slot(1))
    following = spec.ExecutionPayload(
        parent_hash=anchor, block_number=2, timestamp=spec.compute_time_at_slot(state, state.slot),
        prev_randao=spec.get_randao_mix(state, spec.get_current_epoch(state)),
    )
    body = spec.BeaconBlockBody(execution_payload=following)
    spec.process_execution_payload(state.copy(), body, spec.EXECUTION_ENGINE)
    body.execution_payload.parent_hash = bytes(32)
    try:
        spec.process_execution_payload(state.copy(), body, spec.EXECUTION_ENGINE)
    except AssertionError:
        return
    raise SystemExit(f"{fork} {preset}: another parent was taken")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--regenesis", type=Path, required=True, help="the program")
    args = parser.parse_args()
    for fork in FORKS:
        for preset in ("minimal", "mainnet"):
            check(args.regenesis.resolve(), fork, preset)
            print(f"{fork} {preset}: continues its history", flush=True)


if __name__ == "__main__":
    main()
