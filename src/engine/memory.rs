//! `maxmemory`: making room before a command that needs it.

use super::{Engine, Worker};
use crate::{
    commands::{row::Flags, table::Command},
    keyspace::Held,
    protocol::Error,
    session::Session,
};

impl Engine {
    /// Refuses a command that uses memory when there is none left.
    pub(super) fn make_room(&self, w: &mut Worker, _s: &Session, _held: &mut Held, c: &Command) -> Result<(), Error> {
        if self.shared.keyspace.used_bytes() > w.config.memory.maxmemory_bytes && c.row.flags.has(Flags::DENYOOM) {
            return Err(Error::OOM);
        }
        Ok(())
    }
}
