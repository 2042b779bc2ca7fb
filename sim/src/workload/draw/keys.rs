//! Commands on keys of any type.

use super::{Draw, Table, pick};
use crate::model::command::{Command, Key, Ttl, When};

pub(super) const KEYS: Table = &[
    (1, |d, _| Command::Del(d.some_keys())),
    (1, |d, _| Command::Exists(d.some_keys())),
    (1, |_, key| Command::Type(key)),
    (1, |_, key| Command::Pttl(key)),
    (1, |_, key| Command::Persist(key)),
];

/// For groups of more than one key.
pub(super) const BETWEEN_KEYS: Table = &[
    (2, |d, _| Command::MGet(d.three_keys())),
    (1, |d, _| Command::MSet(d.three_keys().into_iter().map(|k| (k, d.value())).collect())),
    (1, |d, _| Command::MSetNx(d.three_keys().into_iter().map(|k| (k, d.value())).collect())),
    (4, |d, key| d.one_of(MOVES, key)),
];

/// As [`BETWEEN_KEYS`], whatever the keys hold.
pub(super) const MOVES: Table = &[
    (1, |d, key| Command::Rename(key, d.other_than(key))),
    (1, |d, key| Command::RenameNx(key, d.other_than(key))),
    (2, |d, key| Command::Copy { from: key, to: d.other_than(key), replace: d.one_in(2) }),
];

/// For keys that hold strings.
pub(super) const STRING_EXPIRY: Table = &[
    (2, |d, key| Command::Set {
        key,
        value: d.value(),
        when: pick(d.rng, &[When::Always, When::Missing]),
        get: false,
        ttl: d.ttl(),
    }),
    (1, |d, key| Command::GetEx(key, pick(d.rng, &[Ttl::None, Ttl::Persist]))),
    (1, |d, key| Command::GetEx(key, d.ttl())),
];

pub(super) const EXPIRY: Table = &[
    (2, |d, key| Command::Expire { key, ttl: d.ttl(), when: d.expiry_when() }),
    (1, |_, key| Command::Pttl(key)),
    (1, |_, key| Command::Persist(key)),
];

impl Draw<'_> {
    fn three_keys(&mut self) -> Vec<Key> {
        (0..1 + self.rng.below(3)).map(|_| self.key()).collect()
    }

    /// A condition about an expiry.
    pub(super) fn expiry_when(&mut self) -> When {
        pick(self.rng, &[When::Always, When::Always, When::Missing, When::Present, When::Later, When::Earlier])
    }

    fn other_than(&mut self, key: Key) -> Key {
        let keys = self.keys as u64;
        ((u64::from(key) + 1 + self.rng.below(keys - 1)) % keys) as Key
    }
}
