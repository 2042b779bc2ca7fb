//! The locks and atomics that workers meet at.
//!
//! Ordinarily they are `parking_lot`'s and the standard library's. Under `--cfg shuttle`
//! they are shuttle's, whose scheduler explores the orders in which threads can pass them:
//! `tests/interleavings.rs` runs the lock set, the hand-over to blocked clients and the
//! mailbox that way.

#[cfg(not(shuttle))]
pub use parking_lot::{Mutex, MutexGuard};

/// Atomics that take part in exploration.
#[cfg(not(shuttle))]
pub mod atomic {
    pub use std::sync::atomic::{AtomicBool, AtomicU8};
}

#[cfg(shuttle)]
pub use explored::{Mutex, MutexGuard};

/// Atomics that take part in exploration.
#[cfg(shuttle)]
pub mod atomic {
    pub use shuttle::sync::atomic::{AtomicBool, AtomicU8};
}

#[cfg(shuttle)]
mod explored {
    pub use shuttle::sync::MutexGuard;

    /// Shuttle's mutex with `parking_lot`'s interface: a panic does not poison it.
    #[derive(Default, Debug)]
    pub struct Mutex<T>(shuttle::sync::Mutex<T>);

    impl<T> Mutex<T> {
        /// An unlocked mutex.
        pub fn new(value: T) -> Mutex<T> {
            Mutex(shuttle::sync::Mutex::new(value))
        }

        /// Waits for the lock.
        pub fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().expect("a panicking test ends the exploration")
        }

        /// The lock, if nobody holds it.
        pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
            self.0.try_lock().ok()
        }
    }
}
