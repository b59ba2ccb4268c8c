//! Reads a `networks.json`.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use super::json::At;
use super::{Account, Consensus, Error, Network, Networks, Problem, ROLES, Sequencer};
use crate::keys::SecretText;
use crate::l2;
use crate::spelling::nearest;
use crate::yaml::shown;

const NETWORKS: &str = "networks";
const SEQUENCER: &str = "sequencer_type";
const CONSENSUS: &str = "consensus_type";
const SUFFIX: &str = "deployment_suffix";
const CHAIN_ID: &str = "l2_chain_id";
const NETWORK_ID: &str = "network_id";

/// The members of a network that has all accounts.
const MEMBERS: [&str; 19] = [
    SEQUENCER,
    CONSENSUS,
    SUFFIX,
    CHAIN_ID,
    NETWORK_ID,
    "l2_sequencer_address",
    "l2_sequencer_private_key",
    "l2_aggregator_address",
    "l2_aggregator_private_key",
    "l2_admin_address",
    "l2_admin_private_key",
    "l2_dac_address",
    "l2_dac_private_key",
    "l2_aggoracle_address",
    "l2_aggoracle_private_key",
    "l2_sovereignadmin_address",
    "l2_sovereignadmin_private_key",
    "l2_claimsponsor_address",
    "l2_claimsponsor_private_key",
];

/// Longest suffix: names of services are DNS labels, and the longest name before it has 40 characters.
const LONGEST_SUFFIX: usize = 20;

pub(super) fn networks(text: &[u8]) -> Result<Networks, Error> {
    let document = Object::of(At::document(text)?, &[NETWORKS])?;
    let list = document.get(NETWORKS)?;
    let elements = list.elements()?;
    if elements.is_empty() {
        return Err(list.error(Problem::Empty));
    }
    let mut networks: Vec<Network> = Vec::new();
    for element in elements {
        let object = Object::of(element, &MEMBERS)?;
        let network = network(&object)?;
        for (member, value) in identity(&network) {
            let other = networks.iter().position(|other| {
                identity(other).into_iter().any(|known| known == (member, value.clone()))
            });
            if let Some(other) = other {
                return Err(object.get(member)?.error(Problem::Taken { value, other }));
            }
        }
        networks.push(network);
    }
    Ok(Networks(networks))
}

/// What no other network may have.
fn identity(network: &Network) -> [(&'static str, String); 3] {
    [
        (SUFFIX, network.deployment_suffix.clone()),
        (CHAIN_ID, network.l2_chain_id.to_string()),
        (NETWORK_ID, network.network_id.to_string()),
    ]
}

fn network(object: &Object<'_>) -> Result<Network, Error> {
    let sequencer = object.one_of(SEQUENCER, &Sequencer::ALL, Sequencer::name)?;
    let consensus = object.one_of(CONSENSUS, &Consensus::ALL, Consensus::name)?;
    if !sequencer.consensus().contains(&consensus) {
        let possible = sequencer.consensus().iter().map(|consensus| consensus.name());
        return Err(object.get(CONSENSUS)?.error(Problem::Combination {
            consensus: consensus.name(),
            sequencer: sequencer.name(),
            possible: possible.collect::<Vec<_>>().join(", "),
        }));
    }
    let accounts = ROLES.iter().filter_map(|role| account(object, role).transpose());
    Ok(Network {
        sequencer,
        consensus,
        deployment_suffix: suffix(object.get(SUFFIX)?)?,
        l2_chain_id: object.positive(CHAIN_ID)?,
        network_id: object.positive(NETWORK_ID)?,
        accounts: accounts.collect::<Result<_, _>>()?,
    })
}

/// A suffix, with which names of services end.
fn suffix(value: &At<'_>) -> Result<String, Error> {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = |text: &String| {
        (2..=LONGEST_SUFFIX).contains(&text.len())
            && text.starts_with('-')
            && !text.ends_with('-')
            && text.bytes().all(is_allowed)
    };
    value.text_value().filter(fits).ok_or_else(|| {
        let expected = format!(
            "\"-001\" or another text of at most {LONGEST_SUFFIX} characters: a `-`, then lower case \
             letters, digits and `-`"
        );
        value.invalid(expected)
    })
}

