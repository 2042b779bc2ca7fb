//! Snapshots, as far as commands have to do with them: the instant one begins, and who waits
//! for it.
//!
//! A client that wants to change a large value which is not in the snapshot yet would have to
//! write down all of it first, under a lock that others need. It waits instead, a millisecond
//! at a time and with its request untouched, and the snapshot writes that value next. So does
//! whoever writes while too many pre-images have piled up.

use super::{Engine, access_policy, dispatch::would_run};
use crate::{
    base::time::Wall,
    commands::{
        keys::each_key,
        row::{Flags, Row},
        table::{COMMANDS, Command},
    },
    config::Config,
    keyspace::Held,
    persist::{rdb::file::About, snapshot::Snapshot},
    session::{Args, Session},
};

impl Engine {
    /// Begins a snapshot of this instant, in the form that `config` asks for; `also` is done at the
    /// same instant, under all locks.
    pub fn begin_snapshot(&self, config: &Config, now: Wall, aof_base: bool, also: impl FnOnce()) -> Snapshot {
        let about = About { created: now, used_bytes: self.shared.used_bytes(), aof_base };
        let mut held = Held::new(&self.shared.keyspace);
        held.all();
        also();
        self.shared.saving.begins(&mut held, aof_base);
        Snapshot::begin(&mut held, &self.shared, config, access_policy(config), about)
    }

    /// Does something while no command runs, because all locks are held.
    pub fn at_once<T>(&self, f: impl FnOnce() -> T) -> T {
        let mut held = Held::new(&self.shared.keyspace);
        held.all();
        f()
    }

    /// Whether a request has to wait for the snapshot that is being made.
    #[cold]
    pub(super) fn waits_for_snapshot(&self, s: &Session, held: &mut Held, command: &Command, args: Args) -> bool {
        let command = match args.get(1) {
            Some(name) if !command.row.subs.is_empty() => command.sub(name).unwrap_or(command),
            _ => command,
        };
        let queued = s.transaction.is_some() && !command.row.flags.has(Flags::IN_MULTI);
        if queued || !command.row.accepts(args.len()) || !would_run(s, command, Flags::WRITE) {
            return false;
        }
        if self.shared.saving.is_full() {
            return true;
        }
        let mut waits = self.changes_unsaved(s.db, held, command.row, args);
        if command.row.name == "exec"
            && let Some(tx) = &s.transaction
        {
            for q in &tx.queue {
                waits |= self.changes_unsaved(s.db, held, COMMANDS[q.command as usize].row, q.args.args());
            }
        }
        waits
    }

    /// Whether a command names a large value that is not in the snapshot yet; such values are
    /// asked for.
    fn changes_unsaved(&self, db: u32, held: &mut Held, row: &Row, args: Args) -> bool {
        let (space, mut found) = (held.space(), false);
        // Arguments in which no keys can be found are refused later.
        let _ = each_key(row, args, |i, _| {
            held.one(space.shard_of(space.hash(args.at(i))));
            found |= self.is_unsaved(held, db, args.at(i));
        });
        found
    }
}
