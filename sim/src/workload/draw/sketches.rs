//! Commands on HyperLogLogs, whose keys hold nothing else.

use super::{Draw, Table, keys};
use crate::model::{
    command::{Command, Key},
    sketches::SketchCommand::*,
};

const SKETCHES: Table = &[
    (6, |d, key| Command::OfSketch(Add(key, d.some_members()))),
    (1, |_, key| Command::OfSketch(Add(key, Vec::new()))),
    (4, |_, key| Command::OfSketch(Count(vec![key]))),
    (2, |d, _| Command::OfSketch(Count(d.some_keys()))),
    (3, |d, key| Command::OfSketch(Merge(key, d.some_keys()))),
    (1, |_, key| Command::OfSketch(Merge(key, Vec::new()))),
    (1, |_, key| Command::Del(vec![key])),
];

impl Draw<'_> {
    /// A command for a group whose keys are sketches.
    pub(super) fn sketch(&mut self, key: Key) -> Command {
        let table = match self.rng.below(10) {
            0 => keys::KEYS,
            1 if self.keys > 1 => keys::MOVES,
            2 => keys::EXPIRY,
            _ => SKETCHES,
        };
        self.one_of(table, key)
    }
}
