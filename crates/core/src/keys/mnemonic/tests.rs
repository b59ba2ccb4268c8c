use super::*;

/// Phrase and seed under the passphrase "TREZOR". 12, 18 and 24 words: `vectors.json` of
/// trezor/python-mnemonic; 15 and 21 words, which it lacks: computed with that package.
const TREZOR: [(&str, &str); 16] = [
    (
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
         abandon about",
        "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e5349553\
         1f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04",
    ),
    (
        "legal winner thank year wave sausage worth useful legal winner thank yellow",
        "2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6f\
         a457fe1296106559a3c80937a1c1069be3a3a5bd381ee6260e8d9739fce1f607",
    ),
    (
        "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
        "d71de856f81a8acc65e6fc851a38d4d7ec216fd0796d0a6827a3ad6ed5511a30\
         fa280f12eb2e47ed2ac03b5c462a0358d18d69fe4f985ec81778c1b370b652a8",
    ),
    (
        "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong",
        "ac27495480225222079d7be181583751e86f571027b0497b5b5d11218e0a8a13\
         332572917f0f8e5a589620c6f15b11c61dee327651a14c34e18231052e48c069",
    ),
    (
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
         abandon abandon abandon abandon abandon abandon abandon agent",
        "035895f2f481b1b0f01fcf8c289c794660b289981a78f8106447707fdd9666ca\
         06da5a9a565181599b79f53b844d8a71dd9f439c52a3d7b3e8a79c906ac845fa",
    ),
    (
        "legal winner thank year wave sausage worth useful legal winner thank year wave \
         sausage worth useful legal will",
        "f2b94508732bcbacbcc020faefecfc89feafa6649a5491b8c952cede496c214a\
         0c7b3c392d168748f2d4a612bada0753b52a1c7ac53c1e93abd5c6320b9e95dd",
    ),
    (
        "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo when",
        "0cd6e5d827bb62eb8fc1e262254223817fd068a74b5b449cc2f667c3f1f985a7\
         6379b43348d952e2265b4cd129090758b3e3c2c49103b5051aac2eaeb890a528",
    ),
    (
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
         abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon \
         abandon abandon abandon art",
        "bda85446c68413707090a52022edd26a1c9462295029f2e60cd7c4f2bbd30971\
         70af7a4d73245cafa9c3cca8d561a7c3de6f5d4a10be8ed2a5e608d68f92fcc8",
    ),
    (
        "legal winner thank year wave sausage worth useful legal winner thank year wave \
         sausage worth useful legal winner thank year wave sausage worth title",
        "bc09fca1804f7e69da93c2f2028eb238c227f2e9dda30cd63699232578480a40\
         21b146ad717fbb7e451ce9eb835f43620bf5c514db0f8add49f5d121449d3e87",
    ),
    (
        "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo \
         zoo zoo vote",
        "dd48c104698c30cfe2b6142103248622fb7bb0ff692eebb00089b32d22484e16\
         13912f0a5b694407be899ffd31ed3992c456cdf60f5d4564b8ba3f05a69890ad",
    ),
    (
        "ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic",
        "274ddc525802f7c828d8ef7ddbcdc5304e87ac3535913611fbbfa986d0c9e547\
         6c91689f9c8a54fd55bd38606aa6a8595ad213d4c9c9f9aca3fb217069a41028",
    ),
    (
        "gravity machine north sort system female filter attitude volume fold club stay \
         feature office ecology stable narrow fog",
        "628c3827a8823298ee685db84f55caa34b5cc195a778e52d45f59bcf75aba68e\
         4d7590e101dc414bc1bbd5737666fbbef35d1f1903953b66624f910feef245ac",
    ),
    (
        "hamster diagram private dutch cause delay private meat slide toddler razor book happy \
         fancy gospel tennis maple dilemma loan word shrug inflict delay length",
        "64c87cde7e12ecf6704ab95bb1408bef047c22db4cc7491c4271d170a1b213d2\
         0b385bc1588d9c7b38f1b39d415665b8a9030c9ec653d75e65f847d8fc1fc440",
    ),
    (
        "all hour make first leader extend hole alien behind guard gospel lava path output \
         census museum junior mass reopen famous sing advance salt reform",
        "26e975ec644423f4a4c4f4215ef09b4bd7ef924e85d1d17c4cf3f136c2863cf6\
         df0a475045652c57eb5fb41513ca2a2d67722b77e954b4b3fc11f7590449191d",
    ),
    (
        "arctic live gadget display excess mandate sniff autumn people disorder affair hole \
         retreat fancy clap",
        "bd75eef10acbdd45bf12a355f6ef98f4f199e0ab272edc4e8c93db445d081586\
         b3763a59f96cb800dfddf2f78d5f9eb6b74d61becc3430a129ef219c4146cac3",
    ),
    (
        "arctic live gadget display excess mandate sniff autumn people disorder affair hole \
         retreat fancy close tip deer village tuition orbit cat",
        "8546df90b3434f4614914f922bca1ba834259824048d4e4f5e52cfb68396b86f\
         9032bac96cd3ebe04965655ed7aa69fe28dc3afee40caa1889a1762ea47540de",
    ),
];

