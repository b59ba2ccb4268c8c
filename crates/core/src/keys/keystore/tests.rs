use serde_json::{Value, json};

use super::*;

const EIP_PASSWORD: &str = "𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑";
const EIP_SECRET: &str = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";
const EIP_SALT: &str = "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3";
const EIP_IV: &str = "264daa3f303d7259501c93d997d84fe6";
const EIP_PUBKEY: &str = "9612d7a727c9d0a22e185a1c768478dfe919cada9266988cb32359c11f2b7b27\
                          f4ae4040902382ae2910c15e2b420d07";

fn eip_scrypt() -> Value {
    json!({
        "crypto": {
            "kdf": {
                "function": "scrypt",
                "params": { "dklen": 32, "n": 262_144, "p": 1, "r": 8, "salt": EIP_SALT },
                "message": ""
            },
            "checksum": {
                "function": "sha256",
                "params": {},
                "message": "d2217fe5f3e9a1e34581ef8a78f7c9928e436d36dacc5e846690a5581e8ea484"
            },
            "cipher": {
                "function": "aes-128-ctr",
                "params": { "iv": EIP_IV },
                "message": "06ae90d55fe0a6e9c5c3bc5b170827b2e5cce3929ed3f116c2811e6366dfe20f"
            }
        },
        "description": "This is a test keystore that uses scrypt to secure the secret.",
        "pubkey": EIP_PUBKEY,
        "path": "m/12381/60/3141592653/589793238",
        "uuid": "1d85ae20-35c5-4611-98e8-aa14a633906f",
        "version": 4
    })
}

fn eip_pbkdf2() -> Value {
    json!({
        "crypto": {
            "kdf": {
                "function": "pbkdf2",
                "params": { "dklen": 32, "c": 262_144, "prf": "hmac-sha256", "salt": EIP_SALT },
                "message": ""
            },
            "checksum": {
                "function": "sha256",
                "params": {},
                "message": "8a9f5d9912ed7e75ea794bc5a89bca5f193721d30868ade6f73043c6ea6febf1"
            },
            "cipher": {
                "function": "aes-128-ctr",
                "params": { "iv": EIP_IV },
                "message": "cee03fde2af33149775b7223e7845e4fb2c8ae1792e5f99fe9ecf474cc8c16ad"
            }
        },
        "description": "This is a test keystore that uses PBKDF2 to secure the secret.",
        "pubkey": EIP_PUBKEY,
        "path": "m/12381/60/0/0",
        "uuid": "64625def-3331-4eea-ab6f-782f3ed16a83",
        "version": 4
    })
}

fn read(json: &Value) -> Result<Keystore, Error> {
    Keystore::from_json(json.to_string().as_bytes())
}

fn secret() -> SecretKey {
    SecretKey::from_bytes(&hex::decode(EIP_SECRET).unwrap().try_into().unwrap()).unwrap()
}

fn seal(password: &str, kdf: Kdf) -> Keystore {
    let secret = secret();
    let entropy = Entropy::new([7; 32]);
    Keystore::seal(&secret, &secret.public_key(), &Path::signing(3), password, kdf, &entropy)
        .unwrap()
}

#[test]
fn eip_2335_scrypt_vector() {
    let keystore = read(&eip_scrypt()).unwrap();
    assert_eq!(hex::encode(keystore.open(EIP_PASSWORD).unwrap().as_bytes()), EIP_SECRET);
    assert_eq!(serde_json::from_slice::<Value>(&keystore.to_json()).unwrap(), eip_scrypt());
}

#[test]
fn eip_2335_pbkdf2_vector() {
    let keystore = read(&eip_pbkdf2()).unwrap();
    assert_eq!(hex::encode(keystore.open(EIP_PASSWORD).unwrap().as_bytes()), EIP_SECRET);
    assert_eq!(serde_json::from_slice::<Value>(&keystore.to_json()).unwrap(), eip_pbkdf2());
}

/// Encryption must produce the EIP's own cipher messages, not only something that opens again.
#[test]
fn encrypt_gives_the_pbkdf2_vector() {
    let salt = hex::decode(EIP_SALT).unwrap().try_into().unwrap();
    let iv = hex::decode(EIP_IV).unwrap().try_into().unwrap();
    let secret = secret();
    let crypto =
        crypto::Crypto::encrypt(secret.as_bytes(), EIP_PASSWORD, Kdf::Pbkdf2, salt, iv).unwrap();
    assert_eq!(crypto, read(&eip_pbkdf2()).unwrap().crypto);
}

