#!/usr/bin/env python3
"""Compare the genesis states of `regenesis init` with the executable consensus specification.

For every fork and preset it makes a state (the sample's, with the validators of
`tests/fixtures/spec/mnemonics.json`), and checks that the specification's own code

* decodes `genesis.ssz`, encodes it to the same bytes and gives it the root of the summary;
* finds in every field the value that the field must have: default, or computed here;
* names the same genesis block, and takes it as the parent of slot 1;
* processes the slots of two epochs and has a proposer in each;
* gives the root in `tests/fixtures/spec/roots.txt`, which `tests/it/spec.rs` checks without Python.

    python scripts/spec_oracle.py --regenesis target/debug/regenesis [--fork FORK] [--preset PRESET]

`scripts/e2e_spec.sh` installs the specification and runs this.
"""

import argparse
import importlib
import json
import re
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

FORKS = ("phase0", "altair", "bellatrix", "capella", "deneb", "electra", "fulu", "gloas")
PRESETS = ("minimal", "mainnet")
HARDFORKS = {
    "capella": "shanghaiTime",
    "deneb": "cancunTime",
    "electra": "pragueTime",
    "fulu": "osakaTime",
    "gloas": "amsterdamTime",
}
ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "sample"
# Every kind of validator: below 32 ETH and above, each prefix, slashed, exited. JSON is YAML too.
MNEMONICS = ROOT / "tests/fixtures/spec/mnemonics.json"
# The roots of the states, which `tests/it/spec.rs` knows without Python.
ROOTS = ROOT / "tests/fixtures/spec/roots.txt"
TIME = 1_700_000_000
ETH = 10**9


def is_post(fork: str, other: str) -> bool:
    """Whether `fork` is `other` or comes after it."""
    return FORKS.index(fork) >= FORKS.index(other)


def write_inputs(directory: Path, fork: str, preset: str) -> None:
    """The sample with `fork` at genesis and later ones never."""
    config = (SAMPLE / "cl/config.yaml").read_text()
    config = re.sub(r"PRESET_BASE: .*", f"PRESET_BASE: {preset}", config)
    for name in FORKS[1:]:
        epoch = 0 if is_post(fork, name) else 2**64 - 1
        config, count = re.subn(rf"({name.upper()}_FORK_EPOCH): .*", rf"\1: {epoch}", config)
        assert count == 1, f"the sample has {count} epochs of {name}"
    (directory / "config.yaml").write_text(config)

    genesis = json.loads((SAMPLE / "el/genesis.template.json").read_text())
    for name, key in HARDFORKS.items():
        genesis["config"].pop(key, None)
        if is_post(fork, name):
            genesis["config"][key] = 0
    if fork == "gloas":
        blobs = genesis["config"]["blobSchedule"]
        blobs["amsterdam"] = blobs["osaka"]
    (directory / "genesis.json").write_text(json.dumps(genesis))



