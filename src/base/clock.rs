//! The clock as an argument: whoever drives the core lends it one.

use super::time::Now;

/// A source of the current time. Production reads the hardware; the simulator's virtual
/// clock stands still while a command runs.
pub trait Clock {
    /// Both clocks.
    fn now(&self) -> Now;
}
