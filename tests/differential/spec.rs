//! Argument trees: what a command's arguments may be, and a generator made from it.
//!
//! A tree is written as a line of syntax, such as `SET s v [NX|XX] [EX sec|PX ms]`: capital
//! words stand for themselves, small ones for a [`Kind`] of value, `[...]` is optional,
//! `(a|b)` a choice, and `...` repeats what it follows. The trees carry no probabilities:
//! the kinds are small pools in which edge values are frequent, so that keys collide.

use super::values::Kind;
use proptest::{collection::vec, prelude::*};

/// A command as sent: its name, then its arguments.
pub type Command = Vec<Vec<u8>>;

/// What may stand at one place among the arguments.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    /// A word that stands for itself.
    Token(String),
    Value(Kind),
    Optional(Box<Arg>),
    OneOf(Vec<Arg>),
    Block(Vec<Arg>),
    /// The same several times, at least once.
    Several(Box<Arg>),
}

/// How often an optional part is present.
const OPTIONAL: f64 = 0.3;
/// Of a hundred commands, how many are too short or too long.
const MALFORMED: u8 = 4;

/// Parses a line of syntax; panics on a mistake in it.
pub fn parse(line: &str) -> Arg {
    let spaced = ["[", "]", "(", ")", "|", "..."]
        .iter()
        .fold(line.to_owned(), |text, mark| text.replace(mark, &format!(" {mark} ")));
    let mut words = spaced.split_ascii_whitespace().collect::<Vec<_>>().into_iter().peekable();
    let arg = choice(&mut words);
    assert_eq!(words.next(), None, "unbalanced: {line}");
    arg
}

type Words<'a> = std::iter::Peekable<std::vec::IntoIter<&'a str>>;

fn choice(words: &mut Words) -> Arg {
    let mut options = vec![block(words)];
    while words.next_if_eq(&"|").is_some() {
        options.push(block(words));
    }
    if options.len() == 1 { options.remove(0) } else { Arg::OneOf(options) }
}

fn block(words: &mut Words) -> Arg {
    let mut items = Vec::new();
    while let Some(word) = words.next_if(|word| !matches!(*word, "|" | "]" | ")")) {
        let item = match word {
            "[" | "(" => {
                let inner = choice(words);
                let close = words.next();
                assert!(matches!(close, Some("]" | ")")), "nothing closes {word}");
                if word == "[" { Arg::Optional(Box::new(inner)) } else { inner }
            }
            "..." => Arg::Several(Box::new(items.pop().expect("something to repeat"))),
            word if word.starts_with(|c: char| c.is_ascii_lowercase()) => Arg::Value(Kind::named(word)),
            word => Arg::Token(word.to_owned()),
        };
        items.push(item);
    }
    if items.len() == 1 { items.remove(0) } else { Arg::Block(items) }
}

impl Arg {
    /// Generates what this part of a command may look like; shrinks to what is short.
    fn strategy(&self) -> BoxedStrategy<Command> {
        match self {
            // Case does not matter to the server, so it is drawn.
            Arg::Token(word) => {
                let (upper, lower) = (word.clone().into_bytes(), word.to_lowercase().into_bytes());
                prop_oneof![9 => Just(vec![upper]), 1 => Just(vec![lower])].boxed()
            }
            Arg::Value(kind) => kind.strategy().prop_map(|value| vec![value]).boxed(),
            Arg::Optional(inner) => {
                proptest::option::weighted(OPTIONAL, inner.strategy()).prop_map(Option::unwrap_or_default).boxed()
            }
            Arg::OneOf(options) => proptest::strategy::Union::new(options.iter().map(Arg::strategy)).boxed(),
            Arg::Block(items) => {
                let items: Vec<_> = items.iter().map(Arg::strategy).collect();
                items.prop_map(|parts| parts.concat()).boxed()
            }
            Arg::Several(inner) => vec(inner.strategy(), 1..5).prop_map(|parts| parts.concat()).boxed(),
        }
    }

    /// Whole commands, a few of them malformed.
    pub fn commands(&self) -> BoxedStrategy<Command> {
        (self.strategy(), 0..100u8)
            .prop_map(|(mut command, mishap)| {
                if mishap >= 100 - MALFORMED / 2 {
                    command.push(b"extra".to_vec());
                } else if mishap >= 100 - MALFORMED && command.len() > 1 {
                    command.pop();
                }
                command
            })
            .boxed()
    }
}

#[test]
fn a_line_becomes_a_tree() {
    let token = |word: &str| Arg::Token(word.to_owned());
    let want = Arg::Block(vec![
        token("SET"),
        Arg::Value(Kind::StringKey),
        Arg::Optional(Box::new(Arg::OneOf(vec![
            token("NX"),
            Arg::Block(vec![token("EX"), Arg::Value(Kind::Seconds)]),
        ]))),
        Arg::Several(Box::new(Arg::Block(vec![Arg::Value(Kind::Value), token("X")]))),
    ]);
    assert_eq!(parse("SET s [NX|EX sec] (v X)..."), want);
}
