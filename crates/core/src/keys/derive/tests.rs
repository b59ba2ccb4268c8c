use super::*;

/// Seed, master key, child index, child key: the test cases 0 to 3 of EIP-2333.
const EIP_2333: [(&str, &str, u32, &str); 4] = [
    (
        "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e53495531f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04",
        "0d7359d57963ab8fbbde1852dcf553fedbc31f464d80ee7d40ae683122b45070",
        0,
        "2d18bd6c14e6d15bf8b5085c9b74f3daae3b03cc2014770a599d8c1539e50f8e",
    ),
    (
        "3141592653589793238462643383279502884197169399375105820974944592",
        "41c9e07822b092a93fd6797396338c3ada4170cc81829fdfce6b5d34bd5e7ec7",
        3_141_592_653,
        "384843fad5f3d777ea39de3e47a8f999ae91f89e42bffa993d91d9782d152a0f",
    ),
    (
        "0099FF991111002299DD7744EE3355BBDD8844115566CC55663355668888CC00",
        "3cfa341ab3910a7d00d933d8f7c4fe87c91798a0397421d6b19fd5b815132e80",
        4_294_967_295,
        "40e86285582f35b28821340f6a53b448588efa575bc4d88c32ef8567b8d9479b",
    ),
    (
        "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3",
        "2a0e28ffa5fbbe2f8e7aad4ed94f745d6bf755c51182e119bb1694fe61d3afca",
        42,
        "455c0dc9fccb3395825d92a60d2672d69416be1c2578a87a7a3d3ced11ebb88d",
    ),
];

/// The seed of "test test test test test test test test test test test junk".
const TEST_JUNK_SEED: &str = "9dfc3c64c2f8bede1533b6a79f8570e5943e0b8fd1cf77107adf7b72cef42185\
                              d564a3aee24cab43f80e3c4538087d70fc824eabbad596a23c97b6ee8322ccc0";

fn master(seed: &str) -> SecretKey {
    derive_master_sk(&hex::decode(seed).unwrap()).unwrap()
}

fn hex_of(sk: &SecretKey) -> String {
    hex::encode(sk.as_bytes())
}

#[test]
fn eip_2333_vectors() {
    for (seed, master_sk, index, child_sk) in EIP_2333 {
        let sk = master(seed);
        assert_eq!(hex_of(&sk), master_sk);
        assert_eq!(hex_of(&derive_child_sk(&sk, index)), child_sk);
    }
}

#[test]
fn eip_2333_intermediate_values() {
    let sk = master(EIP_2333[0].0);
    let not_sk = sk.as_bytes().map(|byte| !byte);
    let lamport = ikm_to_lamport_sk([sk.as_bytes(), &not_sk], [0; 4]);
    for (key, i, expected) in [
        (0, 0, "e345d0ad7be270737de05cf036f688f385d5f99c7fddb054837658bdd2ebd519"),
        (0, 1, "65050bd4db9c77c051f67dcc801bf1cdf33d81131e608505bb3e4523868eb76c"),
        (0, 254, "65963bb743d5db080005c4db59e29c4a4e86f92ab1dd7a59f69ea7eaf8e9aa79"),
        (1, 0, "9c0bfb14de8d2779f88fc8d5b016f8668be9e231e745640096d35dd5f53b0ae2"),
        (1, 1, "756586b0f3227ab0df6f4b7362786916bd89f353d0739fffa534368d8d793816"),
        (1, 254, "261a605fa5f2a9bdc7cffac530edcf976e7ea7af4e443b625fe01ed39dad44b6"),
    ] {
        assert_eq!(hex::encode(lamport[key][i]), expected, "lamport_{key}[{i}]");
    }
    assert_eq!(
        hex::encode(*parent_sk_to_lamport_pk(&sk, 0)),
        "dd635d27d1d52b9a49df9e5c0c622360a4dd17cba7db4e89bce3cb048fb721a5"
    );
}

#[test]
fn children_equal_those_of_blst() {
    let mut ours = master(TEST_JUNK_SEED);
    let mut theirs = ours.to_blst();
    for index in [0, 1, 255, 256, 12381, 1 << 31, u32::MAX] {
        ours = derive_child_sk(&ours, index);
        theirs = theirs.derive_child_eip2333(index);
        assert_eq!(*ours.as_bytes(), theirs.to_bytes(), "index {index}");
    }
}

