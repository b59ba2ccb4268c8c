//! `ssz_rs` as a second opinion: another decoder, encoder and merkleization, with typed containers,
//! must agree with ours on the whole fulu state and on its body.

mod containers;

use std::fmt::Debug;

use crate::support::chain;
use containers::{
    Balances, BeaconBlockHeader, Bytes32, Checkpoint, Fork, VALIDATOR_REGISTRY_LIMIT, Validator,
    mainnet, minimal,
};
use proptest::prelude::*;
use regenesis::cl::fork::Fork as BeaconFork;
use regenesis::cl::ssz;
use regenesis::cl::state::GenesisState;
use regenesis::cl::validator::{GenesisValidator, Status};
use regenesis::forks::ForkName;
use ssz_rs::prelude::*;

const ETH: u64 = 1_000_000_000;
const GENESIS_TIME: u64 = 1_578_009_900;

fn root(value: &mut impl Merkleized) -> Bytes32 {
    value.hash_tree_root().unwrap().as_ref().try_into().unwrap()
}

/// Reads what we wrote, writes it again, and compares bytes and root.
fn agrees<T: SimpleSerialize + Debug>(encoded: &[u8], expected: Bytes32) -> T {
    let mut value = T::deserialize(encoded).unwrap();
    let mut again = Vec::new();
    value.serialize(&mut again).unwrap();
    assert!(again == encoded, "ssz_rs writes other bytes");
    assert_eq!(root(&mut value), expected);
    value
}

fn is_active(validator: &Validator) -> bool {
    validator.activation_epoch == 0 && validator.exit_epoch == u64::MAX
}

fn check_record(record: &Validator, asked: &GenesisValidator) {
    assert_eq!(record.pubkey[..], asked.pubkey);
    assert_eq!(record.withdrawal_credentials, asked.withdrawal_credentials);
    let compounding = asked.withdrawal_credentials[0] == 2;
    let cap = if compounding { 2048 * ETH } else { 32 * ETH };
    assert_eq!(record.effective_balance, asked.balance.unwrap_or(32 * ETH).min(cap));
    assert_eq!(record.slashed, asked.status == Status::Slashed);
    let left = asked.status != Status::Active;
    let activated = left || record.effective_balance >= 32 * ETH;
    let epoch = |happened| if happened { 0 } else { u64::MAX };
    assert_eq!(record.activation_eligibility_epoch, epoch(activated));
    assert_eq!(record.activation_epoch, epoch(activated));
    assert_eq!(record.exit_epoch, epoch(left));
    assert_eq!(record.withdrawable_epoch, epoch(left));
}

/// One function for each preset, whose states are of different types.
macro_rules! verified {
    ($name:ident $preset:ident) => {
        /// Our state as `ssz_rs` reads it, after the comparison of everything that is a root.
        fn $name(ours: &GenesisState, validators: &[GenesisValidator]) -> $preset::BeaconState {
            let mut state: $preset::BeaconState = agrees(&ours.ssz.to_bytes(), ours.state_root.0);
            let mut body = $preset::BeaconBlockBody::default();
            assert_eq!(root(&mut body), ours.body_root.0);
            assert_eq!(state.latest_block_header.body_root, ours.body_root.0);
            let mut block = BeaconBlockHeader {
                state_root: ours.state_root.0,
                ..state.latest_block_header.clone()
            };
            assert_eq!(root(&mut block), ours.block_root.0);
            assert_eq!(root(&mut state.validators), ours.genesis_validators_root.0);
            assert_eq!(state.genesis_validators_root, ours.genesis_validators_root.0);
            let header = &state.latest_execution_payload_header;
            let mut payload = body.execution_payload;
            assert_eq!(root(&mut payload.transactions), header.transactions_root);
            assert_eq!(root(&mut payload.withdrawals), header.withdrawals_root);

            assert_eq!(state.validators.len(), validators.len());
            for (record, asked) in state.validators.iter().zip(validators) {
                check_record(record, asked);
            }
            let balances = validators.iter().map(|v| v.balance.unwrap_or(32 * ETH));
            assert!(state.balances.iter().copied().eq(balances));
            let active = state.validators.iter().filter(|v| is_active(v)).count();
            assert_eq!(active, ours.active_validators);
            for index in state.proposer_lookahead.iter() {
                assert!(is_active(&state.validators[usize::try_from(*index).unwrap()]));
            }
            state
        }
    };
}

verified! { verified_mainnet mainnet }
verified! { verified_minimal minimal }

fn fork() -> &'static BeaconFork {
    BeaconFork::of(ForkName::Fulu)
}

fn fulu(preset: &str, validators: &[GenesisValidator]) -> GenesisState {
    chain::state(fork(), preset, validators, GENESIS_TIME)
}

