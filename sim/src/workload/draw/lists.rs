//! Commands on lists.

use super::{Draw, Table};
use crate::model::command::Command;
use bytes::Bytes;

pub(super) const LISTS: Table = &[
    (7, |d, key| {
        let values = (0..1 + d.rng.below(3)).map(|_| d.value()).collect();
        Command::Push { key, end: d.end(), only_existing: d.one_in(8), values }
    }),
    (4, |d, key| Command::Pop { key, end: d.end(), count: None }),
    (1, |d, key| Command::Pop { key, end: d.end(), count: Some(d.count()) }),
    (2, |d, key| Command::LRange(key, d.index(), d.index())),
    (1, |_, key| Command::LRange(key, 0, -1)),
    (1, |_, key| Command::LLen(key)),
    (1, |d, key| Command::LIndex(key, d.index())),
    (1, |d, key| Command::LSet(key, d.index(), d.value())),
    (1, |d, key| Command::LRem(key, d.index(), d.known())),
    (1, |d, key| Command::LTrim(key, d.index(), d.index())),
    (1, |d, key| Command::LInsert { key, before: d.one_in(2), pivot: d.known(), value: d.value() }),
    (1, |d, _| Command::LMPop { keys: d.some_keys(), end: d.end(), count: d.count() }),
    (2, |d, key| Command::LMove { from: key, to: d.key(), take: d.end(), put: d.end() }),
];

pub(super) const BLOCKING: Table = &[
    (2, |d, key| Command::BPop { keys: d.keys_with(key), end: d.end(), timeout_ms: d.timeout_ms() }),
    (1, |d, key| Command::BLMPop {
        keys: d.keys_with(key),
        end: d.end(),
        count: 1 + d.rng.below(2) as usize,
        timeout_ms: d.timeout_ms(),
    }),
    (1, |d, key| Command::BLMove { from: key, to: d.key(), take: d.end(), put: d.end(), timeout_ms: d.timeout_ms() }),
];

impl Draw<'_> {
    /// A value that may well be in a list: a recent one.
    fn known(&mut self) -> Bytes {
        Bytes::from(format!("v{}", self.serial.saturating_sub(self.rng.below(20))))
    }
}