/// Computed in Python from the text of EIP-2333, the public keys with `py_ecc`.
#[test]
fn validator_keys_of_test_junk() {
    let sk = master(TEST_JUNK_SEED);
    assert_eq!(hex_of(&sk), "6a873df5bf4324fa13afb80c792405bdf200055d9b79b32e17d62b865be5fd99");
    let withdrawal = sk.derive_path(&Path::withdrawal(0));
    assert_eq!(
        hex_of(&withdrawal),
        "581973b2f6462deb95937e0187edaa0eca30e7ed9f45e44268efd69ed07635d9"
    );
    let mut credentials = <[u8; 32]>::from(Sha256::digest(withdrawal.public_key()));
    credentials[0] = 0;
    assert_eq!(
        hex::encode(credentials),
        "00b96d660dfd1fe0ff58bc8d944d96b72e904da5fdcf2ff0b95e700f9e381475"
    );
    for (index, sk_hex, pubkey) in [
        (
            0,
            "14e2cda5e3fe2e34de7fa86a4a693dd09d0b2cfe894bb0313f4af6fc4f45de22",
            "a39882700ed7f72fcdbac07081b7c0c912cb8647ed8494926e6c9c2fc1a7415c\
             7c60e3afcc3d3278fe25b50b851c3ad5",
        ),
        (
            1,
            "186be1e87cae6c334fc17037ccc879ba9bec82da1e4f486cf2e617228d05694e",
            "8efdefbccd6479b9953a5ec6416e6d48201865968567379b213040dbf0be7efa\
             00d66343c21a7e801d6bfd7403cfcfa7",
        ),
    ] {
        let signing = sk.derive_path(&Path::signing(index));
        assert_eq!(hex_of(&signing), sk_hex);
        assert_eq!(hex::encode(signing.public_key()), pubkey);
    }
}

#[test]
fn signing_key_is_child_0_of_withdrawal_key() {
    let sk = master(TEST_JUNK_SEED);
    let child = derive_child_sk(&sk.derive_path(&Path::withdrawal(7)), 0);
    assert_eq!(child.as_bytes(), sk.derive_path(&Path::signing(7)).as_bytes());
}

#[test]
fn seed_of_31_bytes_is_refused() {
    assert_eq!(derive_master_sk(&[1; 31]).unwrap_err(), Error::SeedLength(31));
    assert!(derive_master_sk(&[1; 32]).is_ok());
}

#[test]
fn secret_key_range_is_enforced() {
    let r = "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001";
    let mut bytes = <[u8; 32]>::try_from(hex::decode(r).unwrap()).unwrap();
    for outside in [[0; 32], bytes, [0xff; 32]] {
        assert_eq!(SecretKey::from_bytes(&outside).unwrap_err(), Error::SecretKeyRange);
    }
    bytes[31] = 0;
    assert_eq!(SecretKey::from_bytes(&bytes).unwrap().as_bytes(), &bytes);
}

#[test]
fn paths_read_and_write() {
    assert_eq!(Path::signing(5).to_string(), "m/12381/3600/5/0/0");
    assert_eq!(Path::withdrawal(5).to_string(), "m/12381/3600/5/0");
    assert_eq!("m/12381/3600/5/0/0".parse(), Ok(Path::signing(5)));
    let text = "m/12381/60/3141592653/589793238/4294967295";
    assert_eq!(text.parse::<Path>().unwrap().to_string(), text);
}

#[test]
fn path_errors_name_the_segment() {
    for (text, error) in [
        ("", Error::PathRoot),
        ("12381/3600/0/0", Error::PathRoot),
        ("M/12381/3600/0/0", Error::PathRoot),
        ("/m/12381/3600/0/0", Error::PathRoot),
        ("m", Error::PathLength(0)),
        ("m/12381/3600/0", Error::PathLength(3)),
        ("m/12381/3600/0/0/", Error::PathSegment(5)),
        ("m/12381//0/0", Error::PathSegment(2)),
        ("m/12381/3600'/0/0", Error::PathSegment(2)),
        ("m/12381/3600/+1/0", Error::PathSegment(3)),
        ("m/12381/3600/01/0", Error::PathSegment(3)),
        ("m/12381/3600/0/ 0", Error::PathSegment(4)),
        ("m/12381/3600/0/4294967296", Error::PathSegment(4)),
    ] {
        assert_eq!(text.parse::<Path>(), Err(error), "{text:?}");
    }
    assert_eq!(
        Error::PathSegment(3).to_string(),
        "path segment 3 after \"m\" is not a plain decimal number from 0 to 4294967295"
    );
}

#[test]
fn debug_prints_no_key() {
    assert_eq!(format!("{:?}", master(TEST_JUNK_SEED)), "SecretKey(redacted)");
}
