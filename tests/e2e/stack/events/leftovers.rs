//! Leftovers of an earlier run.

use super::Promise::New;
use super::{Event, event, up};

pub fn events() -> Vec<Event> {
    vec![
        event("the runtime volume is lost, client data is not, `up -d`", New, |stack| {
            stack.compose(&["down"]);
            stack.docker(&["volume", "rm", &stack.volume("runtime")]);
            up(stack);
        }),
        event("`init` was killed halfway, `up -d`", New, |stack| {
            stack.compose(&["stop"]);
            let new = "/runtime/.regenesis/new";
            stack.shell(&format!(
                "rm /runtime/regenesis.json; mkdir -p {new}/jwt; chown -R 65532:65532 {new}"
            ));
            up(stack);
        }),
        event("eight `init` at once, `up -d`", New, |stack| {
            stack.compose(&["stop"]);
            let volume = format!("{}:/runtime", stack.volume("runtime"));
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| stack.docker(&["run", "--rm", "-v", &volume, "regenesis:e2e"]));
                }
            });
            up(stack);
        }),
    ]
}
