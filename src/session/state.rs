//! One connection's state: everything a client can set that outlives a command.

use super::{
    args::OwnedArgs,
    blocked::Blocked,
    clients::{ClientInfo, flag},
    watch::WatchSet,
};
use crate::{
    config::Config,
    protocol::request::{Parser, Span},
};
use bytes::Bytes;
use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering::Relaxed},
};

/// Which replies a client wants (CLIENT REPLY).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ReplyMode {
    #[default]
    On,
    Off,
    /// Not the next one.
    SkipNext,
    /// Not this one, then on again.
    Skip,
}

/// A command that MULTI queued.
pub struct Queued {
    /// Its number in the command table.
    pub command: u16,
    pub args: OwnedArgs,
}

/// An open MULTI.
#[derive(Default)]
pub struct Transaction {
    pub queue: Vec<Queued>,
    /// Heap bytes of the queued arguments.
    pub queue_bytes: usize,
    /// A command could not be queued: EXEC will refuse.
    pub aborted: bool,
}

/// What a client subscribes to.
#[derive(Default)]
pub struct Subscriptions {
    pub channels: BTreeSet<Bytes>,
    pub patterns: BTreeSet<Bytes>,
    pub shard_channels: BTreeSet<Bytes>,
    /// About what they cost, here and in the registry.
    pub bytes: usize,
}

/// What a subscription costs beside the name.
const SUBSCRIPTION_BYTES: usize = 128;

impl Subscriptions {
    /// Channels and patterns together, as SUBSCRIBE replies count them.
    pub fn count(&self) -> usize {
        self.channels.len() + self.patterns.len()
    }

    /// What a subscription to `name` costs.
    pub fn cost_bytes(name: &[u8]) -> usize {
        SUBSCRIPTION_BYTES + name.len()
    }

    /// Whether there is no subscription of any kind.
    pub fn is_empty(&self) -> bool {
        self.count() + self.shard_channels.len() == 0
    }
}

/// One connection's state.
pub struct Session {
    pub info: Arc<ClientInfo>,
    pub db: u32,
    pub resp3: bool,
    pub authenticated: bool,
    pub reply_mode: ReplyMode,
    /// The client does not want the reply to the command that the shell is at.
    pub shell_is_silent: bool,
    pub transaction: Option<Transaction>,
    pub watch: WatchSet,
    pub subscriptions: Subscriptions,
    pub monitor: bool,
    pub no_touch: bool,
    /// The blocking command this session waits in.
    pub blocked: Option<Arc<Blocked>>,
    /// Close once what is in the output buffer has been sent.
    pub close_after_reply: bool,
    pub parser: Parser,
    /// Argument positions of the requests being executed.
    pub spans: Vec<Span>,
    /// A command runs that must not block (inside EXEC, or a retry on another's behalf).
    pub deny_blocking: bool,
}

impl Session {
    /// A new connection's session.
    pub fn new(info: Arc<ClientInfo>, authenticated: bool) -> Session {
        Session {
            info,
            db: 0,
            resp3: false,
            authenticated,
            reply_mode: ReplyMode::On,
            shell_is_silent: false,
            transaction: None,
            watch: WatchSet::default(),
            subscriptions: Subscriptions::default(),
            monitor: false,
            no_touch: false,
            blocked: None,
            close_after_reply: false,
            parser: Parser::default(),
            spans: Vec::new(),
            deny_blocking: false,
        }
    }

    /// The client's number.
    pub fn id(&self) -> u64 {
        self.info.id
    }

    /// Whether the client may use commands: it has authenticated, or no password is set.
    #[inline]
    pub fn is_let_in(&self, config: &Config) -> bool {
        self.authenticated || config.security.requirepass.is_empty()
    }

    /// Whether the RESP2 rule applies that a subscriber may only manage subscriptions.
    pub fn is_subscriber(&self) -> bool {
        !self.subscriptions.is_empty()
    }

    /// Mirrors what others may know of this session into the registry.
    pub fn publish(&self) {
        let (i, s) = (&self.info, &self.subscriptions);
        i.db.store(self.db, Relaxed);
        i.resp3.store(self.resp3, Relaxed);
        i.channels.store(s.channels.len() as u32, Relaxed);
        i.patterns.store(s.patterns.len() as u32, Relaxed);
        i.shard_channels.store(s.shard_channels.len() as u32, Relaxed);
        i.watched.store(self.watch.keys.len() as u32, Relaxed);
        let tx = self.transaction.as_ref();
        i.queued.store(tx.map_or(-1, |t| t.queue.len() as i64), Relaxed);
        i.interest_bytes.store((self.watch.bytes + s.bytes) as u64, Relaxed);
        i.queued_bytes.store(tx.map_or(0, |t| t.queue_bytes) as u64, Relaxed);
        i.set_flags(&[
            (flag::MULTI, tx.is_some()),
            (flag::BLOCKED, self.blocked.is_some()),
            (flag::PUBSUB, !s.is_empty()),
            (flag::MONITOR, self.monitor),
            (flag::NO_TOUCH, self.no_touch),
            (flag::DIRTY_CAS, self.watch.is_dirty()),
            (flag::CLOSE_AFTER_REPLY, self.close_after_reply),
        ]);
    }
}
