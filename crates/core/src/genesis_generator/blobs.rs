//! The bpo forks (EIP-7892) and their blob limits, for both layers.

use super::table::NEVER;
use super::{Error, Settings};
use crate::forks::{BlobParams, Hardfork};
use crate::schedule::update_fraction;

/// A blob-parameter-only (bpo) fork.
#[derive(Debug, Clone, Copy)]
pub struct Bpo {
    /// Which one.
    pub fork: Hardfork,
    /// Its number in the variables, from 1.
    number: usize,
    /// The epoch from which on it applies.
    pub epoch: u64,
    /// The limits.
    pub params: BlobParams,
}

impl Bpo {
    /// The variable of its epoch.
    pub fn epoch_name(&self) -> String {
        variable(self.number, "EPOCH")
    }
}

fn variable(number: usize, suffix: &str) -> String {
    format!("BPO_{number}_{suffix}")
}

/// The bpo forks that are scheduled. One without an epoch has the default, 0, if that is before
/// neither fulu nor the previous bpo fork; otherwise it is never. `reached` has the limits of the
/// forks that the head of a public network's shadow fork has reached.
pub fn schedule(
    settings: &Settings,
    reached: Option<&[BlobParams]>,
    warnings: &mut Vec<String>,
) -> Result<Vec<Bpo>, Error> {
    let fulu = settings.epoch("FULU_FORK_EPOCH")?;
    let gloas = settings.epoch("GLOAS_FORK_EPOCH")?.filter(|epoch| *epoch > 0);
    // A fork that the block has not reached is in a later epoch.
    let first = u64::from(reached.is_some());
    let mut forks: Vec<Bpo> = Vec::new();
    for (number, fork) in (1..).zip(Hardfork::bpo()) {
        let (epoch_name, max_name) = (variable(number, "EPOCH"), variable(number, "MAX_BLOBS"));
        let target_name = variable(number, "TARGET_BLOBS");
        let fraction_name = variable(number, "BASE_FEE_UPDATE_FRACTION");
        let names = [target_name, max_name, fraction_name];
        let epoch = settings.epoch(&epoch_name)?;
        let given = settings.is_set(&epoch_name);
        if let Some(params) = reached.and_then(|reached| reached.get(number - 1)) {
            if given && epoch != Some(0) {
                let problem =
                    format!("is {}, but the block has reached it", settings.text(&epoch_name));
                return Err(settings.error(&epoch_name, problem, "set it to 0, or leave it out"));
            }
            let max_name = &names[1];
            if settings.is_set(max_name) && settings.number(max_name)? != params.max {
                let problem = format!("is {}", settings.text(max_name));
                let hint = format!("set it to {}: the block has reached this fork", params.max);
                return Err(settings.error(max_name, problem, hint));
            }
            forks.push(Bpo { fork, number, epoch: 0, params: *params });
            continue;
        }
        let Some(epoch) = epoch else {
            let order = [&names[1], &names[0], &names[2]];
            if let Some(limit) = order.into_iter().find(|limit| settings.is_set(limit)) {
                warnings.push(format!("{limit} has no effect: {epoch_name} is {NEVER}, never"));
            }
            continue;
        };
        let previous = forks.last().map_or(0, |fork| fork.epoch);
        match fulu {
            None if given => {
                warnings.push(format!("{epoch_name} has no effect: there is no fulu"));
                continue;
            }
            None => continue,
            Some(fulu) if epoch < fulu.max(previous).max(first) => {
                if given {
                    let reason = match epoch {
                        _ if epoch < fulu => "which is before FULU_FORK_EPOCH",
                        _ if epoch < previous => "which is before the previous bpo fork",
                        _ => "but the block has not reached it",
                    };
                    let hint = format!("set a later epoch, or {NEVER} for never");
                    return Err(settings.error(&epoch_name, format!("is {epoch}, {reason}"), hint));
                }
                warnings.push(format!("{epoch_name} is never: its default, 0, is too early"));
                continue;
            }
            Some(_) if gloas.is_some_and(|gloas| epoch > gloas) => {
                let problem = format!("is {epoch}, which is after GLOAS_FORK_EPOCH");
                let hint = format!(
                    "set an earlier epoch, or {NEVER} for never: geth rejects a bpo fork after \
                     amsterdam"
                );
                return Err(settings.error(&epoch_name, problem, hint));
            }
            Some(_) => {}
        }
        let params = limits_of(settings, &names)?;
        forks.push(Bpo { fork, number, epoch, params });
    }
    Ok(forks)
}

/// The limits in the variables for target, maximum and update fraction. A fraction of 0 is derived
/// from the maximum.
pub fn limits_of(settings: &Settings, names: &[String; 3]) -> Result<BlobParams, Error> {
    let [target_name, max_name, fraction_name] = names;
    let (target, max) = (settings.number(target_name)?, settings.number(max_name)?);
    if target > max {
        let hint = format!("set it to {max} at most, or raise {max_name}");
        return Err(settings.error(target_name, format!("is {target}, above the maximum"), hint));
    }
    if max == 0 || max > 4096 {
        return Err(settings.expected(max_name, "a number of blobs from 1 to 4096"));
    }
    let fraction = settings.number(fraction_name)?;
    let update_fraction = if fraction == 0 { update_fraction(max) } else { fraction };
    Ok(BlobParams { target, max, update_fraction })
}
