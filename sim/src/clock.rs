//! Waiting in virtual time.

use madsim::time::TimeHandle;
use std::{pin::pin, time::Duration};

/// Waits for `d`. madsim's own `sleep` lasts a millisecond at least, which is an age for a
/// disk or a loopback device; resetting its deadline lifts that limit.
pub async fn pause(time: &TimeHandle, d: Duration) {
    let until = time.now_instant() + d;
    let mut sleep = pin!(time.sleep(Duration::ZERO));
    sleep.as_mut().reset(until);
    sleep.await;
}
