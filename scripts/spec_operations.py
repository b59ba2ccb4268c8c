#!/usr/bin/env python3
"""Compare the deposits and withdrawal changes of `regenesis keys` with the executable consensus
specification: a chain made by `regenesis init` takes them, and takes none that was altered.

    python scripts/spec_operations.py --regenesis target/debug/regenesis

`scripts/e2e_spec.sh` installs the specification and runs this.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

from eth_consensus_specs.capella import minimal as spec
from spec_oracle import TIME, write_inputs

PHRASE = "test test test test test test test test test test test junk"
VERSION = "0x10000038"
ADDRESS = "0xf97e180c050e5ab072211ad2c213eb5aee4df134"


def lines(program: str, *args: str) -> list:
    done = subprocess.run([program, "keys", *args], capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def genesis(program: str) -> spec.BeaconState:
    """A capella state with 8 validators whose withdrawals go to BLS keys."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write_inputs(directory, "capella", "minimal")
        mnemonics = directory / "phrase.yaml"
        mnemonics.write_text(f"- mnemonic: {PHRASE}\n  count: 8\n")
        inputs = [f"--genesis={directory}/genesis.json", f"--config={directory}/config.yaml"]
        command = [program, "init", *inputs, f"--mnemonics={mnemonics}", f"--out={directory}/out"]
        subprocess.run([*command, f"--timestamp={TIME}"], capture_output=True, check=True)
        return spec.BeaconState.decode_bytes((directory / "out/metadata/genesis.ssz").read_bytes())


def check_deposits(program: str, state: spec.BeaconState) -> int:
    deposits = lines(
        program, "deposit-data", f"--validators-mnemonic={PHRASE}", f"--withdrawals-mnemonic={PHRASE}",
        f"--fork-version={VERSION}", "--source-min=8", "--source-max=12",
    )
    for line in deposits:
        fields = [bytes.fromhex(line[key]) for key in ("pubkey", "withdrawal_credentials")]
        signature = spec.BLSSignature(bytes.fromhex(line["signature"]))
        data = spec.DepositData(
            pubkey=fields[0], withdrawal_credentials=fields[1], amount=line["value"], signature=signature
        )
        assert spec.hash_tree_root(data).hex() == line["deposit_data_root"], line["account"]
        before = len(state.validators)
        spec.apply_deposit(state, data.pubkey, data.withdrawal_credentials, data.amount - 1, signature)
        assert len(state.validators) == before, f"{line['account']}: a different amount was accepted"
        spec.apply_deposit(state, data.pubkey, data.withdrawal_credentials, data.amount, signature)
        assert len(state.validators) == before + 1, f"{line['account']}: was not accepted"
    return len(deposits)


def check_changes(program: str, state: spec.BeaconState) -> int:
    changes = lines(
        program, "bls-address-change", f"--withdrawals-mnemonic={PHRASE}", f"--fork-version={VERSION}",
        f"--genesis-validators-root=0x{state.genesis_validators_root.hex()}",
        f"--execution-address={ADDRESS}", "--source-max=8",
    )
    for line in changes:
        message = line["message"]
        change = spec.SignedBLSToExecutionChange(
            message=spec.BLSToExecutionChange(
                validator_index=int(message["validator_index"]),
                from_bls_pubkey=bytes.fromhex(message["from_bls_pubkey"][2:]),
                to_execution_address=bytes.fromhex(message["to_execution_address"][2:]),
            ),
            signature=bytes.fromhex(line["signature"][2:]),
        )
        altered = change.copy()
        altered.message.to_execution_address = b"\x01" * 20
        try:
            spec.process_bls_to_execution_change(state, altered)
        except AssertionError:
            pass
        else:
            raise AssertionError("another address was taken")
        spec.process_bls_to_execution_change(state, change)
        credentials = state.validators[change.message.validator_index].withdrawal_credentials
        assert credentials.hex() == "01" + "00" * 11 + ADDRESS[2:], message["validator_index"]
    return len(changes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--regenesis", required=True)
    program = str(Path(parser.parse_args().regenesis).resolve())
    spec.config = spec.config._replace(GENESIS_FORK_VERSION=spec.Version(bytes.fromhex(VERSION[2:])))
    state = genesis(program)
    changes = check_changes(program, state)
    deposits = check_deposits(program, state)
    print(f"{deposits} deposits and {changes} credential changes are valid")


if __name__ == "__main__":
    main()