#[test]
fn the_mainnet_state_equals_that_of_ssz_rs() {
    let validators = chain::validators(70);
    let state = verified_mainnet(&fulu("mainnet", &validators), &validators);
    let block_hash = chain::header(fork()).hash().0;
    assert_eq!(state.fork.previous_version, [5, 0, 0, 0]);
    assert_eq!(state.fork.current_version, [6, 0, 0, 0]);
    assert!(state.randao_mixes.iter().all(|mix| *mix == block_hash));
    assert_eq!(state.current_sync_committee, state.next_sync_committee);
}

#[test]
fn the_minimal_state_equals_that_of_ssz_rs() {
    let validators = chain::validators(64);
    let state = verified_minimal(&fulu("minimal", &validators), &validators);
    let execution = chain::header(fork());
    assert_eq!(state.genesis_time, GENESIS_TIME);
    assert_eq!((state.slot, state.eth1_deposit_index), (0, 0));
    let fork = Fork { previous_version: [5, 0, 0, 1], current_version: [6, 0, 0, 1], epoch: 0 };
    assert_eq!(state.fork, fork);
    assert_eq!(state.latest_block_header.state_root, [0; 32]);
    assert_eq!(state.eth1_data.block_hash, execution.hash().0);
    assert_eq!(state.eth1_data.deposit_count, 0);
    assert_eq!(
        hex::encode(state.eth1_data.deposit_root),
        "d70a234731285c6804c2a4f56711ddb8c82c99740f207854891028af34e27e5e"
    );
    assert!(state.randao_mixes.iter().all(|mix| *mix == execution.hash().0));
    assert!(state.slashings.iter().all(|gwei| *gwei == 0));
    assert_eq!(state.inactivity_scores.len(), 64);
    assert_eq!(state.finalized_checkpoint, Checkpoint::default());
    let payload = &state.latest_execution_payload_header;
    assert_eq!(payload.block_hash, execution.hash().0);
    assert_eq!(payload.state_root, execution.state_root.0);
    assert_eq!((payload.timestamp, payload.gas_limit), (1_700_000_000, 25_000_000));
    assert_eq!(payload.base_fee_per_gas, U256::from(1_000_000_000));
    assert_eq!(state.deposit_requests_start_index, 0);
    // eth-beacon-genesis' choice of these 64 validators.
    assert_eq!(
        state.proposer_lookahead[..],
        [62, 6, 11, 43, 50, 31, 0, 30, 48, 27, 44, 13, 46, 54, 49, 44]
    );
    assert_eq!(
        hex::encode(&state.current_sync_committee.aggregate_pubkey[..]),
        "8b6a011a9881c48495aa555b9a673de4b751cbfe16bd5eeab89e14c13fbcd98a\
         dc5027016db128942c7ce9fe1d574ca1"
    );
    assert_eq!(state.current_sync_committee, state.next_sync_committee);
}

fn any_validators() -> impl Strategy<Value = Vec<GenesisValidator>> {
    let balance = prop_oneof![
        Just(None),
        (0..4000 * ETH).prop_map(Some),
        (31 * ETH..33 * ETH).prop_map(Some),
        any::<u64>().prop_map(Some),
    ];
    let status = prop::sample::select(vec![Status::Active, Status::Slashed, Status::Exited]);
    let validator = (0_u8..3, any::<[u8; 20]>(), balance, status);
    let validators = prop::collection::vec(validator, 1..=70);
    (validators, any::<prop::sample::Index>()).prop_map(|(asked, active)| {
        let active = active.index(asked.len());
        let mut validators = chain::validators(asked.len());
        for (validator, (prefix, address, balance, status)) in validators.iter_mut().zip(asked) {
            validator.withdrawal_credentials = [0; 32];
            validator.withdrawal_credentials[0] = prefix;
            validator.withdrawal_credentials[12..].copy_from_slice(&address);
            (validator.balance, validator.status) = (balance, status);
        }
        (validators[active].balance, validators[active].status) = (None, Status::Active);
        validators
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn states_of_any_validators(validators in any_validators()) {
        verified_minimal(&fulu("minimal", &validators), &validators);
    }

    #[test]
    fn lists_and_vectors(
        numbers in prop::collection::vec(any::<u64>(), 0..300),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let list = ssz::list_uint64(&numbers, VALIDATOR_REGISTRY_LIMIT as u64);
        agrees::<Balances>(&list.to_bytes(), list.root().0);
        let list = ssz::list_uint8(bytes, 300);
        agrees::<List<u8, 300>>(&list.to_bytes(), list.root().0);
        let numbers: Vec<u64> = numbers.into_iter().chain([0; 64]).take(64).collect();
        let vector = ssz::vector_uint64(&numbers);
        agrees::<Vector<u64, 64>>(&vector.to_bytes(), vector.root().0);
    }
}
