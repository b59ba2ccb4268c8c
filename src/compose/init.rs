//! `regenesis init`: runs first, and again at every `up`.

use super::{Service, Source, Stack};

pub(super) fn service(stack: Stack) -> Service {
    let (variable, mount) = match stack.snapshot {
        // The same path inside and outside: messages then name what the user knows.
        Source::Variable => ("${SNAPSHOT:-}", "${SNAPSHOT:-.}:${SNAPSHOT:-/none}:ro"),
        Source::Here => ("/snapshot", ".:/snapshot:ro"),
    };
    let setting = |name: &'static str, value: &str| (name, value.to_owned());
    Service {
        name: "init",
        image: "${REGENESIS_IMAGE}",
        command: vec!["init".to_owned()],
        environment: vec![
            setting("REGENESIS_SNAPSHOT", variable),
            setting("REGENESIS_LEAD", "${REGENESIS_LEAD}"),
            setting("REGENESIS_TIMESTAMP", "${REGENESIS_TIMESTAMP}"),
            setting("REGENESIS_PRESET_REVISION", "${REGENESIS_PRESET_REVISION}"),
            setting("REGENESIS_ADD_SYSTEM_CONTRACTS", "${REGENESIS_ADD_SYSTEM_CONTRACTS:-}"),
        ],
        // The clients' volumes are mounted so that they get their owner: a new volume takes it from
        // the image that sees it first.
        volumes: vec![
            "runtime:/runtime".to_owned(),
            "el:/data/el".to_owned(),
            "cl:/data/cl".to_owned(),
            "vc:/data/vc".to_owned(),
            mount.to_owned(),
        ],
        offline: true,
        stop_grace_period: "10s",
        ..Service::default()
    }
}
