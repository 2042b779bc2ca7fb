//! Commands on the bits of strings, between some that see the whole text.

use super::{Draw, Table, pick};
use crate::model::{
    bits::{BitCommand::*, Join, Number, Stretch},
    command::{Command, When},
};

/// Bits that are named by themselves.
const BITS: u64 = 90;

pub(super) const STRINGS_OF_BITS: Table = &[
    (6, |d, key| Command::OfBits(Set(key, d.rng.below(BITS) as usize, d.one_in(2)))),
    (2, |d, key| Command::OfBits(Get(key, d.rng.below(BITS) as usize))),
    (2, |d, key| {
        let within = d.one_in(2).then(|| d.stretch(true));
        Command::OfBits(Count(key, within))
    }),
    (3, |d, key| {
        let end = d.one_in(2);
        let within = d.one_in(2).then(|| d.stretch(end));
        Command::OfBits(Pos(key, d.one_in(2), within))
    }),
    (3, |d, key| {
        let how = pick(d.rng, &[Join::And, Join::Or, Join::Xor, Join::Not]);
        let from = if how == Join::Not { vec![d.key()] } else { d.some_keys() };
        Command::OfBits(Op(how, key, from))
    }),
    (3, |d, key| {
        let number = d.number_of_bits();
        let by = d.rng.below(600) as i64 - 300;
        Command::OfBits(Add { key, number, by, stays: d.one_in(2) })
    }),
    (1, |d, key| {
        let number = d.number_of_bits();
        let (low, high) = number.range();
        Command::OfBits(Put(key, number, low + d.rng.below((high - low) as u64 + 1) as i64))
    }),
    (1, |d, key| Command::OfBits(Show(key, d.number_of_bits()))),
    (1, |_, key| Command::Get(key)),
    (1, |_, key| Command::GetDel(key)),
    (1, |d, key| Command::SetRange(key, d.rng.below(8) as usize, d.value().slice(..2))),
    (1, |d, key| Command::Set {
        key,
        value: d.value(),
        when: When::Always,
        get: false,
        ttl: crate::model::command::Ttl::None,
    }),
];

impl Draw<'_> {
    fn stretch(&mut self, end: bool) -> Stretch {
        let bits = self.one_in(2);
        let far = if bits { 40 } else { 6 };
        let mut place = || self.rng.below(2 * far) as i64 - far as i64;
        Stretch { start: place(), end: end.then(&mut place), bits }
    }

    fn number_of_bits(&mut self) -> Number {
        let width = pick(self.rng, &[2, 5, 8, 16, 33]);
        Number { signed: self.one_in(2), width, at: self.rng.below(BITS) as usize }
    }
}
