//! Pops of sorted sets that look at several keys, and perhaps wait for one.

use super::{ZSetCommand, read::elements};
use crate::model::{command::Key, encode::key_mark, reply::Reply, state::State};

impl State<'_> {
    /// `None` if the command is none of these; within, `None` if it has to wait.
    pub(super) fn run_blocking_zset(&mut self, command: &ZSetCommand) -> Option<Result<Option<Reply>, Reply>> {
        use ZSetCommand::*;
        Some(match command {
            MPop { keys, max, count } => {
                self.pop_first_scored(keys, *max, *count).map(|r| Some(r.map_or(Reply::NilArray, nested)))
            }
            BMPop { keys, max, count, .. } => self.pop_first_scored(keys, *max, *count).map(|r| r.map(nested)),
            BPop { keys, max, .. } => self.pop_first_scored(keys, *max, 1).map(|r| r.map(flat)),
            _ => return None,
        })
    }

    /// Pops from the first of the sorted sets that exists: its name, and what was popped.
    fn pop_first_scored(&mut self, keys: &[Key], max: bool, count: usize) -> Result<Option<(Key, Reply)>, Reply> {
        for &k in keys {
            let popped = self.pop_scored(k, max, count)?;
            if !popped.is_empty() {
                return Ok(Some((k, elements(&popped, true))));
            }
        }
        Ok(None)
    }
}

fn items(reply: Reply) -> Vec<Reply> {
    match reply {
        Reply::Array(items) => items,
        other => vec![other],
    }
}

fn nested((k, popped): (Key, Reply)) -> Reply {
    let pairs = items(popped).chunks(2).map(|pair| Reply::Array(pair.to_vec())).collect();
    Reply::Array(vec![Reply::Bulk(key_mark(k)), Reply::Array(pairs)])
}

fn flat((k, popped): (Key, Reply)) -> Reply {
    let mut all = vec![Reply::Bulk(key_mark(k))];
    all.extend(items(popped));
    Reply::Array(all)
}
