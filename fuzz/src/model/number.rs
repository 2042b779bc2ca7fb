//! Numbers as commands take them.

use super::Expect;

/// A 64-bit integer in the one way of writing it.
pub fn int(text: &[u8]) -> Option<i64> {
    let n: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (n.to_string().as_bytes() == text).then_some(n)
}

/// A time-out in seconds, in milliseconds. Notations that only C reads are not drawn.
pub fn timeout_ms(text: &[u8]) -> Option<i64> {
    let seconds: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let ms = (seconds * 1000.0).ceil();
    (0.0..i64::MAX as f64).contains(&ms).then_some(ms as i64)
}

/// A score or a weight. Notations that only C reads are not drawn.
pub fn float(text: &[u8]) -> Result<f64, Expect> {
    let x = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    x.filter(|x: &f64| !x.is_nan()).ok_or(Expect::error(""))
}
