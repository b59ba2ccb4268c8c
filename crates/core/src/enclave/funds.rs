//! The balances on the L1 of an enclave's accounts, and of the accounts of published mnemonics.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use serde::Serialize;

use super::Account;
use crate::creation::{DEVELOPERS, MNEMONIC};
use crate::genesis_generator::premine;
use crate::keys::Mnemonic;
use crate::snapshot::{MNEMONICS, mnemonics};

/// The phrase of kurtosis-cdk's roles. Source: its `src/package_io/input_parser.star`.
const KURTOSIS_CDK: &str = "lab code glass agree maid neutral vessel horror deny frequent favorite soft \
                            gate galaxy proof vintage once figure diary virtual scissors marble shrug drop";

/// The published phrases, with their publishers.
const PUBLISHED: [(&str, &str); 3] =
    [("ethereum-package", MNEMONIC), ("kurtosis-cdk", KURTOSIS_CDK), ("anvil", DEVELOPERS)];

/// How many accounts of a phrase ethereum-genesis-generator funds; the other packages fund fewer.
const COUNT: u32 = 21;
const PATH: &str = "m/44'/60'/0'/0/INDEX";

/// Balances on the L1 at the captured block.
#[derive(Debug, Default)]
pub struct Funds {
    pub(super) balances: BTreeMap<Address, U256>,
    pub(super) test_accounts: Vec<TestAccounts>,
}

/// The accounts of a mnemonic that have ETH on the L1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct TestAccounts {
    /// Who publishes the phrase, or the file of the snapshot that has it.
    pub(super) source: &'static str,
    /// The phrase, if it is a published one: any other is a secret.
    mnemonic: Option<&'static str>,
    path: &'static str,
    pub(super) accounts: Vec<TestAccount>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct TestAccount {
    index: usize,
    address: Address,
    /// Wei, as a decimal number.
    balance: String,
}

impl Funds {
    /// Asks `balance` for the wei of these accounts, and of the first accounts of each published phrase and
    /// each phrase in `mnemonics`, the text of `mnemonics.yaml`.
    ///
    /// # Errors
    /// Those of `balance`.
    pub fn read<E>(
        accounts: &[Account],
        mnemonics: Option<&[u8]>,
        mut balance: impl FnMut(Address) -> Result<U256, E>,
    ) -> Result<Self, E> {
        let mut funds = Self::default();
        for Account { address, .. } in accounts {
            if !funds.balances.contains_key(address) {
                funds.balances.insert(*address, balance(*address)?);
            }
        }
        for (source, mnemonic, addresses) in phrases(mnemonics) {
            let mut accounts = Vec::new();
            for (index, address) in addresses.into_iter().enumerate() {
                let wei = balance(address)?;
                if !wei.is_zero() {
                    accounts.push(TestAccount { index, address, balance: wei.to_string() });
                }
            }
            if !accounts.is_empty() {
                funds.test_accounts.push(TestAccounts { source, mnemonic, path: PATH, accounts });
            }
        }
        Ok(funds)
    }
}

type Phrase = (&'static str, Option<&'static str>, Vec<Address>);

/// Phrases with their first addresses, each once.
fn phrases(own: Option<&[u8]>) -> Vec<Phrase> {
    let first = |mnemonic: &Mnemonic| premine::addresses(mnemonic, COUNT).ok();
    let published = PUBLISHED.into_iter().filter_map(|(source, phrase)| {
        Some((source, Some(phrase), first(&Mnemonic::parse(phrase).ok()?)?))
    });
    let mut found: Vec<Phrase> = published.collect();
    let own = own.and_then(|text| mnemonics::parse(text).ok()).unwrap_or_default();
    for addresses in own.iter().filter_map(|entry| first(&entry.mnemonic)) {
        if found.iter().all(|(.., known)| *known != addresses) {
            found.push((MNEMONICS, None, addresses));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A phrase that no package publishes.
    const OWN: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";

    fn account(address: &str) -> Account {
        Account {
            role: "sequencer".to_owned(),
            address: address.parse().unwrap(),
            service: "aggkit-001".to_owned(),
            network: Some("001".to_owned()),
            keystore: None,
        }
    }

    #[test]
    fn accounts_of_a_mnemonic_are_those_with_a_balance() {
        // Funded by ethereum-package, and by kurtosis-cdk: its sequencer and its aggregator.
        let funded = [
            "0x8943545177806ED17B9F23F0a21ee5948eCaa776",
            "0xE25583099BA105D9ec0A67f5Ae86D90e50036425",
            "0xafF0CA253b97e54440965855cec0A8a2E2399896",
            "0x5b06837A43bdC3dD9F114558DAf4B26ed49842Ed",
            "0xCae5b68Ff783594bDe1b93cdE627c741722c4D4d",
        ]
        .map(|address| address.parse::<Address>().unwrap());
        let mut asked = Vec::new();
        let own = format!(
            "- mnemonic: \"{MNEMONIC}\"\n  count: 1\n- mnemonic: \"{OWN}\"\n  count: 1\n\
             - mnemonic: \"{OWN}\"\n  start: 1\n  count: 1\n"
        );
        let first_own = premine::addresses(&Mnemonic::parse(OWN).unwrap(), 1).unwrap()[0];
        let accounts = [account(&funded[3].to_string()), account(&funded[3].to_string())];
        let funds = Funds::read(&accounts, Some(own.as_bytes()), |address| {
            asked.push(address);
            let has = funded.contains(&address) || address == first_own;
            Ok::<_, ()>(if has { U256::from(7) } else { U256::ZERO })
        })
        .unwrap();
        assert_eq!(
            asked.len(),
            1 + 4 * COUNT as usize,
            "each phrase and account is asked for once"
        );
        assert_eq!(funds.balances, BTreeMap::from([(funded[3], U256::from(7))]));
        let found: Vec<_> = funds
            .test_accounts
            .iter()
            .flat_map(|of| of.accounts.iter().map(|one| (of.source, one.index, one.address)))
            .collect();
        let expected = [
            ("ethereum-package", 0, funded[0]),
            ("ethereum-package", 1, funded[1]),
            ("ethereum-package", 20, funded[2]),
            ("kurtosis-cdk", 0, funded[3]),
            ("kurtosis-cdk", 1, funded[4]),
            ("val/mnemonics.yaml", 0, first_own),
        ];
        assert_eq!(found, expected);
        let json = serde_json::to_string(&funds.test_accounts).unwrap();
        assert!(json.contains("giant issue aisle") && !json.contains("legal winner"), "{json}");
        assert!(
            json.contains(r#""index":20,"address":"0xaff0ca253b97e54440965855cec0a8a2e2399896""#)
        );
    }

    #[test]
    fn an_unknown_balance_is_an_error_and_never_0() {
        let read = Funds::read(&[account(&Address::ZERO.to_string())], None, |_| Err("pruned"));
        assert_eq!(read.unwrap_err(), "pruned");
    }
}
