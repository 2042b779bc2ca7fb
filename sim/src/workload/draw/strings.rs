//! Commands on strings, and on strings that are numbers.

use super::{Table, pick};
use crate::model::command::{Command, Ttl, When};

pub(super) const STRINGS: Table = &[
    (5, |_, key| Command::Get(key)),
    (4, |d, key| Command::Set { key, value: d.value(), when: When::Always, get: false, ttl: Ttl::None }),
    (1, |d, key| Command::Set {
        key,
        value: d.value(),
        when: pick(d.rng, &[When::Always, When::Missing, When::Present]),
        get: d.one_in(2),
        ttl: pick(d.rng, &[Ttl::None, Ttl::Keep]),
    }),
    (1, |d, key| Command::Append(key, d.value().slice(..2))),
    (1, |_, key| Command::StrLen(key)),
    (1, |d, key| Command::GetRange(key, d.index(), d.index())),
    (1, |d, key| Command::SetRange(key, d.rng.below(8) as usize, d.value().slice(..2))),
    (1, |_, key| Command::GetDel(key)),
    (1, |_, key| Command::Del(vec![key])),
];

pub(super) const COUNTERS: Table = &[
    (2, |_, key| Command::Get(key)),
    (1, |d, key| Command::Set { key, value: d.number(), when: When::Always, get: false, ttl: Ttl::None }),
    (1, |d, key| Command::IncrBy(key, d.index())),
    (1, |d, key| Command::IncrBy(key, pick(d.rng, &[i64::MAX, i64::MIN + 1]))),
    (1, |_, key| Command::IncrBy(key, -1)),
    (2, |_, key| Command::IncrBy(key, 1)),
];
