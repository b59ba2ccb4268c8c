//! `regenesis complete`: the words that a shell offers after a verb.

use std::collections::BTreeSet;

use super::super::{Failure, print};
use crate::io::docker;
use crate::operate::port;
use crate::operate::stacks::Stack;

/// Internal: names of stacks, services and ports, for the scripts of `regenesis completions`
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Verb whose words are asked for
    verb: String,
}

/// Runs the verb. Without Docker there is nothing to complete.
///
/// # Errors
/// stdout cannot be written.
pub fn run(args: &Args) -> Result<(), Failure> {
    let stacks = docker::all_stacks().unwrap_or_default();
    let words: String = words(&args.verb, &stacks).iter().flat_map(|word| [word, "\n"]).collect();
    print(words.as_bytes())
}

fn words(verb: &str, stacks: &[Stack]) -> BTreeSet<String> {
    let mut words: BTreeSet<_> = stacks.iter().map(|stack| stack.name.clone()).collect();
    for stack in stacks {
        match verb {
            "deploy" | "logs" | "restart" => {
                words.extend(stack.services().into_iter().map(str::to_owned));
            }
            "port" => words.extend(port::all(stack.l2s()).into_iter().map(|port| port.name)),
            _ => {}
        }
    }
    if verb == "restart" {
        words.remove("init");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_is_offered_what_it_takes() {
        let stack = |name: &str| Stack { name: name.to_owned(), ..Stack::default() };
        let stacks = [stack("one"), stack("two")];
        let words = |verb: &str| super::words(verb, &stacks).into_iter().collect::<Vec<_>>();
        assert_eq!(words("down"), ["one", "two"]);
        assert_eq!(words("port"), ["beacon", "http", "one", "two", "ws"]);
        assert_eq!(words("restart"), ["cl", "el", "one", "two", "vc", "watch"]);
        assert!(words("logs").contains(&"init".to_owned()));
        assert_eq!(super::words("logs", &[]).len(), 0);
    }
}