#[test]
fn sealed_keystores_open() {
    for kdf in [Kdf::Light, Kdf::Pbkdf2, Kdf::Scrypt] {
        let keystore = Keystore::from_json(&seal("pässword", kdf).to_json()).unwrap();
        assert_eq!(keystore.open("pässword").unwrap().as_bytes(), secret().as_bytes(), "{kdf}");
        assert_eq!(*keystore.pubkey(), secret().public_key());
        let json = serde_json::from_slice::<Value>(&keystore.to_json()).unwrap();
        let mut params = json["crypto"]["kdf"]["params"].clone();
        params.as_object_mut().unwrap().remove("salt");
        let expected = match kdf {
            Kdf::Light => json!({ "dklen": 32, "c": 2, "prf": "hmac-sha256" }),
            Kdf::Pbkdf2 => json!({ "dklen": 32, "c": 262_144, "prf": "hmac-sha256" }),
            Kdf::Scrypt => json!({ "dklen": 32, "n": 262_144, "p": 1, "r": 8 }),
        };
        assert_eq!(params, expected);
    }
}

#[test]
fn wrong_password_is_refused() {
    for password in ["", "Password", "password1", "password "] {
        let opened = seal("password", Kdf::Light).open(password);
        assert_eq!(opened.unwrap_err(), Error::KeystoreChecksum, "{password:?}");
    }
    // Trailing control codes are no part of a password, so a newline in its file does no harm
    assert!(seal("password", Kdf::Light).open("password\r\n").is_ok());
}

#[test]
fn flipped_bytes_are_refused() {
    for (pointer, error) in [
        ("/crypto/kdf/params/salt", Error::KeystoreChecksum),
        ("/crypto/checksum/message", Error::KeystoreChecksum),
        ("/crypto/cipher/message", Error::KeystoreChecksum),
        // The checksum of EIP-2335 covers neither of these
        ("/crypto/cipher/params/iv", Error::SecretKeyRange),
        ("/pubkey", Error::PublicKeyMismatch),
    ] {
        let json = seal("password", Kdf::Light).to_json();
        let mut json = serde_json::from_slice::<Value>(&json).unwrap();
        let value = json.pointer_mut(pointer).unwrap();
        let mut bytes = hex::decode(value.as_str().unwrap()).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        *value = hex::encode(bytes).into();
        assert_eq!(read(&json).unwrap().open("password").unwrap_err(), error, "{pointer}");
    }
}

/// Computed in Python with hashlib and cryptography from the same inputs.
#[test]
fn sealed_json_is_exactly_this() {
    assert_eq!(
        String::from_utf8(seal("password", Kdf::Light).to_json()).unwrap(),
        concat!(
            r#"{"crypto":{"kdf":{"function":"pbkdf2","params":{"dklen":32,"c":2,"#,
            r#""prf":"hmac-sha256","#,
            r#""salt":"847ff79c32b73a8029edd80d0c05e6c28f71c97958d1e9b89d203699d84d44b9"},"#,
            r#""message":""},"checksum":{"function":"sha256","params":{},"#,
            r#""message":"8d2468cc81780a280d7267ed9cb5d340e54658b85e5028ccc3802d9ca4bf4980"},"#,
            r#""cipher":{"function":"aes-128-ctr","#,
            r#""params":{"iv":"26b6c5fd79619961a7c5fee22d3aefac"},"#,
            r#""message":"a64267c5806be078f61a5a539831fdd1229eaef8172b24397a970906bf06686d"}},"#,
            r#""description":"","#,
            r#""pubkey":"9612d7a727c9d0a22e185a1c768478dfe919cada9266988cb32359c11f2b7b27f4ae4040902382ae2910c15e2b420d07","#,
            r#""path":"m/12381/3600/3/0/0","uuid":"bc348948-a216-4c37-8ddf-cd67d43b5755","#,
            r#""version":4}"#,
        )
    );
}

