//! Why `docker compose up` failed, from its messages.

/// The cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// Another program listens on the port, which the message may name.
    PortInUse(Option<u16>),
    /// The service `init` exited with an error.
    Init,
    /// Another one.
    Other,
}

/// The cause that `messages` name. `ports` are those of the stack.
pub fn cause(messages: &str, ports: &[u16]) -> Cause {
    const IN_USE: [&str; 3] =
        ["port is already allocated", "address already in use", "ports are not available"];
    const INIT: [&str; 2] = ["didn't complete successfully", "exited with code"];
    let has = |texts: &[&str]| texts.iter().any(|text| messages.contains(text));
    if has(&IN_USE) {
        let is_named = |port: &&u16| {
            let port = format!(":{port}");
            messages.match_indices(&port).any(|(at, _)| {
                let after = messages[at + port.len()..].chars().next();
                !after.is_some_and(|c| c.is_ascii_digit())
            })
        };
        return Cause::PortInUse(ports.iter().find(is_named).copied());
    }
    if has(&INIT) { Cause::Init } else { Cause::Other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_messages_of_docker_and_of_both_versions_of_compose_are_recognised() {
        let ports = [854, 8545, 5052];
        let old = "Bind for 127.0.0.1:8545 failed: port is already allocated";
        assert_eq!(cause(old, &ports), Cause::PortInUse(Some(8545)));
        let new = "listen tcp4 127.0.0.1:5052: bind: address already in use";
        assert_eq!(cause(new, &ports), Cause::PortInUse(Some(5052)));
        let desktop = "Ports are not available: exposing port: ports are not available";
        assert_eq!(cause(desktop, &ports), Cause::PortInUse(None));
        let init = "service \"init\" didn't complete successfully: exit 3";
        assert_eq!(cause(init, &ports), Cause::Init);
        assert_eq!(cause("no space left on device", &ports), Cause::Other);
    }
}
