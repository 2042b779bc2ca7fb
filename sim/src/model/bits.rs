//! Commands on the bits of strings.

use super::{
    command::Key,
    encode::Words,
    family::Family,
    reply::Reply,
    state::{Slot, State},
    value::Value,
};
use bytes::Bytes;

/// How BITOP joins texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    And,
    Or,
    Xor,
    /// Of one text.
    Not,
}

/// A stretch of a text, both ends inclusive, negative ones counting from the end.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    pub start: i64,
    /// BITPOS may do without.
    pub end: Option<i64>,
    /// In bits, not bytes.
    pub bits: bool,
}

/// A number among the bits.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    pub signed: bool,
    pub width: u32,
    pub at: usize,
}

/// A command.
#[derive(Clone, Debug)]
pub enum BitCommand {
    Set(Key, usize, bool),
    Get(Key, usize),
    Count(Key, Option<Stretch>),
    Pos(Key, bool, Option<Stretch>),
    Op(Join, Key, Vec<Key>),
    /// BITFIELD: adds to a number, wrapping or staying at the ends, and shows it once more.
    Add {
        key: Key,
        number: Number,
        by: i64,
        stays: bool,
    },
    /// BITFIELD: sets a number, within its range, and shows what it was.
    Put(Key, Number, i64),
    /// BITFIELD_RO.
    Show(Key, Number),
}

use BitCommand::*;

impl Family for BitCommand {
    fn each_key(&self, f: &mut dyn FnMut(Key)) {
        match self {
            Set(k, ..) | Get(k, _) | Count(k, _) | Pos(k, ..) | Put(k, ..) | Show(k, _) => f(*k),
            Add { key, .. } => f(*key),
            Op(_, to, from) => [to].into_iter().chain(from).for_each(|k| f(*k)),
        }
    }

    fn words(&self, w: &mut Words) {
        match self {
            Set(k, at, on) => w.word("SETBIT").key(*k).int(*at as i64).int((*on).into()),
            Get(k, at) => w.word("GETBIT").key(*k).int(*at as i64),
            Count(k, within) => stretch(w.word("BITCOUNT").key(*k), within),
            Pos(k, on, within) => stretch(w.word("BITPOS").key(*k).int((*on).into()), within),
            Op(join, to, from) => {
                let how = match join {
                    Join::And => "AND",
                    Join::Or => "OR",
                    Join::Xor => "XOR",
                    Join::Not => "NOT",
                };
                w.word("BITOP").word(how).key(*to).keys(from)
            }
            Add { key, number, by, stays } => {
                w.word("BITFIELD").key(*key).word("OVERFLOW").word(if *stays { "SAT" } else { "WRAP" });
                number.words(w.word("INCRBY")).int(*by);
                number.words(w.word("GET"))
            }
            Put(k, number, to) => number.words(w.word("BITFIELD").key(*k).word("SET")).int(*to),
            Show(k, number) => number.words(w.word("BITFIELD_RO").key(*k).word("GET")),
        };
    }

    fn only_reads(&self) -> bool {
        matches!(self, Get(..) | Count(..) | Pos(..) | Show(..))
    }
}

fn stretch<'w, 'n>(w: &'w mut Words<'n>, within: &Option<Stretch>) -> &'w mut Words<'n> {
    let Some(s) = within else { return w };
    let w = w.int(s.start).ints(s.end);
    w.flag(s.end.is_some() && s.bits, "BIT")
}

impl Number {
    fn words<'w, 'n>(self, w: &'w mut Words<'n>) -> &'w mut Words<'n> {
        let kind = format!("{}{}", if self.signed { 'i' } else { 'u' }, self.width);
        w.text(&Bytes::from(kind)).int(self.at as i64)
    }

    /// The least and the greatest of its kind.
    pub fn range(self) -> (i64, i64) {
        match self.signed {
            true => (-(1 << (self.width - 1)), (1 << (self.width - 1)) - 1),
            false => (0, (1 << self.width) - 1),
        }
    }

    fn of(self, text: &[u8]) -> i64 {
        let n = (0..self.width as usize).fold(0, |n, i| n << 1 | i64::from(bit(text, self.at + i)));
        let negative = self.signed && bit(text, self.at);
        if negative { n - (1 << self.width) } else { n }
    }

    fn write(self, text: &mut Vec<u8>, n: i64) {
        for i in 0..self.width as usize {
            set(text, self.at + i, n >> (self.width as usize - 1 - i) & 1 == 1);
        }
    }
}