#[test]
fn unknown_missing_and_wrong_fields_are_refused() {
    for object in [
        "",
        "/crypto",
        "/crypto/kdf",
        "/crypto/kdf/params",
        "/crypto/checksum",
        "/crypto/checksum/params",
        "/crypto/cipher",
        "/crypto/cipher/params",
    ] {
        for kdf in [eip_pbkdf2(), eip_scrypt()] {
            let mut json = kdf.clone();
            let fields = json.pointer_mut(object).unwrap().as_object_mut().unwrap();
            fields.insert("name".into(), "x".into());
            assert!(read(&json).is_err(), "unknown field in {object:?}");
            let names: Vec<_> = kdf.pointer(object).unwrap().as_object().unwrap().keys().collect();
            for name in names.into_iter().filter(|name| *name != "description") {
                let mut json = kdf.clone();
                json.pointer_mut(object).unwrap().as_object_mut().unwrap().remove(name);
                assert!(read(&json).is_err(), "{object}/{name} is missing");
            }
        }
    }
    for (pointer, value) in [
        ("/crypto/kdf/function", "argon2"),
        ("/crypto/kdf/message", "x"),
        ("/crypto/kdf/params/prf", "hmac-sha512"),
        ("/crypto/checksum/function", "sha512"),
        ("/crypto/cipher/function", "aes-256-ctr"),
        ("/crypto/cipher/params/iv", "264daa3f303d7259501c93d997d84f"),
        ("/pubkey", "0x9612"),
    ] {
        let mut json = eip_pbkdf2();
        *json.pointer_mut(pointer).unwrap() = value.into();
        assert!(matches!(read(&json), Err(Error::KeystoreJson { .. })), "{pointer}");
    }
}

#[test]
fn description_may_be_missing_and_version_is_4() {
    let mut json = eip_pbkdf2();
    json.as_object_mut().unwrap().remove("description");
    assert!(read(&json).is_ok());
    json["version"] = 3.into();
    assert_eq!(read(&json), Err(Error::KeystoreVersion(3)));
}

#[test]
fn costly_and_invalid_kdf_parameters_are_refused() {
    for (json, field, value) in [
        (eip_pbkdf2(), "dklen", 31),
        (eip_pbkdf2(), "c", 0),
        (eip_pbkdf2(), "c", 80_000_001),
        (eip_scrypt(), "dklen", 64),
        (eip_scrypt(), "n", 0),
        (eip_scrypt(), "n", 1),
        (eip_scrypt(), "n", 262_143),
        (eip_scrypt(), "n", 4_194_304),
        (eip_scrypt(), "p", 0),
        (eip_scrypt(), "p", 16),
        (eip_scrypt(), "r", 0),
        (eip_scrypt(), "r", u32::MAX),
    ] {
        let mut json = json;
        json["crypto"]["kdf"]["params"][field] = value.into();
        let opened = read(&json).unwrap().open(EIP_PASSWORD);
        assert!(matches!(opened, Err(Error::KdfParams(_))), "{field} {value}: {opened:?}");
    }
}

#[test]
fn errors_do_not_quote_the_input() {
    for input in ["test test junk", "\"test test junk\"", "{\"test junk\": 1}"] {
        let error = Keystore::from_json(input.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("junk"), "{error}");
    }
}

#[test]
fn debug_holds_neither_secret_nor_password() {
    let text = format!("{:?}", seal("hunter2", Kdf::Light));
    let bytes = format!("{:?}", secret().as_bytes());
    assert!(!text.contains("hunter2") && !text.contains(EIP_SECRET));
    assert!(!text.contains(bytes.trim_matches(['[', ']'])));
}

#[test]
fn passwords_follow_entropy_and_pubkey() {
    let one = password(&Entropy::new([1; 32]), &[2; 48]);
    assert_eq!(one.len(), 64);
    assert!(one.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
    assert_eq!(*one, *password(&Entropy::new([1; 32]), &[2; 48]));
    assert_ne!(*one, *password(&Entropy::new([3; 32]), &[2; 48]));
    assert_ne!(*one, *password(&Entropy::new([1; 32]), &[3; 48]));
}

#[test]
fn kdf_names_round_trip() {
    for kdf in [Kdf::Light, Kdf::Pbkdf2, Kdf::Scrypt] {
        assert_eq!(kdf.to_string().parse(), Ok(kdf));
    }
    assert_eq!("Light".parse::<Kdf>(), Err(Error::KdfName));
}
