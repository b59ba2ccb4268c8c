//! JSON-RPC 2.0 messages: requests and answers.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Error, secrets};

/// The JSON of a request.
pub fn request(id: u64, method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

/// The raw `result` of the answer to request `id`. `node` is the node's name in errors.
///
/// # Errors
/// The answer is an error, belongs to another request, or is not JSON-RPC.
pub fn result(body: &[u8], id: u64, method: &str, node: &str) -> Result<Vec<u8>, Error> {
    let answer = Answer::parse(body).ok_or_else(|| not_json_rpc(body, node))?;
    let (found, result) = (answer.id(), answer.result(method));
    if found == Some(id) || found.is_none() && result.is_err() {
        return result;
    }
    let found = found.map_or_else(|| "none".to_owned(), |id| id.to_string());
    Err(foreign(node, format!("answers request {id} with id {found}")))
}

/// Fails if an answer is an error, to whichever request.
///
/// # Errors
/// The answer is an error, or is not JSON-RPC.
pub fn refusal(body: &[u8], method: &str, node: &str) -> Result<(), Error> {
    let answer = Answer::parse(body).ok_or_else(|| not_json_rpc(body, node))?;
    answer.result(method).map(drop)
}

/// The results of a batch whose first request has the id `first`, in the order of the requests.
///
/// # Errors
/// An answer is missing, belongs to another request, or is not JSON-RPC.
pub fn results(
    body: &[u8],
    first: u64,
    methods: &[&str],
    node: &str,
) -> Result<Vec<Result<Vec<u8>, Error>>, Error> {
    let mut found: Vec<Option<Result<Vec<u8>, Error>>> = methods.iter().map(|_| None).collect();
    let method = methods.first().copied().unwrap_or_default();
    let Ok(answers) = serde_json::from_slice::<Vec<&RawValue>>(body) else {
        // A single error answers the batch as a whole.
        let answer = Answer::parse(body).ok_or_else(|| not_json_rpc(body, node))?;
        answer.result(method)?;
        return Err(not_json_rpc(body, node));
    };
    for raw in answers {
        let raw = raw.get().as_bytes();
        let answer = Answer::parse(raw).ok_or_else(|| not_json_rpc(raw, node))?;
        let index = answer.id().and_then(|id| id.checked_sub(first));
        let place = index.and_then(|index| found.get_mut(usize::try_from(index).ok()?));
        let Some(place) = place else {
            return Err(foreign(node, "returns an id that the batch does not contain".to_owned()));
        };
        *place = Some(answer.result(method));
    }
    let missing = || foreign(node, "omits a response of a batch".to_owned());
    found.into_iter().map(|result| result.ok_or_else(missing)).collect()
}

fn foreign(node: &str, what: String) -> Error {
    Error::Foreign { node: node.to_owned(), what }
}

fn not_json_rpc(body: &[u8], node: &str) -> Error {
    foreign(node, format!("returns a response that is not JSON-RPC: {}", excerpt(body)))
}

/// The beginning of an answer, on one line and without secrets.
pub fn excerpt(body: &[u8]) -> String {
    const MOST: usize = 60;
    if body.is_empty() {
        return "nothing".to_owned();
    }
    // Secrets are hidden before the text is cut and escaped: either would change them.
    format!("{:?}", secrets::beginning(String::from_utf8_lossy(body).trim(), MOST).trim_end())
}

/// An answer. Its result stays raw, so that a page of accounts is not built as a tree of values.
#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default, deserialize_with = "raw")]
    id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "raw")]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

/// A member that is there, `null` included.
fn raw<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

impl<'a> Answer<'a> {
    /// `None`: this is not JSON-RPC.
    fn parse(body: &'a [u8]) -> Option<Self> {
        let answer: Self = serde_json::from_slice(body).ok()?;
        (answer.result.is_some() || answer.error.is_some()).then_some(answer)
    }

    fn id(&self) -> Option<u64> {
        self.id?.get().parse().ok()
    }

    fn result(&self, method: &str) -> Result<Vec<u8>, Error> {
        match (self.error, self.result) {
            (Some(error), _) => Err(refused(error.get(), method)),
            (None, result) => Ok(result.map_or("null", RawValue::get).as_bytes().to_vec()),
        }
    }
}

/// Characters of a node's message that are shown.
const MOST_OF_A_MESSAGE: usize = 300;

fn refused(error: &str, method: &str) -> Error {
    let tree: Value = serde_json::from_str(error).unwrap_or_default();
    let message = tree["message"].as_str().map_or_else(
        || excerpt(error.as_bytes()),
        |text| {
            let text: String = text.chars().filter(|c| !c.is_control()).collect();
            secrets::beginning(&text, MOST_OF_A_MESSAGE)
        },
    );
    let code = tree["code"].as_i64().unwrap_or_default();
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
                "eth_chainId: the node returns error -32601: no \"x\"",
            ),
            (
                r#"{"id":null,"error":{"code":-32700,"message":"m"}}"#,
                "eth_chainId: the node returns error -32700: m",
            ),
            (r#"{"id":8,"result":1}"#, "node answers request 7 with id 8"),
            (r#"{"result":1}"#, "node answers request 7 with id none"),
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
