//! What follows from what a command changed.
//!
//! Called while the command's locks are held: events are published, values too large to
//! free on the way are handed to the graveyard, and clients that waited for a key which
//! is now ready are served, all before the command's own reply leaves.

use super::{Engine, Worker};
use crate::{
    base::time::Now,
    config::NotifyFlags,
    keyspace::{Held, event::Raised},
    session::clients::ClientInfo,
};
use std::sync::atomic::Ordering::Relaxed;

impl Engine {
    /// Draws the consequences of `w.changes` and empties it.
    pub(super) fn settle(&self, w: &mut Worker, held: &mut Held, now: Now) {
        self.commit(w, None);
        self.publish_changes(w);
        if !w.changes.ready.is_empty() {
            self.serve_ready(w, held, now);
        }
    }

    /// Writes to the journal what has been recorded for it: as one transaction, if it is
    /// what `client` asked for.
    #[inline]
    pub(super) fn commit(&self, w: &mut Worker, client: Option<&ClientInfo>) {
        let ops = &mut w.changes.ops;
        if ops.is_empty() {
            return;
        }
        let offset = self.shared.journal.append(ops, client.is_some());
        ops.clear();
        if let Some(client) = client {
            client.journal_offset.store(offset, Relaxed);
        }
    }

    /// Counts the changes for everybody to see.
    #[inline]
    pub(super) fn publish_dirty(&self, w: &mut Worker) {
        if w.changes.dirty > 0 {
            self.shared.changes[w.index].0.add(std::mem::take(&mut w.changes.dirty));
        }
    }

    /// Everything but the journal and serving the blocked.
    pub(super) fn publish_changes(&self, w: &mut Worker) {
        self.publish_dirty(w);
        let c = &mut w.changes;
        if !c.garbage.is_empty() {
            self.shared.graveyard.bury(c.garbage.drain(..));
        }
        let on = c.notify;
        for r in c.raised.drain(..) {
            self.notify(on, &r);
        }
    }

    fn notify(&self, on: NotifyFlags, r: &Raised) {
        if self.shared.channels.is_empty() {
            return;
        }
        if on.contains(NotifyFlags::KEYSPACE) {
            let mut channel = format!("__keyspace@{}__:", r.db).into_bytes();
            channel.extend_from_slice(&r.key);
            self.shared.channels.publish(&channel, r.event.name.as_bytes());
        }
        if on.contains(NotifyFlags::KEYEVENT) {
            let channel = format!("__keyevent@{}__:{}", r.db, r.event.name);
            self.shared.channels.publish(channel.as_bytes(), &r.key);
        }
    }
}
