//! What the journal says of groups: not the command, but what came of it for each entry.
//!
//! ```text
//! XCLAIM key group consumer 0 id TIME ms RETRYCOUNT n FORCE JUSTID LASTID id
//! XGROUP SETID key group id ENTRIESREAD n
//! XGROUP CREATECONSUMER key group consumer
//! ```
//!
//! An XCLAIM makes its consumer, if there is none, and ends what is pending for an entry
//! that exists no more. Commands collect notes while the stream is open, if anybody reads the
//! journal, and write them when it is closed.

use super::super::ctx::Ctx;
use crate::data::stream::{Group, Id, Pending};

/// Something to be written about a group.
pub enum Note {
    /// An entry is pending like this.
    Pending { id: Id, consumer: Box<[u8]>, at_ms: i64, deliveries: u64, last_id: Id },
    /// The group has read up to here.
    Read { last_id: Id, entries_read: Option<i64> },
    /// There is this consumer.
    Consumer(Box<[u8]>),
}

impl Note {
    /// What is pending in a group, as it stands.
    pub fn pending(g: &Group, p: &Pending) -> Note {
        let consumer = g.consumer(p.owner()).name.clone();
        Note::Pending { id: p.id, consumer, at_ms: p.delivered_ms, deliveries: p.deliveries, last_id: g.last_id }
    }

    /// How far a group has read.
    pub fn read(g: &Group) -> Note {
        Note::Read { last_id: g.last_id, entries_read: g.entries_read }
    }
}

/// Writes notes about a group of the stream at `key`.
pub fn write(ctx: &mut Ctx, key: &[u8], group: &[u8], notes: &[Note]) {
    for note in notes {
        match note {
            Note::Pending { id, consumer, at_ms, deliveries, last_id } => {
                let (id, last_id) = (id.to_string(), last_id.to_string());
                // A count beyond an integer of 63 bits is negative, as elsewhere.
                let (at, count) = (at_ms.to_string(), (*deliveries as i64).to_string());
                let [id, last_id, at, count] = [&id, &last_id, &at, &count].map(|text| text.as_bytes());
                let (time, retries, last) = (&b"TIME"[..], &b"RETRYCOUNT"[..], &b"LASTID"[..]);
                ctx.journal_instead(&[
                    b"XCLAIM", key, group, consumer, b"0", id, time, at, retries, count, b"FORCE", b"JUSTID", last,
                    last_id,
                ]);
            }
            Note::Read { last_id, entries_read } => {
                let (id, read) = (last_id.to_string(), entries_read.unwrap_or(-1).to_string());
                let (id, read) = (id.as_bytes(), read.as_bytes());
                ctx.journal_instead(&[b"XGROUP", b"SETID", key, group, id, b"ENTRIESREAD", read]);
            }
            Note::Consumer(name) => ctx.journal_instead(&[b"XGROUP", b"CREATECONSUMER", key, group, name]),
        }
    }
}
