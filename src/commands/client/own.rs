//! CLIENT subcommands about the asking connection.

use super::line;
use crate::{
    commands::{
        connection::{attribute, client_name},
        ctx::{Ctx, DONE, Outcome},
    },
    protocol::Error,
    session::{
        clients::{capa as bit, flag},
        state::ReplyMode,
    },
};
use std::sync::atomic::Ordering::Relaxed;

pub fn capa(ctx: &mut Ctx) -> Outcome {
    for i in 2..ctx.argc() {
        // Capabilities that nobody knows yet are the business of later versions.
        if ctx.is(i, "REDIRECT") {
            ctx.session.info.capa.fetch_or(bit::REDIRECT, Relaxed);
        }
    }
    ctx.out.ok();
    DONE
}

pub fn getname(ctx: &mut Ctx) -> Outcome {
    let name = ctx.session.info.names.lock().name.clone();
    ctx.out.bulk_or_null(Some(name.as_bytes()).filter(|n| !n.is_empty()));
    DONE
}

pub fn getredir(ctx: &mut Ctx) -> Outcome {
    // Nothing is tracked, so nothing is redirected.
    ctx.out.int(-1);
    DONE
}

pub fn id(ctx: &mut Ctx) -> Outcome {
    ctx.out.int(ctx.session.id() as i64);
    DONE
}

pub fn info(ctx: &mut Ctx) -> Outcome {
    ctx.session.publish();
    let mut text = String::new();
    line::append(&ctx.session.info, ctx.now.mono, &mut text);
    text.push('\n');
    ctx.out.verbatim("txt", text.as_bytes());
    DONE
}

/// ON or OFF in argument 2.
fn on_off(ctx: &Ctx) -> Result<bool, Error> {
    match () {
        () if ctx.is(2, "ON") => Ok(true),
        () if ctx.is(2, "OFF") => Ok(false),
        () => Err(Error::SYNTAX),
    }
}

pub fn no_evict(ctx: &mut Ctx) -> Outcome {
    let on = on_off(ctx)?;
    ctx.session.info.set_flag(flag::NO_EVICT, on);
    ctx.out.ok();
    DONE
}

pub fn no_touch(ctx: &mut Ctx) -> Outcome {
    ctx.session.no_touch = on_off(ctx)?;
    ctx.out.ok();
    DONE
}

pub fn reply(ctx: &mut Ctx) -> Outcome {
    let s = &mut ctx.session;
    if ctx.args.at(2).eq_ignore_ascii_case(b"SKIP") {
        if s.reply_mode != ReplyMode::Off {
            s.reply_mode = ReplyMode::SkipNext;
        }
        return DONE;
    }
    if on_off(ctx)? {
        ctx.session.reply_mode = ReplyMode::On;
        ctx.out.ok();
    } else {
        ctx.session.reply_mode = ReplyMode::Off;
    }
    DONE
}

pub fn setinfo(ctx: &mut Ctx) -> Outcome {
    let (is_name, is_version) = (ctx.is(2, "lib-name"), ctx.is(2, "lib-ver"));
    if !is_name && !is_version {
        return Err(Error::unrecognized_option(ctx.arg(2)));
    }
    let value = attribute(ctx.arg(3), &String::from_utf8_lossy(ctx.arg(2)))?;
    let mut names = ctx.session.info.names.lock();
    if is_name {
        names.lib_name = value;
    } else {
        names.lib_ver = value;
    }
    drop(names);
    ctx.out.ok();
    DONE
}

pub fn setname(ctx: &mut Ctx) -> Outcome {
    let name = client_name(ctx.arg(2))?;
    ctx.session.info.names.lock().name = name;
    ctx.out.ok();
    DONE
}
