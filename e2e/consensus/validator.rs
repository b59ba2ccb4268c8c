//! The validator client: asks for a block in every slot, and never twice for one.

use std::path::Path;
use std::time::Duration;

use crate::Genesis;

pub fn run(genesis: &Genesis, signed: &Path, beacon: &str) {
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(5)));
    let agent: ureq::Agent = config.build().into();
    let new = signed.with_extension("new");
    loop {
        let slot = genesis.next_slot();
        let last = std::fs::read_to_string(signed).unwrap_or_default().parse().unwrap_or(0);
        if slot <= last {
            println!("Not signing slashable block: slot {slot}, signed {last}");
            continue;
        }
        // Before anything is signed, as a slashing database does it.
        std::fs::write(&new, slot.to_string()).unwrap();
        std::fs::rename(&new, signed).unwrap();
        match agent.get(format!("http://{beacon}/propose/{slot}")).call() {
            Ok(_) => println!("slot {slot}: proposed"),
            Err(error) => println!("slot {slot}: {error}"),
        }
    }
}
