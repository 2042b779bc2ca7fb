//! The network's timer: wakes its task when the next event is due.
//!
//! madsim's timers cannot be cancelled, so none is set that an earlier one makes
//! superfluous: events in the future of the earliest pending alarm are armed when it fires.

use madsim::time::TimeHandle;
use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    future::Future,
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

#[derive(Default)]
pub(super) struct Alarm {
    /// The network's task, once it has run.
    pub(super) waker: Option<Waker>,
    armed: BinaryHeap<Reverse<u64>>,
}

impl Alarm {
    /// Makes the task run at `at_ns` or before.
    pub(super) fn arm(&mut self, time: &TimeHandle, at_ns: u64) {
        let Some(waker) = &self.waker else { return };
        if self.armed.peek().is_some_and(|first| first.0 <= at_ns) {
            return;
        }
        self.armed.push(Reverse(at_ns));
        let in_ns = at_ns.saturating_sub(time.elapsed().as_nanos() as u64);
        let at = time.now_instant() + Duration::from_nanos(in_ns);
        // A fresh `sleep` lasts a millisecond at least; resetting it does not.
        let mut sleep = pin!(time.sleep(Duration::ZERO));
        sleep.as_mut().reset(at);
        // Polling registers the waker with the timer; the future itself is not needed.
        if sleep.poll(&mut Context::from_waker(waker)).is_ready() {
            waker.wake_by_ref();
        }
    }

    /// Forgets the alarms that have fired.
    pub(super) fn fired(&mut self, now_ns: u64) {
        while self.armed.peek().is_some_and(|first| first.0 <= now_ns) {
            self.armed.pop();
        }
    }
}
