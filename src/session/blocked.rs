//! Clients that wait inside a blocking command.
//!
//! A blocked command is kept whole. Whoever makes one of its keys ready runs it again on
//! the client's behalf, and posts the reply to the client's mailbox. Serving, timing out,
//! CLIENT UNBLOCK and disconnecting compete for the one transition out of [`State::Waiting`]:
//! exactly one of them wins.

use super::state::{ReplyMode, Session};
use super::{args::OwnedArgs, clients::ClientInfo};
use crate::base::sync::Mutex;
use crate::{
    base::{hash::HashMap, sync::atomic::AtomicU8, time::Mono},
    keyspace::{Type, shard::DbKey},
    protocol::Reply,
};
use std::collections::BTreeSet;
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
};

/// How a wait ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum State {
    Waiting = 0,
    /// The reply is in the mailbox, or about to be.
    Served = 1,
    /// By time-out, CLIENT UNBLOCK or the end of the connection.
    Ended = 2,
}

/// What a blocking command replies when its time is up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimeoutReply {
    Null,
    NullArray,
}

impl TimeoutReply {
    /// Writes it.
    pub fn write(self, out: &mut Reply) {
        match self {
            TimeoutReply::Null => out.null(),
            TimeoutReply::NullArray => out.null_array(),
        }
    }
}

/// One blocked client.
pub struct Blocked {
    pub info: Arc<ClientInfo>,
    /// Number of the command in the command table.
    pub command: u16,
    pub args: OwnedArgs,
    pub db: u32,
    pub resp3: bool,
    /// What it waits for, with the shard of each.
    pub keys: Vec<(usize, DbKey)>,
    /// Every shard the command needs to run, ascending.
    pub shards: Vec<usize>,
    /// When it gives up.
    pub deadline: Option<Mono>,
    /// Only a key of this type wakes it ...
    pub want: Type,
    /// ... or that there is no such key any more.
    pub or_loss: bool,
    pub on_timeout: TimeoutReply,
    /// The client wants no reply (CLIENT REPLY).
    pub silent: bool,
    state: AtomicU8,
    /// The connection has ended.
    abandoned: AtomicBool,
}

impl Blocked {
    /// A session that begins to wait, for nothing yet and for ever.
    pub fn new(s: &Session, command: u16, args: OwnedArgs) -> Blocked {
        Blocked {
            info: s.info.clone(),
            command,
            args,
            db: s.db,
            resp3: s.resp3,
            keys: Vec::new(),
            shards: Vec::new(),
            deadline: None,
            want: Type::List,
            or_loss: false,
            on_timeout: TimeoutReply::Null,
            silent: s.reply_mode != ReplyMode::On,
            state: AtomicU8::new(State::Waiting as u8),
            abandoned: AtomicBool::new(false),
        }
    }

    /// Takes back a claim: the client was not served after all. Returns whether its
    /// connection ended meanwhile and the wait with it; the caller then has to forget it.
    pub fn unclaim(&self) -> bool {
        self.state.store(State::Waiting as u8, SeqCst);
        self.abandoned.load(SeqCst) && self.claim(State::Ended)
    }

    /// Ends the wait because the connection has ended; false if somebody is just serving
    /// it, who then finds out through [`Blocked::unclaim`].
    pub fn abandon(&self) -> bool {
        self.abandoned.store(true, SeqCst);
        self.claim(State::Ended)
    }

    /// Ends the wait; false if somebody else did first.
    pub fn claim(&self, how: State) -> bool {
        self.state.compare_exchange(State::Waiting as u8, how as u8, SeqCst, SeqCst).is_ok()
    }

    /// Whether the wait was ended without being served: the session has yet to clean up.
    pub fn is_ended(&self) -> bool {
        self.state.load(SeqCst) == State::Ended as u8
    }

    /// Whether nobody has ended the wait yet.
    pub fn is_waiting(&self) -> bool {
        self.state.load(SeqCst) == State::Waiting as u8
    }
}

/// All blocked clients by client number.
#[derive(Default)]
pub struct BlockedClients {
    map: Mutex<HashMap<u64, Arc<Blocked>>>,
    count: AtomicU64,
}

impl BlockedClients {
    pub fn insert(&self, b: Arc<Blocked>) {
        self.map.lock().insert(b.info.id, b);
        self.count.fetch_add(1, SeqCst);
    }

    pub fn remove(&self, id: u64) {
        if self.map.lock().remove(&id).is_some() {
            self.count.fetch_sub(1, SeqCst);
        }
    }

    pub fn get(&self, id: u64) -> Option<Arc<Blocked>> {
        self.map.lock().get(&id).cloned()
    }

    /// How many clients wait.
    pub fn len(&self) -> usize {
        self.count.load(SeqCst) as usize
    }

    /// How many clients wait only for a time.
    pub fn with_deadline(&self) -> usize {
        self.map.lock().values().filter(|b| b.deadline.is_some()).count()
    }

    /// How many keys somebody waits for who would be woken by their loss.
    pub fn keys_to_lose(&self) -> usize {
        let map = self.map.lock();
        let waiting = map.values().filter(|b| b.or_loss);
        waiting.flat_map(|b| b.keys.iter().map(|(_, key)| key)).collect::<BTreeSet<_>>().len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
