//! Waiting clients: who is served when a key becomes ready, in which order.
//!
//! After each command the keys it changed are looked at in the order it changed them, and
//! for each key the clients that wait for it, first come first served. A served command
//! may make further keys ready; they queue up behind.

use super::{
    calendar::Span,
    command::{Command, Key},
    state::{Doom, Lane, State},
};

impl State<'_> {
    pub(super) fn serve_ready(&mut self, at: &Span) {
        let mut next = 0;
        while next < self.ready.len() {
            let key = self.ready[next];
            next += 1;
            let waits = |c: &Command| {
                let mut found = false;
                match c {
                    Command::BLMove { from, .. } => found = *from == key,
                    _ => c.each_key(&mut |k| found |= k == key),
                }
                found
            };
            let waiters: Vec<_> = self.waiting.iter().filter(|w| waits(w.command)).cloned().collect();
            for w in waiters {
                let found = self.slot(key).map(|s| s.value.kind());
                if found != Some(w.command.wants()) && !w.command.minds_loss() {
                    continue;
                }
                self.settled = w.settled;
                if let Some(reply) = self.run(w.command, at) {
                    self.stop_waiting(w.lane);
                    self.served.push((w.lane, reply));
                }
            }
        }
        self.ready.clear();
    }

    /// A key's time has come while somebody waits for it who minds.
    pub fn lose(&mut self, key: Key, at: &Span) {
        self.begin(Doom { gone: 1 << key, ..Doom::default() });
        self.slot(key);
        self.serve_ready(at);
        self.doom = Doom::default();
    }

    /// Whether a client waits.
    pub fn is_waiting(&self, lane: Lane) -> bool {
        self.waiting.iter().any(|w| w.lane == lane)
    }

    /// Takes a client out of the queue.
    pub fn stop_waiting(&mut self, lane: Lane) {
        self.waiting.retain(|w| w.lane != lane);
    }

    /// Calls `f` with the keys that serving waiting clients may look at.
    pub fn each_waited(&self, f: &mut dyn FnMut(u8)) {
        self.waiting.iter().for_each(|w| w.command.each_key(f));
    }
}
