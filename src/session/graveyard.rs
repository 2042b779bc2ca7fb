//! Where values wait to be freed away from the commands that dropped them, in the order in
//! which they were dropped.
//!
//! One worker takes them out ([`Graveyard::next`]) and frees each in slices. Who dropped
//! something and wants the memory back before going on, as `FLUSHALL SYNC` does, waits with
//! a ticket for everything that has been brought here so far; nobody else waits.

use crate::{base::sync::Mutex, keyspace::garbage::Garbage};
use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    task::{Context, Poll, Waker},
};

#[derive(Default)]
struct State {
    queue: VecDeque<Garbage>,
    /// The freeing worker, when it has nothing to do.
    worker: Option<Waker>,
    waiting: Vec<Waker>,
    /// How many were ever brought here, and freed: each a ticket.
    buried: u64,
    freed: u64,
}

/// See the module.
#[derive(Default)]
pub struct Graveyard {
    state: Mutex<State>,
    pending: AtomicU64,
    freed: AtomicU64,
    effort: AtomicU64,
}

impl Graveyard {
    /// Takes in what is to be freed.
    pub fn bury(&self, items: impl Iterator<Item = Garbage>) {
        let mut s = self.state.lock();
        for item in items {
            self.pending.fetch_add(item.objects, SeqCst);
            self.effort.fetch_add(item.effort, SeqCst);
            s.queue.push_back(item);
            s.buried += 1;
        }
        if let Some(w) = s.worker.take() {
            w.wake();
        }
    }

    /// The next value to free; registers `waker` when there is none.
    pub fn next(&self, waker: Option<&Waker>) -> Option<Garbage> {
        let mut s = self.state.lock();
        let item = s.queue.pop_front();
        if item.is_none() {
            s.worker = waker.cloned();
        }
        item
    }

    /// Says that a value taken with [`Graveyard::next`] has been freed to its end.
    pub fn freed(&self, item: &Garbage) {
        self.pending.fetch_sub(item.objects, SeqCst);
        self.effort.fetch_sub(item.effort, SeqCst);
        self.freed.fetch_add(item.objects, SeqCst);
        let mut s = self.state.lock();
        s.freed += 1;
        s.waiting.drain(..).for_each(Waker::wake);
    }

    /// The ticket of what was brought here last.
    pub fn last(&self) -> u64 {
        self.state.lock().buried
    }

    /// Ready when everything up to this ticket has been freed.
    pub fn poll_freed(&self, ticket: u64, cx: &Context) -> Poll<()> {
        let mut s = self.state.lock();
        if s.freed >= ticket {
            return Poll::Ready(());
        }
        s.waiting.push(cx.waker().clone());
        Poll::Pending
    }

    /// The efforts of all values that are not yet freed.
    pub fn effort(&self) -> u64 {
        self.effort.load(SeqCst)
    }

    /// Objects not yet freed, and freed so far, as INFO counts them.
    pub fn counts(&self) -> (u64, u64) {
        (self.pending.load(SeqCst), self.freed.load(SeqCst))
    }

    /// Sets the count of freed objects to zero.
    pub fn reset_freed(&self) {
        self.freed.store(0, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{base::hash::HashKey, data::set::SetTable, keyspace::object::Object};

    fn set(members: u32) -> Garbage {
        let mut set = SetTable::new(HashKey(1));
        (0..members).for_each(|n| _ = set.add(&n.to_le_bytes()));
        Garbage::object(Object::Set(set))
    }

    #[test]
    fn who_waits_waits_for_what_came_before_and_not_for_what_came_after() {
        let (grave, cx) = (Graveyard::default(), Context::from_waker(Waker::noop()));
        assert!(grave.poll_freed(grave.last(), &cx).is_ready());
        grave.bury([set(200), set(100).uncounted()].into_iter());
        let ticket = grave.last();
        grave.bury([set(300)].into_iter());
        assert_eq!((grave.effort(), grave.counts()), (600, (2, 0)));
        let free = |steps| {
            let mut item = grave.next(None).expect("something to free");
            assert_eq!(item.effort, steps);
            while item.free_some(10) {}
            grave.freed(&item);
            grave.poll_freed(ticket, &cx).is_ready()
        };
        assert!(!free(200));
        assert!(free(100), "its own came second");
        assert_eq!(grave.counts(), (1, 1), "what its command counts as freeing itself");
        assert!(free(300));
        assert_eq!((grave.effort(), grave.counts()), (0, (0, 2)));
    }
}
