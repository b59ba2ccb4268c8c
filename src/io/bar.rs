//! The last line of the terminal, which shows the progress of a step until the next line replaces it.

#[cfg(feature = "host")]
use drawn::Bar;
#[cfg(not(feature = "host"))]
use written::Bar;

/// There is one terminal, and it has one last line.
pub(super) static BAR: Bar = Bar::new();

/// The indent of notes, which progress has, too.
#[cfg(not(feature = "host"))]
const INDENT: &str = "          ";

#[cfg(feature = "host")]
mod drawn {
    use std::sync::{Mutex, MutexGuard, PoisonError};
    use std::time::Duration;

    use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

    const TICK: Duration = Duration::from_millis(100);
    /// The length of every bar.
    const LENGTH: u32 = 1000;
    const FRACTION: &str = "          {bar:24} {wide_msg}";
    const WORK: &str = "          {spinner} {wide_msg}";
    const TIMED: &str = "          {spinner} {elapsed:>3} {wide_msg}";

    /// A bar where the fraction is known, else a spinner.
    #[derive(Debug)]
    pub(in crate::io) struct Bar(Mutex<Option<ProgressBar>>);

    impl Bar {
        pub(super) const fn new() -> Self {
            Self(Mutex::new(None))
        }

        fn lock(&self) -> MutexGuard<'_, Option<ProgressBar>> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner)
        }

        /// Shows a text without control characters, and the fraction `done`, from 0 to 1.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
        pub(in crate::io) fn show(&self, done: Option<f64>, text: &str) {
            let mut bar = self.lock();
            let bar = bar.get_or_insert_with(|| new(WORK));
            if let Some(done) = done {
                bar.set_style(style(FRACTION));
                bar.set_position((done.clamp(0.0, 1.0) * f64::from(LENGTH)) as u64);
            }
            bar.set_message(text.to_owned());
            bar.tick();
        }

        /// Shows that work without reports continues, and for how long.
        pub(in crate::io) fn work(&self, text: &str) {
            let mut bar = self.lock();
            if let Some(before) = bar.take() {
                before.finish_and_clear();
            }
            let bar = bar.insert(new(TIMED));
            bar.set_message(text.to_owned());
            bar.enable_steady_tick(TICK);
        }

        /// Writes a line above it.
        pub(in crate::io) fn above(&self, write: impl FnOnce()) {
            match &*self.lock() {
                Some(bar) => bar.suspend(write),
                None => write(),
            }
        }

        /// Ends it.
        pub(in crate::io) fn clear(&self) {
            if let Some(bar) = self.lock().take() {
                bar.finish_and_clear();
            }
        }
    }

    fn new(template: &str) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(Some(LENGTH.into()), ProgressDrawTarget::stderr());
        bar.set_style(style(template));
        bar
    }

    fn style(template: &str) -> ProgressStyle {
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn every_template_is_valid() {
            for template in [FRACTION, WORK, TIMED] {
                assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
            }
        }
    }
}

#[cfg(not(feature = "host"))]
mod written {
    use std::io::Write;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::INDENT;

    /// A text without a bar: the init image has no room for one.
    #[derive(Debug)]
    pub(in crate::io) struct Bar(AtomicBool);

    impl Bar {
        pub(super) const fn new() -> Self {
            Self(AtomicBool::new(false))
        }

        /// Shows a text without control characters.
        pub(in crate::io) fn show(&self, _: Option<f64>, text: &str) {
            self.0.store(true, Ordering::Relaxed);
            let _ = write!(std::io::stderr(), "\r\x1b[K{INDENT}{text}");
        }

        /// Writes a line in its place.
        pub(in crate::io) fn above(&self, write: impl FnOnce()) {
            self.clear();
            write();
        }

        /// Ends it.
        pub(in crate::io) fn clear(&self) {
            if self.0.swap(false, Ordering::Relaxed) {
                let _ = write!(std::io::stderr(), "\r\x1b[K");
            }
        }
    }
}
