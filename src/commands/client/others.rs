//! CLIENT subcommands that look at other connections or act on them.

use super::{
    filter::{BadId, Filter},
    line,
};
use crate::{
    base::num::parse_i64,
    commands::ctx::{Ctx, DONE, Outcome},
    protocol::Error,
    session::{blocked::State, clients::flag, mailbox::Msg},
};

pub fn list(ctx: &mut Ctx) -> Outcome {
    let filter = Filter::parse(*ctx.args, 2, ctx.shared.keyspace.databases(), &BadId::List)?;
    ctx.session.publish();
    let me = ctx.session.id();
    let mut text = String::new();
    for c in ctx.shared.clients.all() {
        if filter.accepts(&c, me, ctx.now.mono) {
            line::append(&c, ctx.now.mono, &mut text);
            text.push('\n');
        }
    }
    ctx.out.verbatim("txt", text.as_bytes());
    DONE
}

pub fn kill(ctx: &mut Ctx) -> Outcome {
    let by_address = ctx.argc() == 3;
    let filter = if by_address {
        Filter::addr(ctx.arg(2))
    } else {
        let mut f = Filter::parse(*ctx.args, 2, ctx.shared.keyspace.databases(), &BadId::Kill)?;
        f.skip_me.get_or_insert(true);
        f
    };
    ctx.session.publish();
    let me = ctx.session.id();
    let mut killed = 0;
    for c in ctx.shared.clients.all() {
        if !filter.accepts(&c, me, ctx.now.mono) {
            continue;
        }
        killed += 1;
        if c.id == me {
            ctx.session.close_after_reply = true;
        } else {
            c.set_flag(flag::CLOSE_ASAP, true);
            ctx.shared.clients.remove(c.id);
            c.mailbox.post(Msg::Kill);
        }
    }
    match (by_address, killed) {
        (true, 0) => return Err(Error::NO_SUCH_CLIENT),
        (true, _) => ctx.out.ok(),
        (false, n) => ctx.out.int(n),
    }
    DONE
}

pub fn pause(ctx: &mut Ctx) -> Outcome {
    let all = match () {
        () if ctx.argc() == 3 || ctx.is(3, "ALL") => true,
        () if ctx.is(3, "WRITE") => false,
        () => return Err(Error::Static("ERR CLIENT PAUSE mode must be WRITE or ALL")),
    };
    if ctx.argc() > 4 {
        return Err(Error::subcommand_syntax("client", ctx.arg(1)));
    }
    let ms = parse_i64(ctx.arg(2)).ok_or(Error::TIMEOUT_NOT_INT)?;
    let ms = u64::try_from(ms).map_err(|_| Error::TIMEOUT_NEGATIVE)?;
    let now_ms = ctx.now.mono.0 / 1_000_000;
    // Deadlines are kept in ns.
    let until_ms = now_ms.checked_add(ms).filter(|t| t.checked_mul(1_000_000).is_some());
    ctx.shared.pause.set(now_ms, until_ms.ok_or(Error::TIMEOUT_RANGE)?, all);
    ctx.out.ok();
    DONE
}

pub fn unpause(ctx: &mut Ctx) -> Outcome {
    ctx.shared.unpause();
    ctx.out.ok();
    DONE
}

pub fn unblock(ctx: &mut Ctx) -> Outcome {
    let error = match () {
        () if ctx.argc() > 4 => return Err(Error::subcommand_syntax("client", ctx.arg(1))),
        () if ctx.argc() == 3 || ctx.is(3, "TIMEOUT") => false,
        () if ctx.is(3, "ERROR") => true,
        () => return Err(Error::Static("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")),
    };
    let id = parse_i64(ctx.arg(2)).ok_or(Error::NOT_INT)?;
    let waiting = u64::try_from(id).ok().and_then(|id| ctx.shared.blocked.get(id));
    let ended = waiting.filter(|b| b.claim(State::Ended));
    if let Some(b) = &ended {
        b.info.mailbox.post(Msg::Unblock { error });
    }
    ctx.out.int(i64::from(ended.is_some()));
    DONE
}
