//! The registry of connected clients: what CLIENT LIST shows and CLIENT KILL reaches.
//!
//! A session belongs to one worker and is not shared. What others may know of it is
//! mirrored here in atomics that the owner stores once per batch of commands.

use super::mailbox::Mailbox;
use crate::{base::sync::Mutex, config::ProtectedAction};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicI64, AtomicU16, AtomicU32, AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
};

/// Texts a client chose for itself.
#[derive(Clone, Debug)]
pub struct Names {
    pub name: String,
    pub lib_name: String,
    pub lib_ver: String,
    pub user: String,
}

impl Default for Names {
    fn default() -> Names {
        let (name, lib_name, lib_ver) = Default::default();
        Names { name, lib_name, lib_ver, user: "default".into() }
    }
}

/// Bits of [`ClientInfo::flags`].
pub mod flag {
    pub const MULTI: u32 = 1;
    pub const BLOCKED: u32 = 1 << 1;
    pub const DIRTY_CAS: u32 = 1 << 2;
    pub const CLOSE_AFTER_REPLY: u32 = 1 << 3;
    pub const UNIX_SOCKET: u32 = 1 << 4;
    pub const PUBSUB: u32 = 1 << 5;
    pub const MONITOR: u32 = 1 << 6;
    pub const NO_EVICT: u32 = 1 << 7;
    pub const NO_TOUCH: u32 = 1 << 8;
    pub const UNBLOCKED: u32 = 1 << 9;
    pub const CLOSE_ASAP: u32 = 1 << 10;
    pub const REPLICA: u32 = 1 << 11;
    /// CLIENT PAUSE holds its next command.
    pub const PAUSED: u32 = 1 << 12;
}

/// Bits of [`ClientInfo::capa`].
pub mod capa {
    /// Can follow a redirection to another server.
    pub const REDIRECT: u32 = 1;
}

/// What a connection costs without any buffers: its task, its session and its place in the
/// registry, in the allocator's size classes (measured over 3000 of them).
const CONNECTION_BYTES: u64 = 2216;

/// What is known of one client outside its own worker.
#[derive(Default)]
pub struct ClientInfo {
    pub id: u64,
    /// Remote address as CLIENT LIST prints it.
    pub addr: String,
    /// Local address.
    pub local_addr: String,
    /// Monotonic ms of the connection's beginning.
    pub created_ms: u64,
    pub worker: usize,
    /// The operating system's number for the connection; none where there is no such thing.
    pub descriptor: Option<i32>,
    pub names: Mutex<Names>,
    pub mailbox: Mailbox,
    /// See [`flag`].
    pub flags: AtomicU32,
    pub db: AtomicU32,
    pub resp3: AtomicBool,
    /// Number of the last command plus one; 0 before the first.
    pub last_command: AtomicU16,
    /// Monotonic ms of the last command.
    pub active_ms: AtomicU64,
    pub channels: AtomicU32,
    pub patterns: AtomicU32,
    pub shard_channels: AtomicU32,
    /// Commands queued by MULTI, or -1 outside of one.
    pub queued: AtomicI64,
    pub watched: AtomicU32,
    /// Bytes of an unfinished request that are parsed, and those that are not yet.
    pub argv_bytes: AtomicU64,
    pub query_bytes: AtomicU64,
    pub query_free_bytes: AtomicU64,
    pub queued_bytes: AtomicU64,
    /// What its watched keys and its subscriptions cost.
    pub interest_bytes: AtomicU64,
    pub output_bytes: AtomicU64,
    pub output_memory_bytes: AtomicU64,
    pub net_in_bytes: AtomicU64,
    pub net_out_bytes: AtomicU64,
    pub commands: AtomicU64,
    /// Offset of the journal behind this client's last change.
    pub journal_offset: AtomicU64,
    /// Bits of CLIENT CAPA.
    pub capa: AtomicU32,
}

impl ClientInfo {
    /// Sets or clears bits of [`flag`].
    pub fn set_flag(&self, bits: u32, on: bool) {
        if on {
            self.flags.fetch_or(bits, SeqCst);
        } else {
            self.flags.fetch_and(!bits, SeqCst);
        }
    }

    /// Sets and clears several bits; costs no more than a look when nothing changes.
    #[inline]
    pub fn set_flags(&self, bits: &[(u32, bool)]) {
        let (mut known, mut on) = (0, 0);
        for (bit, set) in bits {
            known |= bit;
            on |= if *set { *bit } else { 0 };
        }
        if self.flags.load(SeqCst) & known != on {
            self.flags.fetch_and(!known | on, SeqCst);
            self.flags.fetch_or(on, SeqCst);
        }
    }

    /// Whether any of these bits is set.
    #[inline]
    pub fn has_flag(&self, bits: u32) -> bool {
        self.flags.load(SeqCst) & bits != 0
    }

    /// Whether the client runs on this machine.
    pub fn is_local(&self) -> bool {
        self.has_flag(flag::UNIX_SOCKET) || self.addr.starts_with("127.") || self.addr.starts_with("[::1]:")
    }

    /// Whether the client may do what `enable-protected-configs` and its kin restrict.
    pub fn may(&self, action: ProtectedAction) -> bool {
        match action {
            ProtectedAction::No => false,
            ProtectedAction::Yes => true,
            ProtectedAction::Local => self.is_local(),
        }
    }

    /// Memory this client costs: buffers, queued commands, watched keys and subscriptions.
    pub fn memory_bytes(&self) -> u64 {
        self.argv_bytes.load(Relaxed)
            + self.query_bytes.load(Relaxed)
            + self.query_free_bytes.load(Relaxed)
            + self.queued_bytes.load(Relaxed)
            + self.interest_bytes.load(Relaxed)
            + self.output_memory_bytes.load(Relaxed)
            + CONNECTION_BYTES
    }
}

/// All connected clients by number.
#[derive(Default)]
pub struct Clients {
    map: Mutex<BTreeMap<u64, Arc<ClientInfo>>>,
    next_id: AtomicU64,
    count: AtomicU64,
}

impl Clients {
    /// A number never given before, starting with 1.
    pub fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Relaxed) + 1
    }

    pub fn insert(&self, c: Arc<ClientInfo>) {
        self.count.fetch_add(1, Relaxed);
        self.map.lock().insert(c.id, c);
    }

    pub fn remove(&self, id: u64) {
        if self.map.lock().remove(&id).is_some() {
            self.count.fetch_sub(1, Relaxed);
        }
    }

    pub fn get(&self, id: u64) -> Option<Arc<ClientInfo>> {
        self.map.lock().get(&id).cloned()
    }

    /// All clients in the order they came.
    pub fn all(&self) -> Vec<Arc<ClientInfo>> {
        self.map.lock().values().cloned().collect()
    }

    /// Memory that all clients cost.
    pub fn memory_bytes(&self) -> u64 {
        self.map.lock().values().map(|c| c.memory_bytes()).sum()
    }

    /// How many are connected.
    pub fn len(&self) -> usize {
        self.count.load(Relaxed) as usize
    }

    /// Whether nobody is connected.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
