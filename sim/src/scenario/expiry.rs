//! Keys and fields that expire, under a clock that jumps forwards and backwards.
//!
//! The history's checker sees to it that nothing expired is served and nothing else is
//! missing, to the millisecond. What it cannot see is checked here: once the clients have
//! left and every deadline has passed, whatever is due goes away within a bound although
//! nobody asks for it (or, with active expiry switched off, as soon as somebody does); and
//! a subscriber hears of every expired key exactly as often as the server counts.

use super::{
    Report,
    stage::{Stage, wait_until},
};
use crate::{
    trace::mix,
    workload::{audit, ear::Ear, plan::Plan},
};
use madsim::time::sleep;
use std::time::Duration;

/// Virtual time within which active expiry has removed everything that is due.
const BOUND: Duration = Duration::from_secs(5);
/// No deadline is farther away: the longest time to live, a jump's length twice.
const LAST_DEADLINE: Duration = Duration::from_secs(15);

pub(super) async fn run(seed: u64) -> Report {
    let mut stage = Stage::new(Plan::draw_expiry(mix(seed, 0xE4B1)));
    let ear = Ear::listen(stage.addr).await;
    stage.play(mix(seed, 1)).await;
    sleep(LAST_DEADLINE).await;
    sleep(BOUND).await;
    if stage.board.plan.active_expiry {
        let left = audit::expiring(stage.engine());
        assert_eq!(left, (0, 0), "keys and hashes with a deadline, {BOUND:?} after the last one");
    } else {
        audit::look_at_everything(&stage.board, stage.clients[0], stage.addr).await;
        assert_eq!(audit::expiring(stage.engine()).0, 0, "keys still there though somebody looked");
    }
    let counted = audit::expired(stage.engine());
    wait_until("the subscriber has heard of every expired key", || ear.heard("expired") >= counted.0).await;
    sleep(BOUND).await;
    assert_eq!(ear.heard("expired"), counted.0, "events and the counter of expired keys");
    assert!(ear.heard("hexpired") > 0 || counted.1 == 0, "{} fields expired without an event", counted.1);
    ear.close();
    let mut report = stage.judge().await;
    report.text += &format!(", {} keys and {} fields expired", counted.0, counted.1);
    report
}
