//! Words of a line, with quotes: the syntax of inline commands and of the configuration.
//!
//! Words are parted by white space. In double quotes, `\xHH`, `\n \r \t \b \a` and any
//! other escaped byte are understood; in single quotes only `\'`. A closing quote must
//! be followed by space or the end of the line, an opening one may come in mid-word. A
//! NUL ends the line. [`quoted`] is the inverse.

/// A word's place: `start..start + len` of the buffer it was reported for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Length in bytes.
    pub len: usize,
}

impl Span {
    /// The bytes this span covers in the buffer it was reported for.
    #[inline]
    pub fn of(self, buf: &[u8]) -> &[u8] {
        &buf[self.start..self.start + self.len]
    }
}

/// A quote is not closed, or something other than space follows the closing one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unbalanced;

/// Appends the words of `line`, unquoted, to `words`, and where they are to `spans`.
pub fn split_into(line: &[u8], words: &mut Vec<u8>, spans: &mut Vec<Span>) -> Result<(), Unbalanced> {
    let line = &line[..memchr::memchr(0, line).unwrap_or(line.len())];
    let mut at = 0;
    loop {
        while line.get(at).is_some_and(|&b| is_space(b)) {
            at += 1;
        }
        if at == line.len() {
            return Ok(());
        }
        let start = words.len();
        at = word(line, at, words)?;
        spans.push(Span { start, len: words.len() - start });
    }
}

/// The words of `line`, unquoted.
pub fn split(line: &[u8]) -> Result<Vec<Vec<u8>>, Unbalanced> {
    let (mut words, mut spans) = (Vec::new(), Vec::new());
    split_into(line, &mut words, &mut spans)?;
    Ok(spans.iter().map(|span| span.of(&words).to_vec()).collect())
}

/// Appends `word` to `out` in double quotes, such that [`split`] gives it back.
pub fn quoted(word: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for &byte in word {
        let escape = match byte {
            b'\\' | b'"' => byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x07 => b'a',
            0x08 => b'b',
            b' '..=b'~' => {
                out.push(byte);
                continue;
            }
            _ => {
                let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
                out.extend_from_slice(&[b'\\', b'x', high, low]);
                continue;
            }
        };
        out.extend_from_slice(&[b'\\', escape]);
    }
    out.push(b'"');
}

/// C's `isspace`.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Appends the word at `at` to `words`; returns where it ends.
fn word(line: &[u8], mut at: usize, words: &mut Vec<u8>) -> Result<usize, Unbalanced> {
    while let Some(&byte) = line.get(at) {
        match byte {
            // Vertical tab and form feed part words only when they stand between them.
            b' ' | b'\n' | b'\r' | b'\t' => break,
            b'"' | b'\'' => {
                at = if byte == b'"' {
                    double_quoted(line, at + 1, words)?
                } else {
                    single_quoted(line, at + 1, words)?
                };
                return match line.get(at) {
                    Some(&next) if !is_space(next) => Err(Unbalanced),
                    _ => Ok(at),
                };
            }
            _ => words.push(byte),
        }
        at += 1;
    }
    Ok(at)
}

/// Appends what follows an opening double quote; returns the place behind the closing one.
fn double_quoted(line: &[u8], mut at: usize, words: &mut Vec<u8>) -> Result<usize, Unbalanced> {
    let hex = |byte: u8| (byte as char).to_digit(16).map(|d| d as u8);
    loop {
        match line.get(at..).ok_or(Unbalanced)? {
            [b'\\', b'x', high, low, ..] if hex(*high).is_some() && hex(*low).is_some() => {
                words.push(hex(*high).unwrap_or(0) << 4 | hex(*low).unwrap_or(0));
                at += 4;
            }
            [b'\\', escaped, ..] => {
                words.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 0x08,
                    b'a' => 0x07,
                    other => *other,
                });
                at += 2;
            }
            [b'"', ..] => return Ok(at + 1),
            [byte, ..] => {
                words.push(*byte);
                at += 1;
            }
            [] => return Err(Unbalanced),
        }
    }
}

/// Appends what follows an opening single quote; returns the place behind the closing one.
fn single_quoted(line: &[u8], mut at: usize, words: &mut Vec<u8>) -> Result<usize, Unbalanced> {
    loop {
        match line.get(at..).ok_or(Unbalanced)? {
            [b'\\', b'\'', ..] => {
                words.push(b'\'');
                at += 2;
            }
            [b'\'', ..] => return Ok(at + 1),
            [byte, ..] => {
                words.push(*byte);
                at += 1;
            }
            [] => return Err(Unbalanced),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(line: &[u8]) -> Option<Vec<String>> {
        let words = split(line).ok()?;
        Some(words.iter().map(|w| w.escape_ascii().to_string()).collect())
    }

    #[test]
    fn words_and_quotes() {
        let cases: [(&[u8], &[&str]); 12] = [
            (b"", &[]),
            (b"  \t ", &[]),
            (b" a  b\tc ", &["a", "b", "c"]),
            (br#""a b" c"#, &["a b", "c"]),
            (br#"'a \' "b' c"#, &[r#"a \' \"b"#, "c"]),
            (br#""\x41\n\q\\" """#, &[r"A\nq\\", ""]),
            (br#""\xZZ""#, &["xZZ"]),
            (br#"pre"fix""#, &["prefix"]),
            (br"'\n'", &[r"\\n"]),
            (br"a\nb", &[r"a\\nb"]),
            (b"\x0ba\x0bb \x0c c", &["a\\x0bb", "c"]),
            (b"a\0b c", &["a"]),
        ];
        for (line, want) in cases {
            assert_eq!(words(line).unwrap(), want, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn unbalanced_quotes() {
        for line in [r#"""#, r#""a"#, "'a", r#""a"b"#, "'a'b", r#""a\""#, r"'a\'", "a'b", "\"a\0\""] {
            assert_eq!(split(line.as_bytes()), Err(Unbalanced), "{line}");
        }
    }

    proptest! {
        #[test]
        fn quoting_inverts(list: Vec<Vec<u8>>) {
            let mut line = Vec::new();
            for word in &list {
                quoted(word, &mut line);
                line.push(b' ');
            }
            prop_assert_eq!(split(&line).unwrap(), list);
        }

        #[test]
        fn any_line_splits_or_not(line in "[ab '\"\\\\x0\\n]{0,12}", bytes: Vec<u8>) {
            let _ = (split(line.as_bytes()), split(&bytes));
        }
    }
}
