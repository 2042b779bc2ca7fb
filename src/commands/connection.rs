//! Connection commands.

use super::{
    ctx::{Ctx, DONE, Outcome},
    row::{Acl, Arg, Flags, Group, Row},
};
use crate::protocol::Error;

/// This family's commands.
pub const ROWS: &[Row] = &[Row {
    flags: Flags::FAST.or(Flags::LOADING).or(Flags::STALE).or(Flags::IN_SUBSCRIBE),
    acl: Acl::CONNECTION,
    complexity: "O(1)",
    summary: "Tells whether the server answers, or echoes a message.",
    args: &[Arg::string("message").optional()],
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    ..Row::new("ping", -1, Group::Connection, ping)
}];

fn ping(ctx: &mut Ctx) -> Outcome {
    if ctx.argc() > 2 {
        return Err(Error::wrong_arity("ping"));
    }
    let message = ctx.args.get(1);
    if !ctx.session.resp3 && ctx.session.is_subscriber() {
        ctx.out.array(2);
        ctx.out.bulk(b"pong");
        ctx.out.bulk(message.unwrap_or(b""));
    } else {
        match message {
            Some(m) => ctx.out.bulk(m),
            None => ctx.out.simple("PONG"),
        }
    }
    DONE
}
