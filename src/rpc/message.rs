//! The texts of JSON-RPC 2.0: requests, and what answers say.

use serde_json::{Value, json};

use super::{Error, secrets};
use crate::el::json::{Cursor, unescape};

/// The text of a request.
pub fn request(id: u64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// The `result` of an answer to request `id`.
///
/// # Errors
/// The answer is an error, of another request, or no JSON-RPC.
pub fn result(body: &[u8], id: u64, method: &str, node: &str) -> Result<Vec<u8>, Error> {
    let (found, result) = answer(body, method, node)?;
    if found == Some(id) || found.is_none() && result.is_err() {
        return result;
    }
    let found = found.map_or_else(|| "none".to_owned(), |id| id.to_string());
    Err(foreign(node, format!("answers request {id} with an answer to {found}")))
}

/// Fails if an answer is an error, of whichever request.
///
/// # Errors
/// It is one, or it is no JSON-RPC.
pub fn refusal(body: &[u8], method: &str, node: &str) -> Result<(), Error> {
    answer(body, method, node)?.1.map(drop)
}

/// The results of a batch whose first request has the number `first`.
///
/// # Errors
/// An answer is missing, is of another request, or is no JSON-RPC.
pub fn results(
    body: &[u8],
    first: u64,
    methods: &[&str],
    node: &str,
) -> Result<Vec<Result<Vec<u8>, Error>>, Error> {
    let mut found: Vec<Option<Result<Vec<u8>, Error>>> = methods.iter().map(|_| None).collect();
    let mut cursor = Cursor::new(body, 0);
    if cursor.peek() == Some(b'{') {
        // One error for all.
        answer(body, methods.first().copied().unwrap_or_default(), node)?.1?;
    }
    let texts = cursor.elements().map_err(|_| not_json(body, node))?;
    for text in texts {
        let (id, result) = answer(text, methods.first().copied().unwrap_or_default(), node)?;
        let index = id.and_then(|id| id.checked_sub(first)).and_then(|i| usize::try_from(i).ok());
        let Some(place) = index.and_then(|index| found.get_mut(index)) else {
            return Err(foreign(node, "answers a batch with what was not asked".to_owned()));
        };
        *place = Some(result);
    }
    let missing = || foreign(node, "leaves a part of a batch without an answer".to_owned());
    found.into_iter().map(|result| result.ok_or_else(missing)).collect()
}

fn foreign(node: &str, what: String) -> Error {
    Error::Foreign { node: node.to_owned(), what }
}

fn not_json(body: &[u8], node: &str) -> Error {
    foreign(node, format!("answers with something that is not JSON-RPC: {}", excerpt(body)))
}

/// The beginning of what was answered, on one line and without secrets.
pub fn excerpt(body: &[u8]) -> String {
    const MOST: usize = 60;
    if body.is_empty() {
        return "nothing".to_owned();
    }
    // First the secrets, then the cut and the escapes: either would change what is looked for.
    format!("{:?}", secrets::beginning(String::from_utf8_lossy(body).trim(), MOST).trim_end())
}

/// The number of an answer, and what it answers.
type Answer = (Option<u64>, Result<Vec<u8>, Error>);

fn answer(body: &[u8], method: &str, node: &str) -> Result<Answer, Error> {
    let (mut id, mut result, mut error) = (None, None, None);
    let mut cursor = Cursor::new(body, 0);
    let read = cursor.object(|key, cursor| {
        let raw = cursor.value()?;
        match key {
            b"id" => id = std::str::from_utf8(raw).ok().and_then(|text| text.parse().ok()),
            b"result" => result = Some(raw.to_vec()),
            b"error" if raw != b"null" => error = Some(raw),
            _ => {}
        }
        Ok(())
    });
    if read.and_then(|()| cursor.end()).is_err() {
        return Err(not_json(body, node));
    }
    let result = match (error, result) {
        (Some(error), _) => Err(refused(error, method)),
        (None, Some(result)) => Ok(result),
        (None, None) => return Err(not_json(body, node)),
    };
    Ok((id, result))
}

/// Of the words of a node, in characters.
const MOST_OF_A_MESSAGE: usize = 300;

fn refused(error: &[u8], method: &str) -> Error {
    let (mut code, mut message) = (0, excerpt(error));
    let read = Cursor::new(error, 0).object(|key, cursor| {
        let raw = cursor.value()?;
        match (key, raw) {
            (b"code", raw) => {
                code = std::str::from_utf8(raw).ok().and_then(|t| t.parse().ok()).unwrap_or(0);
            }
            (b"message", [b'"', text @ .., b'"']) => {
                let text = unescape(text);
                let text: String =
                    String::from_utf8_lossy(&text).chars().filter(|c| !c.is_control()).collect();
                message = secrets::beginning(&text, MOST_OF_A_MESSAGE);
            }
            _ => {}
        }
        Ok(())
    });
    drop(read);
    Error::Refused { method: method.to_owned(), code, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(body: &str) -> Result<String, String> {
        result(body.as_bytes(), 7, "eth_chainId", "node")
            .map(|raw| String::from_utf8(raw).unwrap())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn answers() {
        assert_eq!(one(r#"{"jsonrpc":"2.0","id":7,"result": {"a":[1]}}"#).unwrap(), r#"{"a":[1]}"#);
        assert_eq!(one(r#"{"id":7,"result":null,"error":null}"#).unwrap(), "null");
        for (body, what) in [
            (
                r#"{"id":7,"error":{"code":-32601,"message":"no \u0022x\u0022"}}"#,
                "eth_chainId: the node answers -32601: no \"x\"",
            ),
            (
                r#"{"id":null,"error":{"code":-32700,"message":"m"}}"#,
                "eth_chainId: the node answers -32700: m",
            ),
            (r#"{"id":8,"result":1}"#, "node answers request 7 with an answer to 8"),
            (r#"{"result":1}"#, "node answers request 7 with an answer to none"),
            ("<html>no</html>", "not JSON-RPC: \"<html>no</html>\""),
            ("", "not JSON-RPC: nothing"),
            (r#"{"id":7,"result":[1,2"#, "not JSON-RPC"),
            (r#"{"id":7}"#, "not JSON-RPC"),
            (r#"{"id":7,"result":1}x"#, "not JSON-RPC"),
        ] {
            let error = one(body).unwrap_err();
            assert!(error.contains(what), "{body}: {error}");
        }
    }

    #[test]
    fn secrets_are_hidden_before_a_text_is_cut_or_escaped() {
        let secret = r#"hun"ter\in-the-rye"#;
        secrets::add(vec![secret.to_owned().into()]);
        let quoted = serde_json::to_string(secret).unwrap();
        for before in 0..310 {
            let before = "-".repeat(before);
            let error = format!(r#"{{"id":7,"error":{{"code":1,"message":"{before}"#);
            for text in [
                excerpt(format!("{before}{secret}").as_bytes()),
                excerpt(format!("{before}{quoted}").as_bytes()),
                one(&format!("{before}{secret}")).unwrap_err(),
                one(&format!("{error}{}}}}}", &quoted[1..])).unwrap_err(),
                one(&format!(r#"{{"id":7,"error":"{before}{}}}"#, &quoted[1..])).unwrap_err(),
            ] {
                assert!(!text.contains("hu"), "{text}");
            }
        }
    }

    #[test]
    fn batches_may_come_in_any_order() {
        let methods = ["a", "b"];
        let all = |body: &str| results(body.as_bytes(), 5, &methods, "node");
        let both = all(r#"[{"id":6,"result":2},{"id":5,"result":1}]"#).unwrap();
        let both: Vec<_> = both.into_iter().map(Result::unwrap).collect();
        assert_eq!(both, [b"1", b"2"]);
        let one =
            all(r#"[{"id":5,"result":1},{"id":6,"error":{"code":1,"message":"m"}}]"#).unwrap();
        assert!(one[0].is_ok() && one[1].is_err());
        for body in [
            r#"[{"id":5,"result":1}]"#,
            r#"[{"id":5,"result":1},{"id":9,"result":1}]"#,
            r#"{"id":5,"error":{"code":1,"message":"no batches"}}"#,
            "[",
        ] {
            assert!(all(body).is_err(), "{body}");
        }
    }
}
