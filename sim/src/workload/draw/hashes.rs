//! Commands on hashes, and on the expiry of their fields.

use super::{Draw, Table, pick};
use crate::model::command::{Command, FIELDS, Field, Ttl, When};
use bytes::Bytes;

pub(super) const HASHES: Table = &[
    (5, |d, key| Command::HSet(key, d.pairs())),
    (1, |d, key| Command::HSetNx(key, d.field(), d.value())),
    (2, |d, key| Command::HGet(key, d.field())),
    (1, |d, key| Command::HMGet(key, d.some_fields())),
    (2, |d, key| Command::HDel(key, d.some_fields())),
    (1, |_, key| Command::HLen(key)),
    (1, |_, key| Command::HGetAll(key)),
    (1, |d, key| Command::HScan(key, d.one_in(2))),
    (1, |d, key| Command::HExists(key, d.field())),
    (1, |d, key| Command::HSet(key, vec![(d.field(), d.number())])),
    (1, |d, key| Command::HIncrBy(key, d.field(), d.index())),
];

pub(super) const FIELD_EXPIRY: Table = &[
    (3, |d, key| Command::HExpire { key, ttl: d.ttl(), when: d.expiry_when(), fields: d.some_fields() }),
    (3, |d, key| {
        let ttl = if d.one_in(4) { pick(d.rng, &[Ttl::None, Ttl::Keep]) } else { d.ttl() };
        Command::HSetEx { key, ttl, when: d.when(), pairs: d.pairs() }
    }),
    (1, |d, key| {
        let ttl = if d.one_in(3) { pick(d.rng, &[Ttl::None, Ttl::Persist]) } else { d.ttl() };
        Command::HGetEx(key, ttl, d.some_fields())
    }),
    (1, |d, key| Command::HGetDel(key, d.some_fields())),
    (1, |d, key| Command::HPersist(key, d.some_fields())),
    (1, |d, key| Command::HPttl(key, d.some_fields())),
    (1, |d, key| Command::HPttlAt(key, d.some_fields())),
];

impl Draw<'_> {
    fn field(&mut self) -> Field {
        self.rng.below(u64::from(FIELDS)) as Field
    }

    fn some_fields(&mut self) -> Vec<Field> {
        (0..1 + self.rng.below(3)).map(|_| self.field()).collect()
    }

    /// A few fields, each with a value.
    pub(super) fn pairs(&mut self) -> Vec<(Field, Bytes)> {
        (0..1 + self.rng.below(3)).map(|_| (self.field(), self.value())).collect()
    }

    fn when(&mut self) -> When {
        pick(self.rng, &[When::Always, When::Always, When::Missing, When::Present])
    }
}
