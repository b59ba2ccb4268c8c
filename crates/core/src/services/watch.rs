//! `regenesis watch`: brings the heads of both clients together when the chain stands still, restarts
//! clients, and runs `init` again if nothing else helps. No client depends on it, and its state is no part
//! of the stack's health. It records in the runtime volume how long the clients need to start.
//!
//! It runs `init` itself, so that it has its environment and its mounts.

use super::{
    Condition, Dependency, Network, RestartPolicy, Service, Setting, Text, Variable, arguments,
    init,
};

/// Its name.
pub const NAME: &str = "watch";

const IMAGE: Setting = Setting::named("REGENESIS_IMAGE");
const HEAL: Setting = Setting::named("REGENESIS_HEAL");

/// The service beside this `init`.
pub(super) fn service(init: &Service) -> Service {
    let mut command = arguments(&["watch", "--runtime=/runtime"]);
    command.push(Text::from("--el=http://").host("el").literal(":8545"));
    command.push(Text::from("--cl=http://").host("cl").literal(":5052"));
    command.push(Text::from("--engine=http://").host("el").literal(":8551"));
    let mut environment = vec![Variable::new("REGENESIS_HEAL", HEAL)];
    environment.extend(init.environment.iter().cloned());
    Service {
        mounts: init.mounts.clone(),
        environment,
        depends_on: vec![Dependency {
            service: init::NAME.to_owned(),
            condition: Condition::Completed,
        }],
        restart: RestartPolicy::Always,
        network: Network::Stack,
        ..Service::of(NAME, IMAGE, command)
    }
}
