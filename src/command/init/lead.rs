//! The lead of a run, and the line that says where it comes from.

use super::Init;
use super::read::Sources;
use crate::pipeline::Prepared;
use crate::runtime::start_times;
use crate::stamp::{ImportEstimate, Lead, Timestamp};
use crate::start_times::Longest;

/// How long the clients need to start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start {
    /// Seconds.
    pub(super) seconds: u64,
    /// What they needed earlier; `None` if `seconds` is a guess.
    recorded: Option<Longest>,
}

impl Start {
    /// The line about the lead of a genesis time that depends on it.
    fn line(self, lead: Lead, set_by: &str, import: ImportEstimate) -> String {
        let seconds = lead.seconds(self.seconds, import);
        if lead != Lead::Auto {
            return format!("lead {seconds} s: set by {set_by}");
        }
        let import = match import.seconds() {
            0 => String::new(),
            import => format!(", and geth's import takes about {import} s"),
        };
        match self.recorded {
            None => format!(
                "lead {seconds} s: a guess for these clients{import}; regenesis watch records how long \
                 they need here"
            ),
            Some(Longest { seconds: start, of: 1 }) => {
                format!(
                    "lead {seconds} s: these clients needed {start} s at their last start{import}"
                )
            }
            Some(Longest { seconds: start, of }) => format!(
                "lead {seconds} s: these clients needed up to {start} s in their last {of} starts\
                 {import}"
            ),
        }
    }
}

impl Init<'_> {
    /// How long the clients of this run need to start: what was recorded here, or a guess.
    pub(super) fn start(self) -> Start {
        let Self { settings, .. } = self;
        let recorded = start_times::read(&settings.out).longest(&self.clients());
        let seconds = recorded.map_or_else(|| settings.plan.start(), |longest| longest.seconds);
        Start { seconds, recorded }
    }

    /// Prints the lead and its reason, if the genesis time depends on it.
    pub(super) fn report_lead(self, start: Start, prepared: &Prepared) {
        let Self { settings, sources, console } = self;
        let Sources { timestamp: Timestamp::Now, lead, .. } = sources else { return };
        let set_by = if settings.lead.is_some() { "--lead" } else { "GENESIS_DELAY" };
        console.note(&start.line(*lead, set_by, prepared.import_estimate()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_where_the_lead_comes_from() {
        let small = ImportEstimate::default();
        let large = ImportEstimate { blocks: 2000, ..small };
        let start = |recorded: Option<Longest>| Start {
            seconds: recorded.map_or(8, |longest| longest.seconds),
            recorded,
        };
        let auto = |recorded, import| start(recorded).line(Lead::Auto, "", import);
        assert_eq!(
            auto(None, small),
            "lead 8 s: a guess for these clients; regenesis watch records how long they need here"
        );
        assert_eq!(
            auto(Some(Longest { seconds: 7, of: 1 }), small),
            "lead 7 s: these clients needed 7 s at their last start"
        );
        assert_eq!(
            auto(Some(Longest { seconds: 7, of: 3 }), large),
            "lead 11 s: these clients needed up to 7 s in their last 3 starts, and geth's import \
             takes about 4 s"
        );
        assert_eq!(
            start(None).line(Lead::Seconds(20), "GENESIS_DELAY", large),
            "lead 20 s: set by GENESIS_DELAY"
        );
    }
}
