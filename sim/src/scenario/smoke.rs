//! One server, many clients, every command the model knows, every kind of trouble; every
//! reply judged. See [`Stage`].

use super::{Report, stage::Stage};
use crate::{trace::mix, workload::plan::Plan};

pub(super) async fn run(seed: u64) -> Report {
    let mut stage = Stage::new(Plan::draw(mix(seed, 0x5A0E)));
    stage.play(mix(seed, 1)).await;
    stage.judge().await
}
