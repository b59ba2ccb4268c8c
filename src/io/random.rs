//! Randomness, drawn once per run.

use zeroize::Zeroizing;

/// 32 bytes from the operating system.
///
/// # Errors
/// The system has no source of entropy.
pub fn draw() -> std::io::Result<Zeroizing<[u8; 32]>> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut()).map_err(std::io::Error::other)?;
    Ok(seed)
}