/// The account of a role, if the network names it.
fn account(object: &Object<'_>, role: &'static str) -> Result<Option<Account>, Error> {
    let members = [format!("l2_{role}_address"), format!("l2_{role}_private_key")];
    let [address, key] = members.each_ref().map(|member| object.optional(member));
    let address = address.map(|value| self::address(value).map(|address| (value, address)));
    let key = key.map(|value| self::key(value).map(|key| (value, key)));
    match (address.transpose()?, key.transpose()?) {
        (None, None) => Ok(None),
        (Some((_, address)), None) => Ok(Some(Account { role, address, key: None })),
        (None, Some((value, (_, address)))) => {
            let [member, _] = members;
            Err(value.error(Problem::NoAddress { address, member }))
        }
        (Some((value, address)), Some((_, (_, of_key)))) if address != of_key => {
            let [_, member] = members;
            Err(value.error(Problem::OtherKey { address, member, of_key }))
        }
        (Some((_, address)), Some((_, (key, _)))) => {
            Ok(Some(Account { role, address, key: Some(key) }))
        }
    }
}

fn address(value: &At<'_>) -> Result<Address, Error> {
    let expected = "an address: 0x and 40 hex digits";
    let text = value.text_value().ok_or_else(|| value.invalid(expected))?;
    let digits = text.strip_prefix("0x").filter(|digits| {
        !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    });
    let digits = digits.ok_or_else(|| value.invalid(expected))?;
    if digits.len() != 2 * Address::len_bytes() {
        let problem = Problem::Length { value: shown(&text), digits: digits.len() };
        return Err(value.error(problem));
    }
    digits.parse().map_err(|_| value.invalid(expected))
}

/// A private key, and its address.
fn key(value: &At<'_>) -> Result<(SecretText, Address), Error> {
    let text = value.text_value().map(SecretText::from);
    let key = text.and_then(|text| l2::read_key(text.as_bytes()));
    key.ok_or_else(|| value.error(Problem::NotAKey))
}

/// An object without unknown or repeated members.
struct Object<'a> {
    place: At<'a>,
    members: BTreeMap<String, At<'a>>,
}

impl<'a> Object<'a> {
    fn of(place: At<'a>, known: &'static [&'static str]) -> Result<Self, Error> {
        let mut members = BTreeMap::new();
        for (name, value) in place.members()? {
            if !known.contains(&name.as_str()) {
                let meant = nearest(&name, known.iter().copied());
                return Err(value.error(Problem::Unknown { meant }));
            }
            if members.insert(name, value.clone()).is_some() {
                return Err(value.error(Problem::Repeated));
            }
        }
        Ok(Self { place, members })
    }

    fn optional(&self, member: &str) -> Option<&At<'a>> {
        self.members.get(member)
    }

    fn get(&self, member: &str) -> Result<&At<'a>, Error> {
        self.optional(member).ok_or_else(|| self.place.error_at(member, Problem::Missing))
    }

    fn one_of<T: Copy>(
        &self,
        member: &str,
        all: &[T],
        name: impl Fn(T) -> &'static str,
    ) -> Result<T, Error> {
        let value = self.get(member)?;
        let text = value.text_value();
        let found = all.iter().find(|kind| Some(name(**kind)) == text.as_deref());
        found.copied().ok_or_else(|| {
            let names: Vec<_> = all.iter().map(|kind| name(*kind)).collect();
            value.invalid(format!("one of {}", names.join(", ")))
        })
    }

    fn positive<T: TryFrom<u64>>(&self, member: &str) -> Result<T, Error> {
        let value = self.get(member)?;
        let number = value.number().filter(|number| *number > 0);
        let number = number.and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| value.invalid("a whole number from 1, without quotes"))
    }
}
