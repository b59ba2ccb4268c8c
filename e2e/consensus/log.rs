//! Log lines in the format of Lighthouse.

use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Debug, Clone, Copy)]
pub enum Level {
    Info,
    Warning,
    Error,
    Critical,
}

pub fn log(level: Level, text: &str) {
    let level = match level {
        Level::Info => "INFO",
        Level::Warning => "WARN",
        Level::Error => "ERROR",
        Level::Critical => "CRIT",
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let (seconds, millis) = (now.as_secs() % 86_400, now.subsec_millis());
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    println!("Nov 28 {hours:02}:{minutes:02}:{:02}.{millis:03} {level:<5} {text}", seconds % 60);
}
