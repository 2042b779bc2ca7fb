//! What must be there after a crash.

use super::{
    image::{Image, Picture},
    life::Life,
};
use bytes::{Bytes, BytesMut};
use norn::{
    base::time::Wall,
    config::Config,
    engine::{Engine, replay::Replay},
    session::shared::Boot,
};
use std::sync::Arc;

/// See the module.
pub enum Promise {
    /// A state in the history that the journal tells.
    History { base: Arc<Image>, begins: u64, journal: Vec<(u64, Bytes)>, at_least: u64 },
    /// One of these.
    OneOf(Vec<Arc<Image>>),
}

impl Promise {
    /// That the append-only file holds everything up to an offset.
    pub fn history(life: &Life, at_least: u64) -> Promise {
        let notes = life.notes();
        let (base, begins) = notes.base.clone().expect("it was loaded");
        let after = notes.journal.iter().filter(|(end, _)| *end > begins);
        Promise::History { base, begins, journal: after.cloned().collect(), at_least }
    }

    /// Checks what was found; returns how many appends it has lost.
    ///
    /// # Errors
    /// How the promise was broken.
    pub fn check(&self, found: &Picture) -> Result<u64, String> {
        match self {
            Promise::OneOf(images) => match images.iter().any(|i| i.picture == *found) {
                true => Ok(0),
                false => {
                    let nearest = images.iter().map(|i| i.picture.differences(found)).min_by_key(Vec::len);
                    Err(format!("no snapshot: of {} the nearest differs: {nearest:?}", images.len()))
                }
            },
            Promise::History { base, begins, journal, at_least } => {
                if let Some(at) = met_at(base, (*begins, *at_least), journal, found) {
                    return Ok(journal.iter().filter(|(end, _)| *end > at).count() as u64);
                }
                // Only a failure is worth a look at every state.
                let mut nearest: Option<(u64, Vec<String>)> = None;
                let mut met = None;
                walk(base, (*begins, 0), journal, |offset, picture| {
                    if *picture == *found {
                        met = Some(offset);
                    }
                    if nearest.as_ref().is_none_or(|(_, d)| !d.is_empty()) && offset >= *at_least {
                        let differences = picture.differences(found);
                        if nearest.as_ref().is_none_or(|(_, d)| differences.len() < d.len()) {
                            nearest = Some((offset, differences));
                        }
                    }
                    false
                });
                let end = journal.last().map_or(*begins, |(end, _)| *end);
                match met {
                    Some(at) => Err(format!("lost: what was found is offset {at} of {end}, promised was {at_least}")),
                    None => Err(format!("no state of the history from {at_least} to {end}: nearest {nearest:?}")),
                }
            }
        }
    }
}

/// The offset, not before the second of two, at which a history that begins with the first comes by a state.
fn met_at(base: &Image, offsets: (u64, u64), journal: &[(u64, Bytes)], found: &Picture) -> Option<u64> {
    let mut met = None;
    walk(base, offsets, journal, |offset, picture| {
        met = (*picture == *found).then_some(offset);
        met.is_some()
    });
    met
}

/// Shows every state of a history from an offset on, with its offset, until told that it is enough.
fn walk(
    base: &Image,
    (begins, from): (u64, u64),
    journal: &[(u64, Bytes)],
    mut show: impl FnMut(u64, &Picture) -> bool,
) {
    let mut config = Config::default();
    config.network.io_threads = 1;
    let engine = Engine::new(config, Boot::default(), 1, 1);
    base.load(&engine);
    if begins >= from && show(begins, &base.picture) {
        return;
    }
    // Any time but 0: it was no time ago.
    let mut replay = Replay::new(&engine, Wall(1), 1);
    for (end, text) in journal {
        replay.run(&engine, &mut BytesMut::from(&text[..])).expect("the journal holds commands");
        assert_eq!(replay.errors, 0, "of the journal's commands, replayed: {}", text.escape_ascii());
        if *end >= from && show(*end, &Picture::of_engine(&engine)) {
            return;
        }
    }
}
