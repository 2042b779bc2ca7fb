//! Just enough of Rust's lexical grammar to reason about source text: identifiers,
//! punctuation and where they stand. Comments vanish, every literal becomes one token, so
//! that a rule about names is never fooled by prose or by a string.

/// A token and the line (from 1) it starts on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// Splits `source` into tokens. `::` is one token; every other punctuation mark is its own.
/// String, character and number literals become the token `""`.
pub fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer { rest: source.as_bytes(), line: 1, out: Vec::new() };
    while !lexer.rest.is_empty() {
        lexer.step();
    }
    lexer.out
}

struct Lexer<'a> {
    rest: &'a [u8],
    line: usize,
    out: Vec<Token>,
}

fn is_ident(b: u8) -> bool {
    b == b'_' || b.is_ascii_alphanumeric() || b >= 0x80
}

impl Lexer<'_> {
    fn step(&mut self) {
        let rest = self.rest;
        match rest[0] {
            b' ' | b'\t' | b'\r' | b'\n' => self.skip(1),
            b'/' if rest.starts_with(b"//") => self.skip(rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len())),
            b'/' if rest.starts_with(b"/*") => self.block_comment(),
            b'"' => self.literal(1 + string_len(&rest[1..])),
            b'\'' => self.quote(),
            b'0'..=b'9' => self.literal(rest.iter().take_while(|&&b| is_ident(b)).count()),
            b if is_ident(b) => self.word(),
            b':' if rest.starts_with(b"::") => self.push("::", 2),
            b => self.push(&(b as char).to_string(), 1),
        }
    }

    fn skip(&mut self, n: usize) {
        self.line += self.rest[..n].iter().filter(|&&b| b == b'\n').count();
        self.rest = &self.rest[n..];
    }

    fn push(&mut self, text: &str, n: usize) {
        self.out.push(Token { text: text.to_owned(), line: self.line });
        self.skip(n);
    }

    fn literal(&mut self, n: usize) {
        self.push("\"\"", n.min(self.rest.len()));
    }

    fn block_comment(&mut self) {
        let (mut depth, mut at) = (0, 0);
        while at < self.rest.len() {
            if self.rest[at..].starts_with(b"/*") {
                depth += 1;
                at += 2;
            } else if self.rest[at..].starts_with(b"*/") {
                depth -= 1;
                at += 2;
            } else {
                at += 1;
            }
            if depth == 0 {
                break;
            }
        }
        self.skip(at);
    }

    /// A character literal, or the tick of a lifetime.
    fn quote(&mut self) {
        let rest = self.rest;
        if rest.get(1) == Some(&b'\\') {
            let end = rest[3..].iter().position(|&b| b == b'\'').map_or(rest.len(), |p| p + 4);
            return self.literal(end);
        }
        let width = rest[1..].iter().skip(1).take_while(|&&b| b & 0xc0 == 0x80).count() + 1;
        if rest.get(1 + width) == Some(&b'\'') {
            return self.literal(width + 2);
        }
        let name = rest[1..].iter().take_while(|&&b| is_ident(b)).count();
        self.skip(1 + name);
    }

    /// An identifier or keyword, or a literal with a prefix (`b"..."`, `r#"..."#`, `b'x'`).
    fn word(&mut self) {
        let rest = self.rest;
        let n = rest.iter().take_while(|&&b| is_ident(b)).count();
        let (word, after) = rest.split_at(n);
        let prefix = matches!(word, b"b" | b"c" | b"r" | b"br" | b"cr");
        if prefix && word.ends_with(b"r") && matches!(after.first(), Some(b'#' | b'"')) {
            let hashes = after.iter().take_while(|&&b| b == b'#').count();
            if after.get(hashes) == Some(&b'"') {
                let close: Vec<u8> = [b"\"", vec![b'#'; hashes].as_slice()].concat();
                let body = &after[hashes + 1..];
                let end = body.windows(close.len()).position(|w| w == close).unwrap_or(body.len());
                return self.literal(n + hashes + 1 + end + close.len());
            }
            self.skip(n + 1); // a raw identifier: `r#type`
            return;
        }
        match after.first() {
            Some(b'"') if prefix => self.literal(n + 1 + string_len(&after[1..])),
            Some(b'\'') if word == b"b" => {
                self.skip(n);
                self.quote();
            }
            _ => self.push(&String::from_utf8_lossy(word), n),
        }
    }
}

/// Bytes up to and including the closing quote of an ordinary string.
fn string_len(body: &[u8]) -> usize {
    let mut at = 0;
    while at < body.len() {
        match body[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    body.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> String {
        tokens(source).into_iter().map(|t| t.text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_literals_vanish() {
        assert_eq!(texts("a // b\n/* c /* d */ e */ f"), "a f");
        assert_eq!(texts(r##"x("//", r#"a"b"#, b"\"", b'"', '\'', 'é', '{')"##).matches("\"\"").count(), 7);
        assert_eq!(texts("fn f<'a>(x: &'a str) {}"), "fn f < > ( x : & str ) { }");
        assert_eq!(texts("r#type 0x1f 1_000u64"), "type \"\" \"\"");
    }

    #[test]
    fn lines_are_counted_through_literals() {
        let t = tokens("\"a\nb\"\n/*\n*/ x");
        assert_eq!(t.last().unwrap(), &Token { text: "x".into(), line: 4 });
    }
}
