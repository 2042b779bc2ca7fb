//! Subscribing and unsubscribing.
//!
//! The reply is one push message per name, RESP2's arrays of the same shape included.
//! Nothing may arrive from a channel after the confirmation of leaving it: once the
//! registry has let go of the client no publisher can post any more, so what is in the
//! mailbox by then is written first. Inside EXEC that would tear the array of results;
//! there the mailbox waits for the end of the transaction, as it does for the
//! transaction's own messages.

use super::{Ctx, DONE, Outcome};
use crate::session::{
    Session,
    channels::Space,
    mailbox::Msg,
    state::{ReplyMode, Subscriptions},
};
use bytes::Bytes;
use std::collections::BTreeSet;

pub fn subscribe(ctx: &mut Ctx) -> Outcome {
    join_each(ctx, Space::Channel, "subscribe")
}

pub fn psubscribe(ctx: &mut Ctx) -> Outcome {
    join_each(ctx, Space::Pattern, "psubscribe")
}

pub fn ssubscribe(ctx: &mut Ctx) -> Outcome {
    join_each(ctx, Space::Shard, "ssubscribe")
}

pub fn unsubscribe(ctx: &mut Ctx) -> Outcome {
    leave_each(ctx, Space::Channel, "unsubscribe")
}

pub fn punsubscribe(ctx: &mut Ctx) -> Outcome {
    leave_each(ctx, Space::Pattern, "punsubscribe")
}

pub fn sunsubscribe(ctx: &mut Ctx) -> Outcome {
    leave_each(ctx, Space::Shard, "sunsubscribe")
}

/// The session's own names of one space.
fn own(s: &mut Session, space: Space) -> &mut BTreeSet<Bytes> {
    match space {
        Space::Channel => &mut s.subscriptions.channels,
        Space::Pattern => &mut s.subscriptions.patterns,
        Space::Shard => &mut s.subscriptions.shard_channels,
    }
}

fn join_each(ctx: &mut Ctx, space: Space, kind: &str) -> Outcome {
    for name in ctx.args.from(1) {
        if !own(ctx.session, space).contains(name) {
            let name = Bytes::copy_from_slice(name);
            ctx.session.subscriptions.bytes += Subscriptions::cost_bytes(&name);
            own(ctx.session, space).insert(name.clone());
            ctx.shared.channels.subscribe(space, name, &ctx.session.info);
        }
        confirm(ctx, space, kind, Some(name));
    }
    DONE
}

fn leave_each(ctx: &mut Ctx, space: Space, kind: &str) -> Outcome {
    if ctx.argc() > 1 {
        ctx.args.from(1).for_each(|name| leave(ctx, space, kind, name));
        return DONE;
    }
    let all: Vec<Bytes> = own(ctx.session, space).iter().cloned().collect();
    all.iter().for_each(|name| leave(ctx, space, kind, name));
    if all.is_empty() {
        confirm(ctx, space, kind, None);
    }
    DONE
}

fn leave(ctx: &mut Ctx, space: Space, kind: &str, name: &[u8]) {
    if own(ctx.session, space).remove(name) {
        ctx.session.subscriptions.bytes -= Subscriptions::cost_bytes(name);
        ctx.shared.channels.unsubscribe(space, name, ctx.session.id());
        if !ctx.session.deny_blocking {
            deliver(ctx);
        }
    }
    confirm(ctx, space, kind, Some(name));
}

/// Writes the messages that have arrived so far: for whoever is about to say that no more
/// will come.
pub fn deliver(ctx: &mut Ctx) {
    for msg in ctx.session.info.mailbox.take_pushes() {
        match msg {
            Msg::Published(p) => p.write(&mut ctx.out),
            Msg::Raw(line) if ctx.session.reply_mode != ReplyMode::Off => ctx.out.out.put_shared(line),
            Msg::Raw(_) => {}
            _ => unreachable!("not a push"),
        }
    }
}

/// Says what the client is or is no longer subscribed to, and how much remains.
fn confirm(ctx: &mut Ctx, space: Space, kind: &str, name: Option<&[u8]>) {
    let s = &ctx.session.subscriptions;
    let remaining = if space == Space::Shard { s.shard_channels.len() } else { s.count() };
    ctx.out.push(3);
    ctx.out.bulk(kind.as_bytes());
    ctx.out.bulk_or_null(name);
    ctx.out.int(remaining as i64);
}
