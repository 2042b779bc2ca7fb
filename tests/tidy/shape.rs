//! The shape of files and functions, and what must not be left behind in them.

use crate::lexer::{Token, tokens};

pub const FILE_LINES: usize = 800;
pub const MEDIAN_LINES: usize = 250;
pub const FUNCTION_LINES: usize = 70;

/// What the head of a longer file must contain, followed by the reason.
pub const EXCUSE: &str = "This file is long because";

/// Complaints about the length of a file and of its functions.
pub fn length_complaints(file: &str, source: &str) -> Vec<String> {
    let mut out = Vec::new();
    let lines = source.lines().count();
    let mut head = source.lines().take_while(|l| l.starts_with("//!"));
    if lines > FILE_LINES && !head.any(|l| l.contains(EXCUSE)) {
        out.push(format!("{file}: {lines} lines, more than {FILE_LINES}, and its head does not say \"{EXCUSE} ...\""));
    }
    for (name, line, lines) in functions(&tokens(source)) {
        if lines > FUNCTION_LINES {
            out.push(format!("{file}:{line}: fn {name} has {lines} lines, more than {FUNCTION_LINES}"));
        }
    }
    out
}

/// Name, first line and number of lines of every function with a body.
fn functions(tokens: &[Token]) -> Vec<(String, usize, usize)> {
    let mut out = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Some(name) = tokens.get(at + 1).filter(|_| token.text == "fn") else {
            continue;
        };
        // A function pointer type: `fn(u8)`.
        if name.text == "(" {
            continue;
        }
        if let Some(end) = body_end(&tokens[at..]) {
            out.push((name.text.clone(), token.line, end - token.line + 1));
        }
    }
    out
}

/// The line of the brace that closes the body of the function at the head of `tokens`.
fn body_end(tokens: &[Token]) -> Option<usize> {
    let (mut braces, mut nested) = (0usize, 0usize);
    for token in tokens {
        match token.text.as_str() {
            "(" | "[" => nested += 1,
            ")" | "]" => nested = nested.saturating_sub(1),
            ";" if braces == 0 && nested == 0 => return None,
            "{" => braces += 1,
            "}" if braces <= 1 => return Some(token.line),
            "}" => braces -= 1,
            _ => {}
        }
    }
    None
}

/// The marks of unfinished work, put together here so that this file does not contain them.
fn marks() -> [String; 5] {
    [
        ["TO", "DO"].concat(),
        ["FIX", "ME"].concat(),
        ["X", "XX"].concat(),
        ["todo", "!"].concat(),
        ["unimplemented", "!"].concat(),
    ]
}

/// Complaints about marks of unfinished work, in a source or any other text.
pub fn leftover_complaints(file: &str, text: &str) -> Vec<String> {
    let marks = marks();
    let mut out = Vec::new();
    for (at, line) in text.lines().enumerate() {
        for mark in &marks {
            if has_word(line, mark) {
                out.push(format!("{file}:{}: {mark} left behind", at + 1));
            }
        }
    }
    out
}

fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(part) && !line[at + word.len()..].starts_with(part))
}

/// The middle length of the files, in lines.
pub fn median(mut lengths: Vec<usize>) -> usize {
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_files_need_a_reason() {
        let body = "x;\n".repeat(FILE_LINES);
        assert_eq!(length_complaints("a.rs", &body).len(), 0);
        assert_eq!(length_complaints("a.rs", &format!("//! Head.\n{body}")).len(), 1);
        assert_eq!(length_complaints("a.rs", &format!("//! {EXCUSE} it is a table.\n{body}")).len(), 0);
        assert_eq!(length_complaints("a.rs", &format!("{body}//! {EXCUSE} no head.\n")).len(), 1);
    }

    #[test]
    fn long_functions_are_found() {
        let of = |n: usize| format!("trait T {{ fn a(x: [u8; 3]); }}\nfn b() {{\n{}}}\n", "g(|| { 1 });\n".repeat(n));
        assert_eq!(length_complaints("a.rs", &of(FUNCTION_LINES - 2)).len(), 0);
        assert_eq!(length_complaints("a.rs", &of(FUNCTION_LINES - 1)), ["a.rs:2: fn b has 71 lines, more than 70"]);
    }

    #[test]
    fn leftovers_are_words() {
        for mark in marks() {
            assert_eq!(leftover_complaints("a", &format!("a\n// {mark}: b\n")).len(), 1, "{mark}");
        }
        let inside = marks()[..3].iter().map(|mark| format!("A{mark} {mark}S ")).collect::<String>();
        assert!(leftover_complaints("a", &inside).is_empty());
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![9, 1, 5]), 5);
    }
}
