//! Compares the calls with examples of the specification.

use super::*;

#[test]
fn the_token_is_the_jwt_of_the_specification() {
    // Python: hmac.new(bytes(range(32)), f"{header}.{claims}", "sha256").
    let secret = std::array::from_fn(|at| u8::try_from(at).unwrap());
    assert_eq!(
        &*authorization(&secret, 1_700_000_000),
        "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
         eyJpYXQiOjE3MDAwMDAwMDB9.\
         uAxdaUtr1_HpYPtNDLNlQ_sHMiP5eBV-ra8EjL3ScS8"
    );
}

fn block() -> Value {
    json!({
        "parent_root": "0xaa",
        "body": {
            "execution_payload": {
                "block_hash": "0x01", "base_fee_per_gas": "118067089", "blob_gas_used": "0",
                "transactions": ["0x02"], "gas_limit": "30000000",
                "withdrawals": [
                    {"index": "18", "validator_index": "3", "address": "0x04", "amount": "1"},
                ],
            },
            "blob_kzg_commitments": [format!("0xc0{}", "00".repeat(47))],
            "execution_requests": {
                "deposits": [],
                "withdrawals": [{
                    "source_address": format!("0x{}", "11".repeat(20)),
                    "validator_pubkey": format!("0x{}", "22".repeat(48)),
                    "amount": "258",
                }],
                "consolidations": [],
            },
        },
    })
}

#[test]
fn a_beacon_block_becomes_the_parameters_of_new_payload() {
    let call = new_payload("fulu", &block()).unwrap();
    assert_eq!(call.method, "engine_newPayloadV4");
    let request = format!("0x01{}{}0201000000000000", "11".repeat(20), "22".repeat(48));
    assert_eq!(
        call.parameters,
        json!([
            {
                "blockHash": "0x01", "baseFeePerGas": "0x7098f91", "blobGasUsed": "0x0",
                "transactions": ["0x02"], "gasLimit": "0x1c9c380",
                "withdrawals": [
                    {"index": "0x12", "validatorIndex": "0x3", "address": "0x04", "amount": "0x1"},
                ],
            },
            // Of the point at infinity: EIP-4844.
            ["0x010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014"],
            "0xaa",
            [request],
        ])
    );
    assert_eq!(new_payload("deneb", &block()).unwrap().method, "engine_newPayloadV3");
    let capella = new_payload("capella", &block()).unwrap();
    assert_eq!(capella.parameters.as_array().unwrap().len(), 1);
}

#[test]
fn a_block_that_cannot_be_replayed_is_refused_by_its_field() {
    assert_eq!(new_payload("altair", &block()), Err(Error::Fork("altair".to_owned())));
    for (path, field) in [
        ("/body/execution_payload", "execution_payload"),
        ("/body/execution_payload/gas_limit", "gas_limit"),
        ("/body/blob_kzg_commitments", "blob_kzg_commitments"),
        ("/body/blob_kzg_commitments/0", "blob_kzg_commitments"),
        ("/parent_root", "parent_root"),
        ("/body/execution_requests/deposits", "execution_requests"),
        ("/body/execution_requests/withdrawals/0/source_address", "source_address"),
    ] {
        let mut block = block();
        *block.pointer_mut(path).unwrap() = json!(7);
        assert_eq!(new_payload("fulu", &block), Err(Error::Field(field)), "{path}");
    }
    assert!(new_payload("fulu", &Value::Null).is_err());
}

#[test]
fn only_valid_is_valid() {
    assert_eq!(check_status(&json!({"status": "VALID"})), Ok(()));
    assert_eq!(check_status(&json!({"payloadStatus": {"status": "VALID"}})), Ok(()));
    let invalid = json!({"payloadStatus": {"status": "INVALID", "validationError": "no"}});
    assert_eq!(check_status(&invalid), Err("INVALID: no".to_owned()));
    for status in ["SYNCING", "ACCEPTED"] {
        assert_eq!(check_status(&json!({"status": status})), Err(status.to_owned()));
    }
    assert!(check_status(&Value::Null).is_err());
}

#[test]
fn every_fork_has_its_versions() {
    let call = |fork| forkchoice_updated(fork, "0x01").unwrap().method;
    assert_eq!(call("capella"), "engine_forkchoiceUpdatedV2");
    assert_eq!(call("fulu"), "engine_forkchoiceUpdatedV3");
    assert!(forkchoice_updated("phase0", "0x01").is_err());
}
