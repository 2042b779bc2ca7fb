//! COMMANDLOG, and SLOWLOG, which is its older name for the log of slow commands.

use super::{
    ctx::{Ctx, DONE, Outcome},
    help,
    row::{Acl, Arg, Flags, Group, Row, Run},
};
use crate::{
    base::num::parse_i64,
    protocol::Error,
    session::commandlog::{Entry, Kind},
};

const ADMIN: Flags = Flags::ADMIN.or(Flags::LOADING).or(Flags::STALE);
const GET_TIPS: &[&str] = &["request_policy:all_nodes", "nondeterministic_output"];
const LEN_TIPS: &[&str] = &["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"];
const RESET_TIPS: &[&str] = &["request_policy:all_nodes", "response_policy:all_succeeded"];
const GET_COST: &str = "O(N) where N is the number of entries returned";
const RESET_COST: &str = "O(N) where N is the number of entries in the log";

const fn slow(name: &'static str, arity: i16, run: Run) -> Row {
    Row { since: "2.2.12", flags: ADMIN, ..Row::new(name, arity, Group::Server, run) }
}

const fn any(name: &'static str, arity: i16, run: Run) -> Row {
    Row { since: "8.1.0", flags: ADMIN, ..Row::new(name, arity, Group::Server, run) }
}

/// This family's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::NONE,
        complexity: "Depends on subcommand.",
        summary: "A container for commands about the log of slow commands.",
        subs: &[
            Row {
                complexity: GET_COST,
                summary: "Returns the latest slow commands.",
                args: &[Arg::int("count").optional()],
                tips: GET_TIPS,
                history: &[("4.0.0", "The reply has the client's address and name.")],
                deprecated: Some(("8.1.0", "`COMMANDLOG GET`")),
                ..slow("get", -2, slowlog_get)
            },
            Row {
                complexity: "O(1)",
                summary: "Returns the number of remembered slow commands.",
                tips: LEN_TIPS,
                deprecated: Some(("8.1.0", "`COMMANDLOG LEN`")),
                ..slow("len", 2, slowlog_len)
            },
            Row {
                complexity: RESET_COST,
                summary: "Forgets the remembered slow commands.",
                tips: RESET_TIPS,
                deprecated: Some(("8.1.0", "`COMMANDLOG RESET`")),
                ..slow("reset", 2, slowlog_reset)
            },
            Row { since: "6.2.0", ..help::row(Group::Server, Acl::NONE) },
        ],
        ..slow("slowlog", -2, help::container)
    },
    Row {
        flags: Flags::NONE,
        complexity: "Depends on subcommand.",
        summary: "A container for commands about the logs of slow and of large commands.",
        subs: &[
            Row {
                complexity: GET_COST,
                summary: "Returns the latest entries of one log.",
                args: &[Arg::int("count"), Arg::string("type")],
                tips: GET_TIPS,
                ..any("get", 4, commandlog_get)
            },
            Row {
                complexity: "O(1)",
                summary: "Returns the number of entries of one log.",
                args: &[Arg::string("type")],
                tips: LEN_TIPS,
                ..any("len", 3, commandlog_len)
            },
            Row {
                complexity: RESET_COST,
                summary: "Forgets the entries of one log.",
                args: &[Arg::string("type")],
                tips: RESET_TIPS,
                ..any("reset", 3, commandlog_reset)
            },
            Row { since: "8.1.0", ..help::row(Group::Server, Acl::NONE) },
        ],
        ..any("commandlog", -2, help::container)
    },
];

/// Most entries a log may hold now; one that is switched off shows what it has.
fn max_len(ctx: &Ctx, kind: Kind) -> u64 {
    let m = &ctx.config.monitoring;
    let configured = match kind {
        Kind::Slow => m.commandlog_slow_execution_max_len,
        Kind::LargeRequest => m.commandlog_large_request_max_len,
        Kind::LargeReply => m.commandlog_large_reply_max_len,
    };
    if configured == 0 { u64::MAX } else { configured }
}

fn kind(ctx: &Ctx, at: usize) -> Result<Kind, Error> {
    let unknown = || Error::err("type should be one of the following: slow, large-request, large-reply");
    Kind::named(ctx.arg(at)).ok_or_else(unknown)
}

fn count(ctx: &Ctx, at: usize) -> Result<usize, Error> {
    match parse_i64(ctx.arg(at)) {
        Some(-1) => Ok(usize::MAX),
        Some(n) if n >= 0 => Ok(n as usize),
        _ => Err(Error::err("count should be greater than or equal to -1")),
    }
}

fn get(ctx: &mut Ctx, kind: Kind, count: usize) -> Outcome {
    let entries = ctx.shared.command_logs.latest(kind, count, max_len(ctx, kind));
    ctx.out.array(entries.len());
    for Entry { id, time_s, value, args, addr, client_name } in &entries {
        ctx.out.array(6);
        ctx.out.int(*id as i64);
        ctx.out.int(*time_s as i64);
        ctx.out.int(*value as i64);
        ctx.out.array(args.len());
        args.iter().for_each(|arg| ctx.out.bulk(arg));
        ctx.out.bulk(addr.as_bytes());
        ctx.out.bulk(client_name.as_bytes());
    }
    DONE
}

fn len(ctx: &mut Ctx, kind: Kind) -> Outcome {
    let len = ctx.shared.command_logs.len(kind, max_len(ctx, kind));
    ctx.out.int(len as i64);
    DONE
}

fn reset(ctx: &mut Ctx, kind: Kind) -> Outcome {
    ctx.shared.command_logs.reset(kind);
    ctx.out.ok();
    DONE
}

fn slowlog_get(ctx: &mut Ctx) -> Outcome {
    let count = match ctx.argc() {
        2 => 10,
        3 => count(ctx, 2)?,
        _ => return Err(Error::subcommand_syntax("slowlog", ctx.arg(1))),
    };
    get(ctx, Kind::Slow, count)
}

fn slowlog_len(ctx: &mut Ctx) -> Outcome {
    len(ctx, Kind::Slow)
}

fn slowlog_reset(ctx: &mut Ctx) -> Outcome {
    reset(ctx, Kind::Slow)
}

fn commandlog_get(ctx: &mut Ctx) -> Outcome {
    let (kind, count) = (kind(ctx, 3)?, count(ctx, 2)?);
    get(ctx, kind, count)
}

fn commandlog_len(ctx: &mut Ctx) -> Outcome {
    let kind = kind(ctx, 2)?;
    len(ctx, kind)
}

fn commandlog_reset(ctx: &mut Ctx) -> Outcome {
    let kind = kind(ctx, 2)?;
    reset(ctx, kind)
}
