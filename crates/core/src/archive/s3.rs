//! Requests to S3: addresses in path style, and AWS Signature Version 4.
//!
//! Source: Amazon S3 API reference, "Authenticating Requests: Using the Authorization Header".

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::keys::SecretText;

/// A bucket's server, and the object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3 {
    /// `s3://` without the scheme: the bucket, and the key.
    bucket: String,
    key: String,
}

/// The keys of an account.
#[derive(Debug)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`
    pub key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`
    pub secret: SecretText,
    /// `AWS_SESSION_TOKEN`
    pub token: Option<SecretText>,
    /// `AWS_REGION`
    pub region: String,
}

/// A GET to sign.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The header `Host`.
    pub host: &'a str,
    /// The path, as it is sent.
    pub path: &'a str,
    /// Seconds since the epoch.
    pub time: u64,
}

/// SHA-256 of an empty body.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

impl S3 {
    /// Reads `bucket/key`.
    pub fn parse(text: &str) -> Option<Self> {
        let (bucket, key) = text.split_once('/')?;
        let is_bucket = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        let is_valid = !bucket.is_empty() && bucket.bytes().all(is_bucket) && !key.is_empty();
        is_valid.then(|| Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }

    /// The path of the object, with bucket: servers such as `MinIO` have no host for each bucket.
    pub fn path(&self) -> String {
        format!("/{}/{}", self.bucket, encoded(&self.key))
    }
}

/// A key in a path: everything but unreserved characters is percent-encoded.
pub fn encoded(key: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    key.bytes().fold(String::new(), |text, byte| {
        if is_plain(byte) {
            text + char::from(byte).encode_utf8(&mut [0; 4])
        } else {
            text + &format!("%{byte:02X}")
        }
    })
}

/// The headers that authorize a GET, by name.
pub fn authorize(
    credentials: &Credentials,
    request: Request<'_>,
) -> Vec<(&'static str, SecretText)> {
    let time = stamp(request.time);
    let mut headers: Vec<(&str, SecretText)> = vec![
        ("x-amz-content-sha256", EMPTY.to_owned().into()),
        ("x-amz-date", time.clone().into()),
    ];
    if let Some(token) = &credentials.token {
        headers.push(("x-amz-security-token", token.to_string().into()));
    }
    let signed = [("host", request.host)].into_iter();
    let signed: Vec<_> =
        signed.chain(headers.iter().map(|(name, value)| (*name, &**value))).collect();
    let value = authorization(credentials, &time, request.path, &signed);
    headers.push(("authorization", value.into()));
    headers
}

fn authorization(
    Credentials { key_id, secret, region, .. }: &Credentials,
    time: &str,
    path: &str,
    signed: &[(&str, &str)],
) -> String {
    let lines =
        signed.iter().fold(String::new(), |lines, (name, value)| lines + name + ":" + value + "\n");
    let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let canonical = format!("GET\n{path}\n\n{lines}\n{names}\n{EMPTY}");
    let day = time.get(..8).unwrap_or_default();
    let scope = format!("{day}/{region}/s3/aws4_request");
    let digest = hex::encode(Sha256::digest(canonical));
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}");
    let start = format!("AWS4{}", &**secret).into_bytes();
    let key = [day, region, "s3", "aws4_request"].iter().fold(start, |key, part| mac(&key, part));
    let signature = hex::encode(mac(&key, &text));
    format!(
        "AWS4-HMAC-SHA256 Credential={key_id}/{scope},SignedHeaders={names},Signature={signature}"
    )
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC accepts keys of any length")
    };
    mac.chain_update(text).finalize().into_bytes().to_vec()
}

/// `20130524T000000Z`
fn stamp(time: u64) -> String {
    let time = i64::try_from(time).unwrap_or_default();
    let time = jiff::Timestamp::from_second(time).unwrap_or_default();
    time.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Credentials {
        Credentials {
            key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned().into(),
            token: None,
            region: "us-east-1".to_owned(),
        }
    }

    #[test]
    fn the_signature_is_that_of_amazons_example() {
        // "Example: GET Object" of the API reference.
        let signed = [
            ("host", "examplebucket.s3.amazonaws.com"),
            ("range", "bytes=0-9"),
            ("x-amz-content-sha256", EMPTY),
            ("x-amz-date", "20130524T000000Z"),
        ];
        let time = stamp(1_369_353_600);
        let value = authorization(&example(), &time, "/test.txt", &signed);
        let expected = "AWS4-HMAC-SHA256 \
            Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
            SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
            Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41";
        assert_eq!(value, expected);
    }

    #[test]
    fn a_session_is_signed_too() {
        let credentials = Credentials { token: Some("T".to_owned().into()), ..example() };
        let request = Request { host: "h", path: "/b/k", time: 0 };
        let headers = authorize(&credentials, request);
        let names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
        let all = ["x-amz-content-sha256", "x-amz-date", "x-amz-security-token", "authorization"];
        assert_eq!(names, all);
        let signed = "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,";
        assert!(headers[3].1.contains(signed));
    }

    #[test]
    fn an_object_has_a_path() {
        let path = |text: &str| S3::parse(text).map(|object| object.path());
        assert_eq!(path("bucket/a/b c+ü.zst").unwrap(), "/bucket/a/b%20c%2B%C3%BC.zst");
        for text in ["", "bucket", "bucket/", "/key", "a@b/key"] {
            assert_eq!(path(text), None, "{text}");
        }
    }
}
