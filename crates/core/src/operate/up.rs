//! The plan of `regenesis up`: from what is there to the steps that lead to a chain that builds.

use std::collections::BTreeMap;

use super::settings::{Origin, Settings, shown};
use super::stacks::{Stack, State};

/// What `up` found.
#[derive(Debug, Default)]
pub struct Situation<'a> {
    /// The stack, if it exists.
    pub found: Option<&'a Stack>,
    /// The services that must run, in the order in which they start: all but `init`.
    pub services: Vec<&'a str>,
    /// The images that are not on this machine.
    pub missing_images: Vec<String>,
    /// The settings that differ from those of the running stack.
    pub changes: Vec<Change>,
    /// Whether a new genesis is asked for.
    pub fresh: bool,
    /// The limit for the first block, in seconds.
    pub wait: u64,
}

/// A setting that a running stack has with another value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The setting.
    pub name: String,
    /// Its value in the running stack.
    pub from: String,
    /// Its new value.
    pub to: String,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Get an image: from its registry, or by building it.
    Image(String),
    /// Stop all services.
    Stop,
    /// Continue paused containers.
    Unpause,
    /// Create and start what does not run, with the reason.
    Start(String),
    /// Wait for a new block, this many seconds.
    Wait(u64),
}

impl Step {
    /// One line for `--dry-run`.
    pub fn text(&self) -> String {
        match self {
            Self::Image(name) => format!("get the image {name}"),
            Self::Stop => "stop all services: their blocks are discarded".to_owned(),
            Self::Unpause => "continue the paused containers".to_owned(),
            Self::Start(reason) => format!("start: {reason}"),
            Self::Wait(seconds) => format!("wait up to {seconds} s for a block of all clients"),
        }
    }
}

/// What was found, in a few words.
pub fn found(stack: Option<&Stack>) -> String {
    let Some(stack) = stack else { return "no stack of this name: a first start".to_owned() };
    let state = stack.state();
    let text = state.text();
    match state {
        State::Partly => {
            let missing: Vec<_> =
                stack.clients().into_iter().filter(|name| stack.running(name).is_none()).collect();
            format!("{text}: {} not running", missing.join(", "))
        }
        State::Running | State::Stopped | State::Removed => text.to_owned(),
    }
}

/// The settings that a running stack has with other values. Only an explicit value counts: a default never
/// changes what runs.
pub fn changes(settings: &Settings, running: &BTreeMap<String, String>) -> Vec<Change> {
    let explicit = |origin: &Origin| matches!(origin, Origin::Shell | Origin::File(_));
    let change = |value: &super::settings::Value| {
        let from = running.get(&value.name)?;
        (explicit(&value.origin) && *from != value.value).then(|| Change {
            name: value.name.clone(),
            from: from.clone(),
            to: value.value.clone(),
        })
    };
    settings.values.iter().filter_map(change).collect()
}

/// The steps, in their order; those of images do not depend on each other.
pub fn plan(situation: &Situation<'_>) -> Vec<Step> {
    let Situation { found, services, missing_images, changes, fresh, wait } = situation;
    let mut steps: Vec<_> = missing_images.iter().cloned().map(Step::Image).collect();
    let state = found.map(Stack::state);
    let runs = matches!(state, Some(State::Running | State::Partly));
    if *fresh && runs {
        steps.push(Step::Stop);
    }
    let is_paused = |stack: &&Stack| stack.containers.iter().any(|c| c.state == "paused");
    if found.as_ref().is_some_and(is_paused) && !fresh {
        steps.push(Step::Unpause);
    }
    let down: Vec<_> = services
        .iter()
        .filter(|name| found.is_none_or(|stack| stack.running(name).is_none()))
        .copied()
        .collect();
    let reason = if !runs || *fresh {
        let renewed = if *fresh { "init writes a new genesis" } else { "init writes the genesis" };
        Some(format!("{renewed}, then {} start", services.join(", ")))
    } else if !changes.is_empty() {
        let text = |change: &Change| {
            format!("{} is {}, was {}", change.name, shown(&change.to), shown(&change.from))
        };
        let texts: Vec<_> = changes.iter().map(text).collect();
        Some(format!("the genesis stays; {}", texts.join("; ")))
    } else {
        (!down.is_empty()).then(|| format!("the genesis stays; {} start", down.join(", ")))
    };
    steps.extend(reason.map(Step::Start));
    steps.push(Step::Wait(*wait));
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::SERVICES;
    use crate::operate::stacks::stacks;
    use crate::operate::stacks::tests::{container, rollup};

    fn with(states: [&str; 5]) -> Stack {
        let all = SERVICES.iter().zip(states).map(|(name, state)| container("a", name, state));
        stacks(all.collect(), vec![]).remove(0)
    }

    fn steps(found: Option<&Stack>, fresh: bool) -> Vec<String> {
        let services = SERVICES[1..].to_vec();
        let situation = Situation { found, services, fresh, wait: 60, ..Situation::default() };
        plan(&situation).iter().map(Step::text).collect()
    }

    const WAIT: &str = "wait up to 60 s for a block of all clients";

    #[test]
    fn a_running_chain_is_only_watched() {
        let runs = with(["exited", "running", "running", "running", "running"]);
        assert_eq!(steps(Some(&runs), false), [WAIT]);
        assert_eq!(found(Some(&runs)), "running");
    }

    #[test]
    fn a_first_start_and_a_stopped_stack_write_a_genesis() {
        let stopped = with(["exited", "exited", "exited", "exited", "exited"]);
        for found in [None, Some(&stopped)] {
            let steps = steps(found, false);
            assert!(steps[0].starts_with("start: init writes the genesis, then el"), "{steps:?}");
            assert_eq!(steps[1..], [WAIT]);
        }
    }

    #[test]
    fn what_is_missing_starts_on_the_genesis_that_is_there() {
        let partly = with(["exited", "running", "exited", "paused", "running"]);
        let expected =
            ["continue the paused containers", "start: the genesis stays; cl start", WAIT];
        assert_eq!(steps(Some(&partly), false), expected);
        assert_eq!(found(Some(&partly)), "partly running: cl not running");
    }

    #[test]
    fn a_client_of_an_l2_that_does_not_run_starts() {
        let stack = rollup("exited");
        let services = stack.services().split_off(1);
        let found = Some(&stack);
        let plan = plan(&Situation { found, services, wait: 60, ..Situation::default() });
        assert_eq!(plan[0].text(), "start: the genesis stays; op-node start");
        assert_eq!(super::found(found), "partly running: op-node not running");
    }

    #[test]
    fn a_new_genesis_stops_a_running_chain_first() {
        let runs = with(["exited", "running", "running", "running", "running"]);
        let fresh = steps(Some(&runs), true);
        assert!(fresh[0].starts_with("stop all services") && fresh[1].contains("new genesis"));
        assert_eq!(steps(None, true).len(), 2, "nothing runs that could be stopped");
    }

    #[test]
    fn images_come_first_and_a_changed_setting_is_named() {
        let runs = with(["exited", "running", "running", "running", "running"]);
        let changes =
            vec![Change { name: "EL_HTTP_PORT".into(), from: "8545".into(), to: "9545".into() }];
        let situation = Situation {
            found: Some(&runs),
            missing_images: vec!["geth:1".into()],
            changes,
            wait: 5,
            ..Situation::default()
        };
        let steps: Vec<_> = plan(&situation).iter().map(Step::text).collect();
        assert_eq!(steps[0], "get the image geth:1");
        assert_eq!(steps[1], "start: the genesis stays; EL_HTTP_PORT is 9545, was 8545");
    }
}
