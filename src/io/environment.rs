//! The environment variables of other programs. Our own are clap arguments.

/// All variables whose name and value are UTF-8.
pub fn variables() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
