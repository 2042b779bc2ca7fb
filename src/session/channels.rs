//! The registry of subscriptions: which clients hear which channels and patterns.

use super::{
    clients::ClientInfo,
    mailbox::{Msg, Published},
    state::Subscriptions,
};
use crate::base::glob;
use crate::base::sync::Mutex;
use bytes::Bytes;
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// The three name spaces of subscriptions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Space {
    Channel,
    Pattern,
    Shard,
}

type Map = BTreeMap<Bytes, Vec<Arc<ClientInfo>>>;

#[derive(Default)]
struct Inner {
    spaces: [Map; 3],
}

/// Subscriptions of all clients.
#[derive(Default)]
pub struct Channels {
    inner: Mutex<Inner>,
    /// Number of subscriptions, so that publishing to nobody takes no lock.
    total: AtomicU64,
}

impl Channels {
    /// Adds a client to a name; it must not be there already.
    pub fn subscribe(&self, space: Space, name: Bytes, client: &Arc<ClientInfo>) {
        self.inner.lock().spaces[space as usize].entry(name).or_default().push(client.clone());
        self.total.fetch_add(1, Relaxed);
    }

    /// Removes a client from a name.
    pub fn unsubscribe(&self, space: Space, name: &[u8], client: u64) {
        let mut g = self.inner.lock();
        let map = &mut g.spaces[space as usize];
        if let Some(v) = map.get_mut(name)
            && let Some(i) = v.iter().position(|c| c.id == client)
        {
            v.remove(i);
            self.total.fetch_sub(1, Relaxed);
            if v.is_empty() {
                map.remove(name);
            }
        }
    }

    /// Ends all of a client's subscriptions.
    pub fn leave(&self, subscriptions: Subscriptions, client: u64) {
        let Subscriptions { channels, patterns, shard_channels, .. } = subscriptions;
        for (space, names) in [(Space::Channel, channels), (Space::Pattern, patterns), (Space::Shard, shard_channels)] {
            names.iter().for_each(|n| self.unsubscribe(space, n, client));
        }
    }

    /// Delivers a message to a channel and the patterns it matches; returns how many got it.
    pub fn publish(&self, channel: &[u8], payload: &[u8]) -> u64 {
        if self.total.load(Relaxed) == 0 {
            return 0;
        }
        let g = self.inner.lock();
        let mut n = 0;
        let (mut name, mut body) = (Bytes::new(), Bytes::new());
        let mut send = |to: &[Arc<ClientInfo>], pattern: Option<Bytes>| {
            if n == 0 {
                (name, body) = (Bytes::copy_from_slice(channel), Bytes::copy_from_slice(payload));
            }
            let m = Arc::new(Published { pattern, channel: name.clone(), payload: body.clone(), sharded: false });
            to.iter().for_each(|c| c.mailbox.post(Msg::Published(m.clone())));
            n += to.len() as u64;
        };
        if let Some(to) = g.spaces[Space::Channel as usize].get(channel) {
            send(to, None);
        }
        for (pattern, to) in &g.spaces[Space::Pattern as usize] {
            if glob::matches(pattern, channel, false) {
                send(to, Some(pattern.clone()));
            }
        }
        n
    }

    /// Delivers a message to a shard channel; returns how many got it.
    pub fn publish_sharded(&self, channel: &[u8], payload: &[u8]) -> u64 {
        let g = self.inner.lock();
        let Some(to) = g.spaces[Space::Shard as usize].get(channel) else { return 0 };
        let m = Arc::new(Published {
            pattern: None,
            channel: Bytes::copy_from_slice(channel),
            payload: Bytes::copy_from_slice(payload),
            sharded: true,
        });
        to.iter().for_each(|c| c.mailbox.post(Msg::Published(m.clone())));
        to.len() as u64
    }

    /// Names with at least one subscriber that match `pattern`, in order.
    pub fn names(&self, space: Space, pattern: Option<&[u8]>) -> Vec<Bytes> {
        let g = self.inner.lock();
        let all = g.spaces[space as usize].keys();
        all.filter(|n| pattern.is_none_or(|p| glob::matches(p, n, false))).cloned().collect()
    }

    /// Number of subscribers of one name.
    pub fn subscribers(&self, space: Space, name: &[u8]) -> usize {
        self.inner.lock().spaces[space as usize].get(name).map_or(0, Vec::len)
    }

    /// Number of names with a subscriber.
    pub fn len(&self, space: Space) -> usize {
        self.inner.lock().spaces[space as usize].len()
    }

    /// Whether nobody subscribes to anything.
    pub fn is_empty(&self) -> bool {
        self.total.load(Relaxed) == 0
    }
}
