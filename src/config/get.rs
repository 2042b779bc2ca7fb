//! CONFIG GET.

use super::text::is_pattern;
use super::{Config, directives, find};
use crate::base::glob;

/// The names that match and their values, in table order under each pattern.
///
/// A plain name is reported as the client spelt it, in whatever case; a pattern lists names and aliases but
/// no hidden directives. A name is listed once however many patterns match it.
pub fn get(config: &Config, patterns: &[&[u8]]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut add = |name: &[u8], value: Vec<u8>| {
        if !found.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            found.push((name.to_vec(), value));
        }
    };
    for pattern in patterns {
        if !is_pattern(pattern) {
            if let Some((directive, _)) = find(pattern) {
                add(pattern, directive.print(config));
            }
            continue;
        }
        for directive in directives().filter(|d| !d.spec.hidden) {
            for name in directive.spec.names() {
                if glob::matches(pattern, name.as_bytes(), true) {
                    add(name.as_bytes(), directive.print(config));
                }
            }
        }
    }
    found
}
