//! Arbitrary patterns and texts: matching ends, and agrees with a matcher that tries
//! everything.
//!
//! A pattern of many stars is where a careless matcher takes exponential time; libFuzzer's
//! time-out would show it. Small cases are compared with the definition.

#![no_main]

use libfuzzer_sys::fuzz_target;
use norn::base::glob::matches;

/// Longest text and pattern that are compared with the exponential definition.
const NAIVE: usize = 12;

fuzz_target!(|input: (bool, &[u8], &[u8])| {
    let (nocase, pattern, text) = input;
    let found = matches(pattern, text, nocase);
    // What a class or a backslash means is checked by the unit tests; stars are where
    // backtracking could go wrong.
    if !text.is_empty() && pattern.len() <= NAIVE && text.len() <= NAIVE && !pattern.iter().any(|b| b"[\\".contains(b))
    {
        assert_eq!(found, naive(pattern, text, nocase), "{pattern:?} on {text:?}");
    }
    // A text matches the pattern that spells it out.
    let literal: Vec<u8> = text.iter().flat_map(|&b| [b'\\', b]).collect();
    assert!(matches(&literal, text, nocase));
    let wrapped = [b"*", &literal[..], b"*"].concat();
    assert_eq!(matches(&wrapped, text, nocase), !text.is_empty());
});

/// The definition: a star takes nothing, or one byte and then as before.
fn naive(pattern: &[u8], text: &[u8], nocase: bool) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), None) => naive(rest, text, nocase),
        (Some((b'*', rest)), Some((_, later))) => naive(rest, text, nocase) || naive(pattern, later, nocase),
        (Some((p, rest)), Some((t, later))) => {
            let same = *p == b'?' || p == t || nocase && p.eq_ignore_ascii_case(t);
            same && naive(rest, later, nocase)
        }
        _ => false,
    }
}
