//! MULTI, EXEC and optimistic locking. Queueing and running the queue is the engine's.

use super::{
    ctx::{Ctx, DONE, Flow, Outcome},
    row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row, Run},
};
use crate::{
    protocol::Error,
    session::{state::Transaction, watch::WatchSet},
};

const COMMON: Flags = Flags::NOSCRIPT.or(Flags::LOADING).or(Flags::STALE);
const QUICK: Flags = COMMON.or(Flags::FAST).or(Flags::ALLOW_BUSY);

const fn row(name: &'static str, arity: i16, flags: Flags, run: Run) -> Row {
    Row { flags, acl: Acl::TRANSACTION, complexity: "O(1)", ..Row::new(name, arity, Group::Transactions, run) }
}

/// This family's commands.
pub const ROWS: &[Row] = &[
    Row {
        since: "1.2.0",
        summary: "Starts a transaction.",
        ..row("multi", 1, QUICK.or(Flags::NO_MULTI).or(Flags::IN_MULTI), multi)
    },
    Row {
        since: "1.2.0",
        complexity: "Depends on commands in the transaction",
        summary: "Executes all commands in a transaction.",
        ..row("exec", 1, COMMON.or(Flags::SKIP_SLOWLOG).or(Flags::IN_MULTI), exec)
    },
    Row {
        since: "2.0.0",
        complexity: "O(N), when N is the number of queued commands",
        summary: "Discards a transaction.",
        ..row("discard", 1, QUICK.or(Flags::IN_MULTI), discard)
    },
    Row {
        since: "2.2.0",
        complexity: "O(1) for every key.",
        summary: "Lets the next transaction fail if one of the keys changes before.",
        keys: &[KeySpec::range(1, -1, 1, KeyFlags::RO)],
        args: &[Arg::key("key").multiple()],
        ..row("watch", -2, QUICK.or(Flags::NO_MULTI).or(Flags::IN_MULTI), watch)
    },
    Row { since: "2.2.0", summary: "Forgets about all watched keys.", ..row("unwatch", 1, QUICK, unwatch) },
];

fn multi(ctx: &mut Ctx) -> Outcome {
    ctx.session.transaction = Some(Transaction::default());
    ctx.out.ok();
    DONE
}

fn exec(ctx: &mut Ctx) -> Outcome {
    match ctx.session.transaction {
        Some(_) => Ok(Flow::Exec),
        None => Err(Error::EXEC_WITHOUT_MULTI),
    }
}

fn discard(ctx: &mut Ctx) -> Outcome {
    if ctx.session.transaction.take().is_none() {
        return Err(Error::DISCARD_WITHOUT_MULTI);
    }
    forget_watched(ctx);
    ctx.out.ok();
    DONE
}

fn watch(ctx: &mut Ctx) -> Outcome {
    for i in 1..ctx.argc() {
        let key = ctx.key(i);
        // Removes the key if it has expired.
        ctx.keys.peek(key);
        ctx.session.watch.add(ctx.keys.held, ctx.session.db, key);
    }
    ctx.out.ok();
    DONE
}

fn unwatch(ctx: &mut Ctx) -> Outcome {
    forget_watched(ctx);
    ctx.out.ok();
    DONE
}

fn forget_watched(ctx: &mut Ctx) {
    let watch: WatchSet = std::mem::take(&mut ctx.session.watch);
    watch.forget(ctx.keys.held);
}