def run(regenesis: Path, directory: Path) -> tuple[dict, bytes]:
    """The summary and the state of a run over the inputs in `directory`."""
    command = [str(regenesis), "init", "--json", "--timestamp", str(TIME)]
    command += ["--genesis", str(directory / "genesis.json"), "--mnemonics", str(MNEMONICS)]
    command += ["--config", str(directory / "config.yaml"), "--out", str(directory / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"regenesis ended with {done.returncode}: {done.stderr}")
    return json.loads(done.stdout), (directory / "out/metadata/genesis.ssz").read_bytes()


def same(what: str, ours, expected) -> None:
    """Fails if two values differ."""
    if ours != expected:
        raise AssertionError(f"{what}: ours is {str(ours)[:400]}, expected {str(expected)[:400]}")


def root(spec, value) -> str:
    """`hash_tree_root` as the summary writes it."""
    return "0x" + bytes(spec.hash_tree_root(value)).hex()


def expected_validators(spec, fork: str, state) -> list:
    """The registry by eth-beacon-genesis' rules; the keys are ours."""
    validators, far = [], spec.FAR_FUTURE_EPOCH
    for entry in json.loads(MNEMONICS.read_text()):
        prefix, status = int(entry["wd_prefix"], 16), entry["status"]
        compounding = prefix == 2 and is_post(fork, "electra")
        effective = min(entry["balance"], (2048 if compounding else 32) * ETH)
        activated = 0 if status or effective >= 32 * ETH else far
        left = 0 if status else far
        address = bytes.fromhex(entry.get("wd_address", "0x")[2:])
        for _ in range(entry["count"]):
            ours = state.validators[len(validators)]
            credentials = bytes([prefix]) + bytes(11) + address
            record = spec.Validator(
                pubkey=ours.pubkey,
                # The hash of a withdrawal key, which nothing here derives.
                withdrawal_credentials=credentials if prefix else ours.withdrawal_credentials,
                effective_balance=effective,
                slashed=status == 1,
                activation_eligibility_epoch=activated,
                activation_epoch=activated,
                exit_epoch=left,
                withdrawable_epoch=left,
            )
            validators.append(record)
    return validators


def expected_sync_committee(spec, fork: str, state):
    """eth-beacon-genesis' choice: the seed of epoch 0, and 32 ETH are always accepted."""
    active = spec.get_active_validator_indices(state, 0)
    seed = spec.get_seed(state, spec.Epoch(0), spec.DOMAIN_SYNC_COMMITTEE)
    width = 2 if is_post(fork, "electra") else 1
    total, members, i = len(active), [], 0
    while len(members) < spec.SYNC_COMMITTEE_SIZE:
        candidate = active[spec.compute_shuffled_index(i % total, total, seed)]
        digest = spec.hash(seed + spec.uint_to_bytes(spec.Uint64(i * width // 32)))
        random = int.from_bytes(digest[i * width % 32 :][:width], "little")
        effective = int(state.validators[candidate].effective_balance)
        if effective * (256**width - 1) >= 32 * ETH * random:
            members.append(candidate)
        i += 1
    pubkeys = [state.validators[index].pubkey for index in members]
    return spec.SyncCommittee(
        pubkeys=pubkeys, aggregate_pubkey=spec.eth_aggregate_pubkeys(pubkeys)
    )


def expected_body(spec, fork: str, state):
    """The body of the genesis block."""
    body = spec.BeaconBlockBody()
    if fork == "gloas":
        body.signed_execution_payload_bid.message = state.latest_execution_payload_bid
    return body


def expected_fields(spec, fork: str, state, summary: dict, config: dict) -> dict:
    """The fields that are not their type's default, by the specification's own functions."""
    block_hash = bytes.fromhex(summary["el"]["block_hash"][2:])
    count = len(state.validators)

    def version(name: str) -> bytes:
        key = "GENESIS" if name == "phase0" else name.upper()
        return bytes.fromhex(config[f"{key}_FORK_VERSION"][2:])

    fields = {
        "genesis_time": TIME,
        "genesis_validators_root": spec.hash_tree_root(state.validators),
        "fork": spec.Fork(
            previous_version=version(FORKS[max(FORKS.index(fork) - 1, 0)]),
            current_version=version(fork),
        ),
        "latest_block_header": spec.BeaconBlockHeader(
            body_root=spec.hash_tree_root(expected_body(spec, fork, state))
        ),
        "eth1_data": spec.Eth1Data(
            deposit_root=spec.hash_tree_root(spec.List[spec.DepositData, 2**32]()),
            block_hash=block_hash,
        ),
        "validators": expected_validators(spec, fork, state),
        "balances": [
            entry["balance"]
            for entry in json.loads(MNEMONICS.read_text())
            for _ in range(entry["count"])
        ],
        "randao_mixes": [block_hash] * spec.EPOCHS_PER_HISTORICAL_VECTOR,
    }
    if is_post(fork, "altair"):
        committee = expected_sync_committee(spec, fork, state)
        fields |= dict.fromkeys(("current_sync_committee", "next_sync_committee"), committee)
        scores = ("previous_epoch_participation", "current_epoch_participation")
        fields |= dict.fromkeys((*scores, "inactivity_scores"), [0] * count)
    if is_post(fork, "bellatrix") and fork != "gloas":
        header = spec.ExecutionPayloadHeader(
            state_root=bytes.fromhex(summary["el"]["state_root"][2:]),
            # keccak256 of the empty string's RLP, the root of an empty trie.
            receipts_root=bytes.fromhex(
                "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
            ),
            gas_limit=60_000_000,
            timestamp=TIME,
            base_fee_per_gas=ETH,
            block_hash=block_hash,
            transactions_root=spec.hash_tree_root(spec.ExecutionPayload().transactions),
        )
        if is_post(fork, "capella"):
            header.withdrawals_root = spec.hash_tree_root(spec.ExecutionPayload().withdrawals)
        fields["latest_execution_payload_header"] = header
    if is_post(fork, "fulu"):
        fields["proposer_lookahead"] = [
            proposer
            for epoch in (0, 1)
            for proposer in spec.get_beacon_proposer_indices(state, spec.Epoch(epoch))
        ]
    if fork == "gloas":
        fields |= {
            "latest_block_hash": block_hash,
            "execution_payload_availability": [1] * spec.SLOTS_PER_HISTORICAL_ROOT,
            "latest_execution_payload_bid": spec.ExecutionPayloadBid(
                parent_block_hash=block_hash,
                execution_requests_root=spec.hash_tree_root(spec.ExecutionRequests()),
            ),
            "ptc_window": spec.initialize_ptc_window(state),
        }
    return fields


def check(regenesis: Path, fork: str, preset: str) -> str:
    """Creates and checks one state; returns its root."""
    spec = importlib.import_module(f"eth_consensus_specs.{fork}.{preset}")
    with tempfile.TemporaryDirectory() as directory:
        write_inputs(Path(directory), fork, preset)
        summary, encoded = run(regenesis, Path(directory))
        config = dict(re.findall(r"(\w+): (\w+)", (Path(directory) / "config.yaml").read_text()))
    same("fork", (summary["cl"]["fork"], summary["cl"]["preset"]), (fork, preset))

    state = spec.BeaconState.decode_bytes(encoded)
    if state.encode_bytes() != encoded:
        raise AssertionError("the state is encoded to other bytes")
    same("state_root", summary["cl"]["state_root"], root(spec, state))
    same("body_root", summary["cl"]["body_root"], root(spec, expected_body(spec, fork, state)))
    active = spec.get_active_validator_indices(state, spec.Epoch(0))
    same("active_validators", summary["cl"]["active_validators"], len(active))

    expected = spec.BeaconState()
    for name, value in expected_fields(spec, fork, state, summary, config).items():
        setattr(expected, name, value)
    for name in spec.BeaconState.fields():
        same(name, getattr(state, name), getattr(expected, name))
    same("genesis.ssz", encoded.hex(), expected.encode_bytes().hex())

    block = spec.BeaconBlockHeader(
        state_root=spec.hash_tree_root(state), body_root=state.latest_block_header.body_root
    )
    same("block_root", summary["cl"]["block_root"], root(spec, block))
    spec.process_slots(state, spec.Slot(1))
    parent = root(spec, state.latest_block_header)
    same("the parent of slot 1", parent, summary["cl"]["block_root"])
    for slot in range(1, 2 * int(spec.SLOTS_PER_EPOCH) + 1):
        if slot > 1:
            spec.process_slots(state, spec.Slot(slot))
        proposer = spec.get_beacon_proposer_index(state)
        assert proposer in active, f"validator {proposer} cannot propose slot {slot}"
    return summary["cl"]["state_root"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--regenesis", type=Path, required=True, help="the program")
    parser.add_argument("--fork", choices=FORKS, action="append", help="only this one")
    parser.add_argument("--preset", choices=PRESETS, action="append", help="only this one")
    parser.add_argument("--update-roots", action="store_true", help="rewrite roots.txt")
    args = parser.parse_args()
    known = dict(line.rsplit(" ", 1) for line in ROOTS.read_text().splitlines())
    passed = failed = 0
    for fork in args.fork or FORKS:
        for preset in args.preset or PRESETS:
            began, case = time.monotonic(), f"{fork} {preset}"
            try:
                verified = check(args.regenesis.resolve(), fork, preset)
                if args.update_roots:
                    known[case] = verified
                same("roots.txt", known.get(case), verified)
            except Exception:  # whatever the specification raises is a difference
                failed += 1
                traceback.print_exc()
                verdict = "FAILED"
            else:
                passed += 1
                verdict = "ok"
            print(f"{case}: {verdict} ({time.monotonic() - began:.1f} s)", flush=True)
    if args.update_roots:
        ROOTS.write_text("".join(f"{case} {verified}\n" for case, verified in known.items()))
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
