//! Connections to the targets of MIGRATE, kept for the next one.
//!
//! A worker keeps up to sixteen, each for ten seconds after it was last used. While somebody
//! uses a connection it is not here, so two migrations at once have one each. What a target
//! has been told of credentials is part of what a connection is for: nobody moves keys under a
//! name that another client gave.

use crate::{base::time::Mono, session::moving::Migration};
use bytes::BytesMut;

const KEPT: usize = 16;
const KEPT_NS: u64 = 10_000_000_000;

/// Whom a connection leads to.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    host: String,
    port: u16,
    credentials: Vec<Box<[u8]>>,
}

impl Target {
    pub fn of(m: &Migration) -> Target {
        Target { host: m.host.clone(), port: m.port, credentials: m.credentials.clone() }
    }
}

/// One connection.
pub struct Link<S> {
    pub target: Target,
    pub stream: S,
    /// The database it is known to be in.
    pub selected: Option<i64>,
    /// Read and not yet looked at.
    pub input: BytesMut,
    /// When it was last used.
    pub used: Mono,
}

/// Connections that nobody uses at the moment, the oldest first.
pub struct Links<S> {
    idle: Vec<Link<S>>,
    /// A task closes what gets too old.
    pub is_swept: bool,
}

impl<S> Default for Links<S> {
    fn default() -> Links<S> {
        Links { idle: Vec::new(), is_swept: false }
    }
}

impl<S> Links<S> {
    /// A connection to `target`.
    pub fn take(&mut self, target: &Target) -> Option<Link<S>> {
        let at = self.idle.iter().rposition(|link| link.target == *target)?;
        Some(self.idle.remove(at))
    }

    /// Keeps a connection that was used just now.
    pub fn put(&mut self, link: Link<S>) {
        self.idle.retain(|other| other.target != link.target);
        if self.idle.len() == KEPT {
            self.idle.remove(0);
        }
        self.idle.push(link);
    }

    /// Closes what has not been used for too long.
    pub fn sweep(&mut self, now: Mono) {
        self.idle.retain(|link| now.0.saturating_sub(link.used.0) <= KEPT_NS);
    }

    /// Number of connections.
    pub fn len(&self) -> usize {
        self.idle.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(port: u16, used_s: u64) -> Link<u32> {
        let target = Target { host: "h".into(), port, credentials: vec![] };
        Link { target, stream: 0, selected: None, input: BytesMut::new(), used: Mono(used_s * 1_000_000_000) }
    }

    #[test]
    fn sixteen_are_kept_for_ten_seconds_one_for_each_target() {
        let mut links = Links::default();
        for i in 0..20 {
            links.put(link(i, u64::from(i)));
            links.put(link(i, u64::from(i)));
        }
        assert_eq!(links.len(), 16);
        assert!(links.take(&link(3, 0).target).is_none());
        assert!(links.take(&link(4, 0).target).is_some() && links.take(&link(4, 0).target).is_none());
        links.sweep(Mono(20_000_000_000));
        assert_eq!(links.len(), 10);
        assert!(links.take(&link(9, 0).target).is_none() && links.take(&link(10, 0).target).is_some());
    }
}
