//! The schedule of blob limits, for both layers.

use super::table::NEVER;
use super::{Error, Settings};
use crate::el::chain_config::BlobParams;
use crate::schedule::update_fraction;

/// A fork that changes nothing but blob limits (EIP-7892).
#[derive(Debug, Clone, Copy)]
pub struct Bpo {
    /// Its number, from 1.
    pub number: usize,
    /// From which epoch on.
    pub epoch: u64,
    /// The limits.
    pub params: BlobParams,
}

const FORKS: usize = 5;

/// The forks that take place. One that nobody set keeps its default epoch, 0, if that is neither
/// before fulu nor before its predecessor, and else does not take place. `reached` are the limits of
/// those that the block of a public network's shadow fork has reached.
pub fn schedule(
    settings: &Settings,
    reached: Option<&[BlobParams]>,
    warnings: &mut Vec<String>,
) -> Result<Vec<Bpo>, Error> {
    let fulu = settings.epoch("FULU_FORK_EPOCH")?;
    let gloas = settings.epoch("GLOAS_FORK_EPOCH")?.filter(|epoch| *epoch > 0);
    // What a block has not reached comes in a later epoch.
    let first = u64::from(reached.is_some());
    let mut forks: Vec<Bpo> = Vec::new();
    for number in 1..=FORKS {
        let name = |what: &str| format!("BPO_{number}_{what}");
        let (epoch_name, max_name) = (name("EPOCH"), name("MAX_BLOBS"));
        let epoch = settings.epoch(&epoch_name)?;
        let given = settings.is_set(&epoch_name);
        let limits = [&max_name, &name("TARGET_BLOBS"), &name("BASE_FEE_UPDATE_FRACTION")];
        if let Some(params) = reached.and_then(|reached| reached.get(number - 1)) {
            if given && epoch != Some(0) {
                let what =
                    format!("is {}, but the block has reached it", settings.text(&epoch_name));
                return Err(settings.fault(&epoch_name, what, "set it to 0: what was, stays"));
            }
            if settings.is_set(&max_name) && settings.number(&max_name)? != params.max {
                let what = format!("is {}", settings.text(&max_name));
                let hint = format!("the block has reached this fork: it has {}", params.max);
                return Err(settings.fault(&max_name, what, hint));
            }
            forks.push(Bpo { number, epoch: 0, params: *params });
            continue;
        }
        let Some(epoch) = epoch else {
            if let Some(limit) = limits.iter().find(|limit| settings.is_set(limit)) {
                warnings.push(format!("{limit} has no effect: {epoch_name} is {NEVER}, never"));
            }
            continue;
        };
        let previous = forks.last().map_or(0, |fork| fork.epoch);
        let hint = format!("{NEVER} is never");
        match fulu {
            None if given => {
                warnings.push(format!("{epoch_name} has no effect: there is no fulu"));
                continue;
            }
            None => continue,
            Some(fulu) if epoch < fulu.max(previous).max(first) => {
                if given {
                    let what = format!(
                        "is {epoch}, {}",
                        match epoch {
                            _ if epoch < fulu => "which is before FULU_FORK_EPOCH",
                            _ if epoch < previous => "which is before the blob fork before it",
                            _ => "but the block has not reached it",
                        }
                    );
                    return Err(settings.fault(&epoch_name, what, hint));
                }
                warnings.push(format!("{epoch_name} is not 0 as by default, but never"));
                continue;
            }
            Some(_) if gloas.is_some_and(|gloas| epoch > gloas) => {
                let what = format!("is {epoch}, which is after GLOAS_FORK_EPOCH");
                let hint =
                    "geth takes no blob fork after amsterdam: set an earlier epoch, or never";
                return Err(settings.fault(&epoch_name, what, hint));
            }
            Some(_) => {}
        }
        let params = limits_of(settings, [limits[1], limits[0], limits[2]])?;
        forks.push(Bpo { number, epoch, params });
    }
    Ok(forks)
}

/// Limits by the names of target, maximum and fraction; a fraction of 0 follows from the maximum.
pub fn limits_of(settings: &Settings, names: [&str; 3]) -> Result<BlobParams, Error> {
    let [target_name, max_name, fraction_name] = names;
    let (target, max) = (settings.number(target_name)?, settings.number(max_name)?);
    if target > max {
        let hint = format!("{max_name} is {max}");
        return Err(settings.fault(target_name, format!("is {target}, above the maximum"), hint));
    }
    if max == 0 || max > 4096 {
        return Err(settings.expected(max_name, "a number of blobs from 1 to 4096"));
    }
    let fraction = settings.number(fraction_name)?;
    let update_fraction = if fraction == 0 { update_fraction(max) } else { fraction };
    Ok(BlobParams { target, max, update_fraction })
}
