//! `--fork NAME` and `--fork NAME=EPOCH`: the epoch of every fork.

use super::options::{Error, Options, Value};
use crate::cl::fork::FORKS;
use crate::forks::{ForkName, Hardfork};
use crate::spelling;

const NAME: &str = "fork";
/// The fork at genesis if none is named: the sample's.
const AT_GENESIS: ForkName = ForkName::Fulu;

/// The forks after phase0.
fn later() -> impl Iterator<Item = ForkName> {
    FORKS.iter().map(|fork| fork.name).filter(|name| name.epoch_key().is_some())
}

/// The epoch of every fork after phase0, in order; `None`: never.
///
/// The forks before the first one that is named are at genesis. One between two that are named has the
/// epoch of the one before it, and one after the last never activates.
pub(super) fn epochs(options: &Options) -> Result<Vec<(ForkName, Option<u64>)>, Error> {
    let mut named: Vec<(ForkName, u64, &Value)> = Vec::new();
    for value in options.all(NAME) {
        let (fork, epoch) = parse(value)?;
        if named.iter().any(|(known, ..)| *known == fork) {
            return Err(value.problem(NAME, format!("names {fork} twice"), "name it once"));
        }
        named.push((fork, epoch, value));
    }
    named.sort_by_key(|(fork, ..)| *fork);
    for pair in named.windows(2) {
        let [(one, at, _), (other, then, value)] = pair else { continue };
        if then < at {
            let problem = format!("has {other} at epoch {then}, before {one} at epoch {at}");
            return Err(value.problem(NAME, problem, "forks activate in order"));
        }
    }
    let last = named.last().map_or(AT_GENESIS, |(fork, ..)| *fork);
    let mut epoch = 0;
    let at = |fork: ForkName| {
        if let Some((_, at, _)) = named.iter().find(|(known, ..)| *known == fork) {
            epoch = *at;
        }
        (fork, (fork <= last).then_some(epoch))
    };
    Ok(later().map(at).collect())
}

fn parse(value: &Value) -> Result<(ForkName, u64), Error> {
    let text = value.text.trim();
    let (name, epoch) = text.split_once('=').map_or((text, None), |(n, e)| (n, Some(e)));
    let name = name.trim().to_ascii_lowercase();
    // The execution layer has names of its own: osaka is fulu.
    let of_hardfork = || Hardfork::ALL.iter().find(|fork| fork.name() == name)?.fork();
    let fork = later().find(|fork| fork.as_str() == name).or_else(of_hardfork);
    let Some(fork) = fork else {
        let known: Vec<_> = later().map(ForkName::as_str).collect();
        let hint = match spelling::nearest(&name, known.iter().copied()) {
            Some(nearest) => format!("did you mean {nearest}?"),
            None => format!("expected one of {}", known.join(", ")),
        };
        return Err(value.error(NAME, hint));
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let epoch = match epoch.map(str::trim) {
        None => Some(0),
        Some(text) => digits(text).then(|| text.parse().ok()).flatten(),
    };
    let expected = "expected NAME, or NAME=EPOCH with a number below 2^40, such as fulu=10";
    let epoch =
        epoch.filter(|epoch| *epoch < 1 << 40).ok_or_else(|| value.error(NAME, expected))?;
    Ok((fork, epoch))
}

#[cfg(test)]
mod tests {
    use super::super::options::Place;
    use super::*;

    fn of(texts: &[&str]) -> Result<Vec<String>, Error> {
        let mut options = Options::default();
        let value = |text: &&str| Value { text: (*text).to_owned().into(), place: Place::Flag };
        options.set(NAME, texts.iter().map(value));
        let shown =
            |(fork, epoch): (ForkName, Option<u64>)| epoch.map(|epoch| format!("{fork}={epoch}"));
        Ok(epochs(&options)?.into_iter().filter_map(shown).collect())
    }

    #[test]
    fn forks_before_the_named_ones_are_at_genesis() {
        let all = ["altair=0", "bellatrix=0", "capella=0", "deneb=0", "electra=0", "fulu=0"];
        assert_eq!(of(&[]).unwrap(), all);
        assert_eq!(of(&["electra"]).unwrap(), all[..5]);
        assert_eq!(of(&["Prague"]).unwrap(), all[..5]);
        assert_eq!(of(&["fulu=10"]).unwrap()[4..], ["electra=0", "fulu=10"]);
        assert_eq!(of(&["fulu=9", "deneb=3"]).unwrap()[3..], ["deneb=3", "electra=3", "fulu=9"]);
        for (texts, what) in [
            (&["fullu"][..], "did you mean fulu?"),
            (&["london"], "expected one of altair"),
            (&["fulu=x"], "NAME=EPOCH"),
            (&["fulu=1", "osaka=2"], ""),
            (&["fulu=1", "electra=2"], "in order"),
        ] {
            let error = of(texts).unwrap_err();
            assert!(error.hint.contains(what), "{texts:?}: {error}: {}", error.hint);
        }
    }
}
