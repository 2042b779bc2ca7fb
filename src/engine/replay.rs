//! Commands from an append-only file, executed again.
//!
//! They were executed before, so nothing is checked that could refuse them now: no limits, no
//! memory bound, no pause. Nobody is answered and nothing is recorded. Time stands still, long
//! before anything expires: a key that has expired meanwhile is there for the commands that
//! were written while it lived, and is removed once clients may look. Of a transaction every
//! command is there, so MULTI and EXEC do nothing.

use super::{
    Engine, Worker,
    batch::{self, End},
};
use crate::{
    base::time::{Now, Wall},
    commands::{
        ctx::{Flow, ShellRequest},
        table::{self, Command},
    },
    keyspace::Held,
    protocol::{Output, request::Limits},
    session::{Args, Session, clients::ClientInfo},
};
use bytes::{Buf, Bytes, BytesMut};
use std::sync::Arc;

/// A command that cannot have been written by a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alien {
    /// There is no such command.
    Unknown(String),
    /// Something stands there that is no whole command.
    Malformed,
    /// It does something that leaves no trace in a data set.
    Refused(String),
}

/// Executes commands one after another. See the module.
pub struct Replay {
    worker: Worker,
    session: Session,
    out: Output,
    now: Now,
    /// Commands executed, and those that replied an error, as they did the first time.
    pub commands: u64,
    pub errors: u64,
}

/// Values of at least this size may be kept with the buffer they came in, so it is made to
/// measure for them.
const OWN_BUFFER_BYTES: usize = 64 << 10;

impl Replay {
    /// A replay that began at the real time `wall`. `seed` is for what commands draw.
    pub fn new(engine: &Engine, wall: Wall, seed: u64) -> Replay {
        let mut worker = Worker::new(engine, 0, seed);
        worker.access.ahead_ms = wall.0;
        let mut session = Session::new(Arc::new(ClientInfo::default()), true);
        session.deny_blocking = true;
        let now = Now::default();
        Replay { worker, session, out: Output::new(), now, commands: 0, errors: 0 }
    }

    /// Executes all of `text`, which holds whole commands.
    ///
    /// # Errors
    /// The first thing that is no command; what comes before it has been executed.
    pub fn run(&mut self, engine: &Engine, text: &mut BytesMut) -> Result<(), Alien> {
        let limits = Limits { max_bulk_bytes: u32::MAX as usize, max_args: u32::MAX as usize, ..Limits::default() };
        let mut held = Held::new(&engine.shared.keyspace);
        self.worker.refresh(&engine.shared);
        while !text.is_empty() {
            let (n, end, elements) = engine.parse_batch(&mut self.worker, &mut self.session, &limits, text);
            batch::prefetch(&mut self.worker, &self.session, &mut held, text, n, elements);
            for i in 0..n {
                let mut slot = std::mem::take(&mut self.worker.batch[i]);
                if slot.lead > 0 || slot.is_inline() {
                    return Err(Alien::Malformed);
                }
                let own = (slot.len >= OWN_BUFFER_BYTES).then(|| Bytes::copy_from_slice(&text[..slot.len]));
                let args = match &own {
                    Some(own) => Args::shared(own, &slot.spans),
                    None => Args::new(&text[..slot.len], &slot.spans),
                };
                self.one(engine, &mut held, slot.command, args, slot.first_key)?;
                text.advance(slot.len);
                slot.clear();
                self.worker.batch[i] = slot;
            }
            match end {
                None => {}
                Some(End::Incomplete { .. }) if text.is_empty() => {}
                Some(_) => return Err(Alien::Malformed),
            }
        }
        Ok(())
    }

    fn one(
        &mut self,
        engine: &Engine,
        held: &mut Held,
        command: Option<&'static Command>,
        args: Args,
        first_key: Option<(usize, u64)>,
    ) -> Result<(), Alien> {
        let name = || String::from_utf8_lossy(args.at(0)).into_owned();
        // What the server itself writes goes by the names of the table, whatever clients call it.
        let top = command.or_else(|| table::find(args.at(0))).ok_or_else(|| Alien::Unknown(name()))?;
        let found = match top.row.subs.is_empty() || args.len() < 2 {
            true => top,
            false => top.sub(args.at(1)).ok_or_else(|| Alien::Unknown(name()))?,
        };
        if !found.row.accepts(args.len()) {
            self.errors += 1;
            return Ok(());
        }
        if matches!(top.row.name, "multi" | "exec" | "discard") {
            return Ok(());
        }
        let first_key = first_key.filter(|_| command.is_some() && found.parent.is_none());
        engine.lock(held, found, args, first_key);
        let (w, s) = (&mut self.worker, &mut self.session);
        match engine.run(w, s, held, &self.now, found, &args, first_key, &mut self.out) {
            // Nobody waits for the reply to a flush.
            Ok(Flow::Done) => {}
            Ok(Flow::Shell(request)) if matches!(*request, ShellRequest::AwaitFlushed { .. }) => {}
            Ok(_) => return Err(Alien::Refused(name())),
            Err(()) => self.errors += 1,
        }
        self.commands += 1;
        self.out.truncate(Output::new().mark());
        let c = &mut self.worker.changes;
        if !c.garbage.is_empty() {
            engine.shared.graveyard.bury(c.garbage.drain(..));
        }
        c.ready.clear();
        c.raised.clear();
        c.ops.clear();
        c.dirty = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{engine::testing::Rig, protocol::value::encode_command};

    #[test]
    fn nothing_is_collected_over_the_commands() {
        let r = Rig::new();
        r.engine.shared.journal.turn(true);
        let before = r.engine.shared.journal.end();
        let mut replay = Replay::new(&r.engine, r.now().wall, 1);
        let mut text = Vec::new();
        for n in 0..100 {
            encode_command(&[b"SET", n.to_string().as_bytes(), b"value"], &mut text);
        }
        replay.run(&r.engine, &mut BytesMut::from(&text[..])).expect("commands");
        let c = &replay.worker.changes;
        assert_eq!((c.ops.len(), c.dirty, c.is_quiet()), (0, 0, true));
        assert_eq!((replay.commands, r.engine.shared.journal.end()), (100, before));
    }
}
