//! Small helpers on lines and words; splitting and quoting are [`crate::base::split`]'s.

/// C's `isspace`.
fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// The word without white space before it.
pub(super) fn trimmed_start(word: &[u8]) -> &[u8] {
    &word[word.iter().take_while(|b| is_space(b)).count()..]
}

/// The line without blanks at either end.
pub(super) fn trimmed_line(line: &[u8]) -> &[u8] {
    let is_blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    let line = &line[line.iter().take_while(|b| is_blank(b)).count()..];
    &line[..line.len() - line.iter().rev().take_while(|b| is_blank(b)).count()]
}

/// Whether a name is meant as a glob pattern.
pub(super) fn is_pattern(name: &[u8]) -> bool {
    name.iter().any(|b| matches!(b, b'*' | b'?' | b'['))
}

/// Items as text, a space between each two.
pub(super) fn joined<T>(items: impl IntoIterator<Item = T>, text: impl Fn(T) -> String) -> String {
    items.into_iter().map(text).collect::<Vec<_>>().join(" ")
}

/// Whether there is nothing but an empty word, which stands for "none".
pub(super) fn is_none(words: &[&[u8]]) -> bool {
    matches!(words, [word] if word.is_empty())
}

/// The text, or empty quotes so that a line of the file keeps its argument.
pub(super) fn or_empty_quotes(text: Vec<u8>) -> Vec<u8> {
    if text.is_empty() { b"\"\"".to_vec() } else { text }
}
