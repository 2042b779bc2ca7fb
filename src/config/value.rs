//! The syntax of simple values: yes/no, numbers, text, secrets.
//!
//! A type that can hold a directive's value implements [`Value`]: from words, to the text of CONFIG GET,
//! and to the lines of a rewritten file. Numbers of every width go through `i128`, so that bounds are
//! compared in one place and a value out of range reports the same text whatever its type.

use super::directive::Kind;
use super::text::trimmed_start;
use crate::base::{memory_size, num, split};

/// One line of a rewritten file, without the directive's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Everything after the name and a space.
    pub text: Vec<u8>,
    /// Append the line if the old file has none for this directive.
    pub force: bool,
}

/// A type that can hold a directive's value.
pub trait Value: PartialEq + Sized {
    /// Sets the value from the words after the name; on error the value is unspecified.
    fn parse(&mut self, words: &[&[u8]], kind: &Kind) -> Result<(), String>;

    /// Like `parse`, for the second and later lines of the same file.
    fn parse_again(&mut self, words: &[&[u8]], kind: &Kind) -> Result<(), String> {
        self.parse(words, kind)
    }

    /// The text CONFIG GET shows.
    fn print(&self, kind: &Kind) -> Vec<u8>;

    /// The lines that say this in a file; none if it is said by leaving the directive out.
    fn lines(&self, default: &Self, kind: &Kind) -> Vec<Line> {
        vec![Line { text: self.print(kind), force: self != default }]
    }
}

impl Value for bool {
    fn parse(&mut self, words: &[&[u8]], _: &Kind) -> Result<(), String> {
        *self = match words[0] {
            w if w.eq_ignore_ascii_case(b"yes") => true,
            w if w.eq_ignore_ascii_case(b"no") => false,
            _ => return Err("argument must be 'yes' or 'no'".into()),
        };
        Ok(())
    }

    fn print(&self, _: &Kind) -> Vec<u8> {
        if *self { b"yes".to_vec() } else { b"no".to_vec() }
    }
}

macro_rules! numbers {
    ($($type:ty),*) => {$(
        impl Value for $type {
            fn parse(&mut self, words: &[&[u8]], kind: &Kind) -> Result<(), String> {
                let number = parse_number(words[0], kind)?;
                *self = <$type>::try_from(number).expect("a row's bounds fit its field");
                Ok(())
            }

            fn print(&self, kind: &Kind) -> Vec<u8> {
                match kind {
                    Kind::Octal { .. } => format!("{self:o}").into_bytes(),
                    _ => self.to_string().into_bytes(),
                }
            }

            fn lines(&self, default: &Self, kind: &Kind) -> Vec<Line> {
                let text = match kind {
                    Kind::Bytes { .. } => memory_size::text(*self as u64).into_bytes(),
                    _ => self.print(kind),
                };
                vec![Line { text, force: self != default }]
            }
        }
    )*};
}
numbers!(u8, u16, u32, u64, usize, i32, i64);

/// A number of the row's kind, within its bounds.
fn parse_number(word: &[u8], kind: &Kind) -> Result<i128, String> {
    let (number, min, max) = match *kind {
        Kind::Integer { min, max } => (num::parse_i64(word).map(i128::from), min, max),
        Kind::Bytes { min, max } => (memory_size::parse(word).map(i128::from), min, max),
        Kind::Octal { min, max } => (parse_octal(word), min, max),
        _ => unreachable!("a number's row has a number's kind"),
    };
    let number = number.ok_or(match kind {
        Kind::Bytes { .. } => "argument must be a memory value",
        Kind::Octal { .. } => "argument couldn't be parsed as an octal number",
        _ => "argument couldn't be parsed into an integer",
    })?;
    if (min..=max).contains(&number) {
        return Ok(number);
    }
    Err(match kind {
        Kind::Octal { .. } => format!("argument must be between {min:o} and {max:o} inclusive"),
        _ => format!("argument must be between {min} and {max} inclusive"),
    })
}

/// A number as C's `strtoll` reads it when nothing may follow: blanks, a sign, leading zeros and no digit
/// at all are fine; what does not fit is clamped.
pub(super) fn parse_lenient(word: &[u8]) -> Option<i64> {
    let rest = trimmed_start(word);
    let (negative, digits) = match rest {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return word.is_empty().then_some(0);
    }
    let magnitude = digits.iter().try_fold(0i128, |n, d| {
        d.is_ascii_digit().then(|| (n * 10 + i128::from(d - b'0')).min(i128::from(u64::MAX)))
    })?;
    let number = if negative { -magnitude } else { magnitude };
    Some(number.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
}

fn parse_octal(word: &[u8]) -> Option<i128> {
    word.iter().try_fold(0i128, |n, d| {
        matches!(d, b'0'..=b'7').then(|| (n * 8 + i128::from(d - b'0')).min(i128::from(u64::MAX)))
    })
}

impl Value for String {
    fn parse(&mut self, words: &[&[u8]], kind: &Kind) -> Result<(), String> {
        let Kind::Text { check, .. } = kind else { unreachable!("a text's row has a text's kind") };
        let text = std::str::from_utf8(words[0]).map_err(|_| "argument must be valid UTF-8")?;
        check(text)?;
        text.clone_into(self);
        Ok(())
    }

    fn print(&self, _: &Kind) -> Vec<u8> {
        self.clone().into_bytes()
    }

    fn lines(&self, default: &Self, kind: &Kind) -> Vec<Line> {
        text_lines(self.as_bytes(), self != default, kind)
    }
}

/// A password: arbitrary bytes that never reach a log by way of `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(pub Vec<u8>);

impl Secret {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `guess` is the password, in a time that tells nothing about how much of it is right.
    pub fn matches(&self, guess: &[u8]) -> bool {
        let differ = self.0.iter().zip(guess).fold(0, |d, (a, b)| d | (a ^ b));
        self.0.len() == guess.len() && differ == 0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_empty() { "Secret(unset)" } else { "Secret(set)" })
    }
}

impl Value for Secret {
    fn parse(&mut self, words: &[&[u8]], _: &Kind) -> Result<(), String> {
        self.0 = words[0].to_vec();
        Ok(())
    }

    fn print(&self, _: &Kind) -> Vec<u8> {
        self.0.clone()
    }

    fn lines(&self, default: &Self, kind: &Kind) -> Vec<Line> {
        text_lines(&self.0, self != default, kind)
    }
}

fn text_lines(value: &[u8], force: bool, kind: &Kind) -> Vec<Line> {
    if value.is_empty() && matches!(kind, Kind::Text { unset_if_empty: true, .. }) {
        return Vec::new();
    }
    let mut text = Vec::new();
    split::quoted(value, &mut text);
    vec![Line { text, force }]
}
