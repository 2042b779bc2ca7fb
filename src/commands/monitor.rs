//! MONITOR: a client that is shown every command, as it is executed, until RESET.

use super::{
    ctx::{Ctx, DONE, Outcome},
    row::{Flags, Group, Row},
};
use crate::protocol::Error;

/// This family's commands.
pub const ROWS: &[Row] = &[Row {
    flags: Flags::ADMIN.or(Flags::NOSCRIPT).or(Flags::LOADING).or(Flags::STALE),
    summary: "Shows every command that the server executes.",
    ..Row::new("monitor", 1, Group::Server, monitor)
}];

fn monitor(ctx: &mut Ctx) -> Outcome {
    if ctx.session.deny_blocking {
        return Err(Error::err("MONITOR isn't allowed for DENY BLOCKING client"));
    }
    // A second MONITOR has no reply at all.
    if !ctx.session.monitor {
        ctx.session.monitor = true;
        ctx.out.ok();
        ctx.shared.add_monitor(ctx.session.info.clone());
    }
    DONE
}