/// Phrase and seed under the empty passphrase, computed with trezor/python-mnemonic.
const PLAIN: [(&str, &str); 3] = [
    (
        "test test test test test test test test test test test junk",
        "9dfc3c64c2f8bede1533b6a79f8570e5943e0b8fd1cf77107adf7b72cef42185\
         d564a3aee24cab43f80e3c4538087d70fc824eabbad596a23c97b6ee8322ccc0",
    ),
    (
        "arctic live gadget display excess mandate sniff autumn people disorder affair hole \
         retreat fancy clap",
        "14141abe81ddc926fb056d7e93d61567c764f268cff2de8dcfeeb3676a0cf68b\
         7001a92fd927aab76c39206999b78d072c368ffbabb223dbf7500e350973daaf",
    ),
    (
        "arctic live gadget display excess mandate sniff autumn people disorder affair hole \
         retreat fancy close tip deer village tuition orbit cat",
        "4cc838b6b1c675314587adda51249e8facc7884f6e13b158c12023b769f321f9\
         81d4d32a7a9f5ce0e68288342302b6701ba5c6f56ff72fb1684e3498a269e257",
    ),
];

const JUNK: &str = "test test test test test test test test test test test junk";

#[test]
fn trezor_vectors() {
    for (phrase, seed) in TREZOR {
        let mnemonic = Mnemonic::parse(phrase).unwrap();
        assert!(!mnemonic.was_normalised());
        assert_eq!(hex::encode(*mnemonic.to_seed_with("TREZOR")), seed, "{phrase}");
    }
}

#[test]
fn to_seed_uses_the_empty_passphrase() {
    for (phrase, seed) in PLAIN {
        assert_eq!(hex::encode(*Mnemonic::parse(phrase).unwrap().to_seed()), seed, "{phrase}");
    }
}

#[test]
fn folded_blanks_are_reported() {
    let expected = Mnemonic::parse(JUNK).unwrap().to_seed();
    for (phrase, folded) in [
        (format!("  {JUNK}\r\n"), false),
        (JUNK.replacen(' ', "  ", 1), true),
        (JUNK.replacen(' ', "\t", 1), true),
        (JUNK.replacen(' ', "\n", 1), true),
    ] {
        let mnemonic = Mnemonic::parse(&phrase).unwrap();
        assert_eq!(mnemonic.was_normalised(), folded, "{phrase:?}");
        assert_eq!(mnemonic.to_seed(), expected);
    }
}

#[test]
fn wrong_phrases_are_refused() {
    let twelve = "abandon ".repeat(11) + "about";
    for (phrase, error) in [
        (String::new(), Error::WordCount(0)),
        (twelve.replacen("abandon ", "", 1), Error::WordCount(11)),
        (format!("abandon {twelve}"), Error::WordCount(13)),
        ("abandon ".repeat(27), Error::WordCount(27)),
        (twelve.replace("about", "abandon"), Error::PhraseChecksum),
        (JUNK.replacen("test test", "junk test", 1), Error::PhraseChecksum),
        (JUNK.replace("junk", "junkk"), Error::UnknownWord(12)),
        (JUNK.replacen("test", "Test", 1), Error::UnknownWord(1)),
        (JUNK.replacen("test test", "test,test test", 1), Error::UnknownWord(1)),
    ] {
        assert_eq!(Mnemonic::parse(&phrase).unwrap_err(), error, "{phrase:?}");
    }
}

#[test]
fn errors_name_the_cause() {
    for (error, text) in [
        (Error::WordCount(13), "13 words, expected 12, 15, 18, 21 or 24"),
        (Error::UnknownWord(7), "word 7 is not in the English BIP-39 word list"),
        (Error::PhraseChecksum, "the checksum does not match"),
    ] {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn debug_prints_no_word() {
    assert_eq!(format!("{:?}", Mnemonic::parse(JUNK).unwrap()), "Mnemonic(redacted)");
}
