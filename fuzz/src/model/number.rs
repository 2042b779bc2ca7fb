//! Numbers as commands take them.

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
