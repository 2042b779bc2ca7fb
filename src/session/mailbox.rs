//! Messages to a session from elsewhere: published messages, the reply that ends a
//! blocking command, an order to close.
//!
//! The session's task sleeps on its socket and on its mailbox; whoever posts wakes it. The
//! lock is a leaf: it may be taken under shard locks and nothing is taken under it.

use crate::base::sync::{Mutex, atomic::AtomicBool};
use crate::protocol::Reply;
use bytes::Bytes;
use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering::SeqCst},
    task::Waker,
};

/// One published message, shared by all who receive it.
#[derive(Debug)]
pub struct Published {
    /// The pattern that matched, for pattern subscribers.
    pub pattern: Option<Bytes>,
    pub channel: Bytes,
    pub payload: Bytes,
    /// Came through SPUBLISH.
    pub sharded: bool,
}

impl Published {
    /// Writes the message as its receiver sees it.
    pub fn write(&self, out: &mut Reply) {
        let kind: &[u8] = match (&self.pattern, self.sharded) {
            (Some(_), _) => b"pmessage",
            (None, true) => b"smessage",
            (None, false) => b"message",
        };
        out.push(if self.pattern.is_some() { 4 } else { 3 });
        out.bulk(kind);
        if let Some(pattern) = &self.pattern {
            out.bulk(pattern);
        }
        out.bulk(&self.channel);
        out.bulk_shared(self.payload.clone());
    }
}

/// What a mailbox carries.
#[derive(Debug, Clone)]
pub enum Msg {
    Published(Arc<Published>),
    /// Bytes to send as they are (MONITOR lines).
    Raw(Bytes),
    /// The blocking command has been answered with these bytes.
    Unblocked(Bytes),
    /// CLIENT UNBLOCK has ended the wait: reply an error, or as if the time were up.
    Unblock {
        error: bool,
    },
    /// Close the connection at once.
    Kill,
    /// The server resumed paused clients, or something else worth a second look.
    Nudge,
}

#[derive(Default)]
struct Inner {
    queue: VecDeque<Msg>,
    waker: Option<Waker>,
    closed: bool,
}

/// A session's mailbox.
#[derive(Default)]
pub struct Mailbox {
    inner: Mutex<Inner>,
    /// Whether the queue may hold something, readable without the lock.
    pending: AtomicBool,
}

impl Mailbox {
    /// Delivers a message and wakes the owner; a closed mailbox drops it.
    pub fn post(&self, msg: Msg) {
        let mut g = self.inner.lock();
        if g.closed {
            return;
        }
        g.queue.push_back(msg);
        self.pending.store(true, SeqCst);
        let waker = g.waker.take();
        drop(g);
        if let Some(w) = waker {
            w.wake();
        }
    }

    /// Whether something waits, without locking.
    #[inline]
    pub fn is_pending(&self) -> bool {
        self.pending.load(SeqCst)
    }

    /// The oldest message.
    pub fn take(&self) -> Option<Msg> {
        if !self.is_pending() {
            return None;
        }
        let mut g = self.inner.lock();
        let m = g.queue.pop_front();
        if g.queue.is_empty() {
            self.pending.store(false, SeqCst);
        }
        m
    }

    /// Takes out the messages that are only to be written, in order; orders stay.
    pub fn take_pushes(&self) -> Vec<Msg> {
        if !self.is_pending() {
            return Vec::new();
        }
        let mut g = self.inner.lock();
        let is_push = |m: &Msg| matches!(m, Msg::Published(_) | Msg::Raw(_));
        let (pushes, orders) = g.queue.drain(..).partition(is_push);
        g.queue = orders;
        if g.queue.is_empty() {
            self.pending.store(false, SeqCst);
        }
        VecDeque::into(pushes)
    }

    /// Arranges for `waker` to be woken by the next message; false if one already waits.
    pub fn register(&self, waker: &Waker) -> bool {
        let mut g = self.inner.lock();
        if !g.queue.is_empty() {
            return false;
        }
        match &mut g.waker {
            Some(w) => w.clone_from(waker),
            w => *w = Some(waker.clone()),
        }
        true
    }

    /// Drops what is queued and whatever comes later.
    pub fn close(&self) {
        let mut g = self.inner.lock();
        g.closed = true;
        g.queue.clear();
        g.waker = None;
    }
}
