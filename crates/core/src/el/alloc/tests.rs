use super::*;
use alloy_primitives::hex;

fn root_of(alloc: &str) -> Result<String, String> {
    let mut state = State::default();
    let mut stream = Stream::new(alloc.as_bytes());
    stream.expect(b'{', "`{`").unwrap();
    read(&mut stream, &mut state, &|_| ()).map_err(|e| e.to_string())?;
    Ok(hex::encode(state.root()))
}

const A: &str = "1111111111111111111111111111111111111111";

/// State roots printed by geth 1.17.4.
#[test]
fn equals_geth() {
    for (entry, root) in [
        (r#"{"balance":"0"}"#, "03c3200d0b3e2a02d26b6c5032ee5477b05a5ef6bdf6130d6c1a0e694679fbec"),
        (
            r#"{"balance":1000000000000000000}"#,
            "604d7c45be92a58cc56199e04adc547f8781da8924ace8170ec555ce6a9a14b1",
        ),
        (
            r#"{"BALANCE":"","nonce":1}"#,
            "45a1e1a20d02fd7288098a833524914249b343a717509e068c28e0b56b2f847b",
        ),
        (
            r#"{"balance":"0x0","code":"0x6000"}"#,
            "3c7d91db4283fce6c377711400feb9fc22ff993eebc79ec247df945b524c114b",
        ),
        (
            r#"{"balance":"0","storage":{"":"01"}}"#,
            "be7cce1472b47643467e7bdb34d0f4b28a5c639fb0db7865298ad3e17b228d03",
        ),
        (
            r#"{"balance":"1","nonce":"0x1","code":"0x00","storage":{"00":"0x01","01":"ff","0x02":"",
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff":
            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}}"#,
            "cd28f52f3550cfda3b1a275409d284f918ab411f6e6c7f730179d1435eea8544",
        ),
    ] {
        assert_eq!(root_of(&format!("{{\"{A}\":{entry}}}")).unwrap(), root, "{entry}");
    }
    let empty = hex::encode(EMPTY_ROOT_HASH);
    assert_eq!(root_of("{}").unwrap(), empty);
    let with_empty_account = format!(
        "{{\"0x{A}\":{{\"balance\":\"1000000000000000000\"}},\n\"0X00000000000000000000000000000000000000ab\":{{\"balance\":0}}}}"
    );
    assert_eq!(
        root_of(&with_empty_account).unwrap(),
        "b111ad5cc7901e1d0bdc8b7a3c59a80a701ddb6a88d5fddd33c9865427e99157"
    );
}

#[test]
fn later_entries_replace_earlier_ones() {
    let once = root_of(&format!("{{\"{A}\":{{\"balance\":\"7\"}}}}")).unwrap();
    let twice = format!("{{\"{A}\":{{\"balance\":\"1\"}},\"0x{A}\":{{\"balance\":\"7\"}}}}");
    assert_eq!(root_of(&twice).unwrap(), once);
    let slots = format!(
        "{{\"{A}\":{{\"balance\":\"7\",\"storage\":{{\"0x01\":\"05\",\"0001\":\"0x\"}}}}}}"
    );
    assert_eq!(root_of(&slots).unwrap(), once);
}

#[test]
fn errors_have_their_path() {
    for (entry, message) in [
        (r#"{"nonce":1}"#, "balance is missing"),
        (r#"{"balance":null}"#, "balance is missing"),
        (r#"{"balance":"-1"}"#, "balance is \"-1\", expected a 256-bit number"),
        (
            r#"{"balance":"1","storage":{"0x1":"0x01"}}"#,
            "storage.0x1 is 0x1, expected an even number",
        ),
        (
            r#"{"balance":"1","storage":{"0x01":5}}"#,
            "storage.0x01 is 5, expected a value in quotes",
        ),
        (
            r#"{"balance":"1","code":"6000"}"#,
            "code is \"6000\", expected hex bytes starting with 0x",
        ),
        ("null", "is null, expected an account"),
        (r#"{"balance":1,}"#, "a key in double quotes"),
    ] {
        let error = root_of(&format!("{{\"{A}\":{entry}}}")).unwrap_err();
        assert!(error.starts_with(A) && error.contains(message), "{error}");
    }
}