impl State<'_> {
    pub(super) fn run_bits(&mut self, command: &BitCommand) -> Result<Reply, Reply> {
        Ok(match command {
            Set(k, at, on) => {
                let (mut text, was) = self.bits(*k).map(|(text, _)| (text.to_vec(), bit(&text, *at)))?;
                set(&mut text, *at, *on);
                self.put_bits(*k, text)?;
                Reply::Int(was.into())
            }
            Get(k, at) => Reply::Int(bit(&self.bits(*k)?.0, *at).into()),
            Count(k, within) => {
                let (text, _) = self.bits(*k)?;
                let both_behind =
                    within.is_some_and(|s| s.start < 0 && s.end.is_some_and(|end| end < 0 && end < s.start));
                let all = if both_behind { 0..0 } else { places(within, text.len()) };
                Reply::count(all.filter(|at| bit(&text, *at)).count())
            }
            Pos(k, on, within) => {
                let (text, exists) = self.bits(*k)?;
                if !exists {
                    return Ok(Reply::Int(-i64::from(*on)));
                }
                let all = places(within, text.len());
                // Without an end the text goes on with zeros for ever.
                let endless = !on && !all.is_empty() && within.is_none_or(|s| s.end.is_none());
                match all.into_iter().find(|at| bit(&text, *at) == *on) {
                    Some(at) => Reply::count(at),
                    None if endless => Reply::count(text.len() * 8),
                    None => Reply::Int(-1),
                }
            }
            Op(join, to, from) => self.join(*join, *to, from)?,
            Add { key, number, by, stays } => {
                let mut text = self.bits(*key)?.0.to_vec();
                let (low, high) = number.range();
                let sum = number.of(&text) + by;
                let new = if *stays { sum.clamp(low, high) } else { (sum - low).rem_euclid(high - low + 1) + low };
                number.write(&mut text, new);
                self.put_bits(*key, text)?;
                Reply::Array(vec![Reply::Int(new), Reply::Int(new)])
            }
            Put(k, number, to) => {
                let mut text = self.bits(*k)?.0.to_vec();
                let was = number.of(&text);
                number.write(&mut text, *to);
                self.put_bits(*k, text)?;
                Reply::Array(vec![Reply::Int(was)])
            }
            Show(k, number) => Reply::Array(vec![Reply::Int(number.of(&self.bits(*k)?.0))]),
        })
    }

    /// A key's text, and whether there is such a key.
    fn bits(&mut self, k: Key) -> Result<(Bytes, bool), Reply> {
        self.text(k).map(|text| (text.clone().unwrap_or_default(), text.is_some()))
    }

    /// Sets a key's text, which is no change if it is the same.
    fn put_bits(&mut self, k: Key, text: Vec<u8>) -> Result<(), Reply> {
        if self.bits(k)?.0 != text {
            self.put_value(k, Value::Str(text.into()));
        }
        Ok(())
    }

    fn join(&mut self, how: Join, to: Key, from: &[Key]) -> Result<Reply, Reply> {
        let texts: Vec<Bytes> = from.iter().map(|k| self.bits(*k).map(|(text, _)| text)).collect::<Result<_, _>>()?;
        let len = texts.iter().map(Bytes::len).max().unwrap_or(0);
        let byte = |i: usize| {
            let bytes = texts.iter().map(|text| text.get(i).copied().unwrap_or(0));
            match how {
                Join::And => bytes.fold(0xff, |a, b| a & b),
                Join::Or => bytes.fold(0, |a, b| a | b),
                Join::Xor => bytes.fold(0, |a, b| a ^ b),
                Join::Not => bytes.fold(0, |_, b| !b),
            }
        };
        if len == 0 {
            self.delete(to);
        } else {
            let value = Value::Str((0..len).map(byte).collect());
            self.put(to, Some(Slot { value, due: None }));
        }
        Ok(Reply::count(len))
    }
}

fn bit(text: &[u8], at: usize) -> bool {
    text.get(at / 8).is_some_and(|byte| byte & 0x80 >> (at % 8) != 0)
}

fn set(text: &mut Vec<u8>, at: usize, on: bool) {
    text.resize(text.len().max(at / 8 + 1), 0);
    text[at / 8] &= !(0x80 >> (at % 8));
    text[at / 8] |= if on { 0x80 >> (at % 8) } else { 0 };
}

/// The bits of a stretch of a text of so many bytes.
fn places(within: &Option<Stretch>, bytes: usize) -> std::ops::Range<usize> {
    let s = within.unwrap_or(Stretch { start: 0, end: None, bits: false });
    let unit = if s.bits && s.end.is_some() { 1 } else { 8 };
    let len = (bytes * 8 / unit) as i64;
    let place = |i: i64| if i < 0 { (i + len).max(0) } else { i };
    let (start, end) = (place(s.start), place(s.end.unwrap_or(-1)).min(len - 1));
    if start > end { 0..0 } else { start as usize * unit..(end as usize + 1) * unit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_among_bits() {
        let mut text = vec![0xff, 0x00];
        let n = |signed, width, at| Number { signed, width, at };
        assert_eq!(n(false, 8, 4).of(&text), 0xf0);
        assert_eq!(n(true, 8, 4).of(&text), -16);
        assert_eq!((n(true, 5, 0).range(), n(false, 5, 0).range()), ((-16, 15), (0, 31)));
        n(true, 5, 14).write(&mut text, -3);
        assert_eq!((text.len(), n(true, 5, 14).of(&text), n(false, 5, 14).of(&text)), (3, -3, 29));
    }

    #[test]
    fn stretches() {
        let s = |start, end, bits| Some(Stretch { start, end, bits });
        assert_eq!(places(&None, 2), 0..16);
        assert_eq!(places(&s(1, None, true), 2), 8..16);
        assert_eq!(places(&s(-3, Some(-2), true), 2), 13..15);
        assert_eq!(places(&s(1, Some(0), false), 2), 0..0);
        assert_eq!(places(&s(0, Some(-100), false), 2), 0..8);
        assert!(places(&None, 0).is_empty());
    }
}
