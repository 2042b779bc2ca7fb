//! Publish and subscribe: the rows, publishing, and looking into the registry.
//!
//! Subscriptions live twice: in the session, which owns them, and in the registry
//! ([`crate::session::channels`]), where publishers find the receivers' mailboxes. A
//! message travels through the mailbox even to the client that published it, so it never
//! lands inside another reply.

mod subscribe;

use super::{
    ctx::{Ctx, DONE, Outcome},
    help,
    row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
};
use crate::{protocol::Error, session::channels::Space};
pub use subscribe::deliver;
use subscribe::{psubscribe, punsubscribe, ssubscribe, subscribe, sunsubscribe, unsubscribe};

const BASE: Flags = Flags::PUBSUB.or(Flags::LOADING).or(Flags::STALE);
const MANAGE: Flags = BASE.or(Flags::NOSCRIPT).or(Flags::IN_SUBSCRIBE);
const PUBLISH: Flags = BASE.or(Flags::FAST).or(Flags::MAY_REPLICATE);
const CHANNEL: Arg = Arg::string("channel");
const PATTERN: Arg = Arg::pattern("pattern");
const SHARD_CHANNEL: Arg = Arg::string("shardchannel");
const SHARD_CHANNELS: KeySpec = KeySpec::range(1, -1, 1, KeyFlags::NOT_KEY);

const fn row(name: &'static str, arity: i16, run: super::row::Run) -> Row {
    Row { since: "2.0.0", ..Row::new(name, arity, Group::PubSub, run) }
}

/// This family's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: MANAGE,
        complexity: "O(N) where N is the number of channels to subscribe to.",
        summary: "Listens to the messages of channels.",
        args: &[CHANNEL.multiple()],
        ..row("subscribe", -2, subscribe)
    },
    Row {
        flags: MANAGE,
        complexity: "O(N) where N is the number of patterns to subscribe to.",
        summary: "Listens to the messages of all channels that match a pattern.",
        args: &[PATTERN.multiple()],
        ..row("psubscribe", -2, psubscribe)
    },
    Row {
        flags: MANAGE,
        complexity: "O(N) where N is the number of channels to unsubscribe.",
        summary: "Stops listening to channels.",
        args: &[CHANNEL.optional().multiple()],
        ..row("unsubscribe", -1, unsubscribe)
    },
    Row {
        flags: MANAGE,
        complexity: "O(N) where N is the number of patterns to unsubscribe.",
        summary: "Stops listening to patterns.",
        args: &[PATTERN.optional().multiple()],
        ..row("punsubscribe", -1, punsubscribe)
    },
    Row {
        flags: MANAGE,
        since: "7.0.0",
        complexity: "O(N) where N is the number of shard channels to subscribe to.",
        summary: "Listens to the messages of shard channels.",
        keys: &[SHARD_CHANNELS],
        args: &[SHARD_CHANNEL.multiple()],
        ..row("ssubscribe", -2, ssubscribe)
    },
    Row {
        flags: MANAGE,
        since: "7.0.0",
        complexity: "O(N) where N is the number of shard channels to unsubscribe.",
        summary: "Stops listening to shard channels.",
        keys: &[SHARD_CHANNELS],
        args: &[SHARD_CHANNEL.optional().multiple()],
        ..row("sunsubscribe", -1, sunsubscribe)
    },
    Row {
        flags: PUBLISH,
        complexity: "O(N+M) where N is the number of subscribers of the channel and M the number of patterns anybody listens to.",
        summary: "Sends a message to a channel.",
        args: &[CHANNEL, Arg::string("message")],
        ..row("publish", 3, publish)
    },
    Row {
        flags: PUBLISH,
        since: "7.0.0",
        complexity: "O(N) where N is the number of subscribers of the shard channel.",
        summary: "Sends a message to a shard channel.",
        keys: &[KeySpec::at(1, KeyFlags::NOT_KEY)],
        args: &[SHARD_CHANNEL, Arg::string("message")],
        ..row("spublish", 3, spublish)
    },
    Row {
        since: "2.8.0",
        complexity: "Depends on subcommand.",
        summary: "A container for looking into publish and subscribe.",
        subs: SUBS,
        ..row("pubsub", -2, help::container)
    },
];

const SUBS: &[Row] = &[
    Row {
        flags: BASE,
        since: "2.8.0",
        complexity: "O(N) where N is the number of active channels.",
        summary: "Returns the channels that somebody listens to.",
        args: &[PATTERN.optional()],
        ..row("channels", -2, channels)
    },
    Row {
        flags: BASE,
        since: "2.8.0",
        complexity: "O(1)",
        summary: "Returns the number of different patterns that clients listen to.",
        ..row("numpat", 2, numpat)
    },
    Row {
        flags: BASE,
        since: "2.8.0",
        complexity: "O(N) where N is the number of channels asked about.",
        summary: "Returns how many clients listen to each channel.",
        args: &[CHANNEL.optional().multiple()],
        ..row("numsub", -2, numsub)
    },
    Row {
        flags: BASE,
        since: "7.0.0",
        complexity: "O(N) where N is the number of active shard channels.",
        summary: "Returns the shard channels that somebody listens to.",
        args: &[PATTERN.optional()],
        ..row("shardchannels", -2, shardchannels)
    },
    Row {
        flags: BASE,
        since: "7.0.0",
        complexity: "O(N) where N is the number of shard channels asked about.",
        summary: "Returns how many clients listen to each shard channel.",
        args: &[SHARD_CHANNEL.optional().multiple()],
        ..row("shardnumsub", -2, shardnumsub)
    },
    Row { since: "6.2.0", ..help::row(Group::PubSub, Acl::NONE) },
];

fn publish(ctx: &mut Ctx) -> Outcome {
    let receivers = ctx.shared.channels.publish(ctx.arg(1), ctx.arg(2));
    ctx.out.int(receivers as i64);
    DONE
}

fn spublish(ctx: &mut Ctx) -> Outcome {
    let receivers = ctx.shared.channels.publish_sharded(ctx.arg(1), ctx.arg(2));
    ctx.out.int(receivers as i64);
    DONE
}

fn channels(ctx: &mut Ctx) -> Outcome {
    names(ctx, Space::Channel)
}

fn shardchannels(ctx: &mut Ctx) -> Outcome {
    names(ctx, Space::Shard)
}

fn names(ctx: &mut Ctx, space: Space) -> Outcome {
    if ctx.argc() > 3 {
        return Err(Error::subcommand_syntax("pubsub", ctx.arg(1)));
    }
    let found = ctx.shared.channels.names(space, ctx.args.get(2));
    ctx.out.array(found.len());
    found.iter().for_each(|name| ctx.out.bulk(name));
    DONE
}

fn numsub(ctx: &mut Ctx) -> Outcome {
    subscribers(ctx, Space::Channel)
}

fn shardnumsub(ctx: &mut Ctx) -> Outcome {
    subscribers(ctx, Space::Shard)
}

fn subscribers(ctx: &mut Ctx, space: Space) -> Outcome {
    ctx.out.array((ctx.argc() - 2) * 2);
    for name in ctx.args.from(2) {
        ctx.out.bulk(name);
        ctx.out.int(ctx.shared.channels.subscribers(space, name) as i64);
    }
    DONE
}

fn numpat(ctx: &mut Ctx) -> Outcome {
    ctx.out.int(ctx.shared.channels.len(Space::Pattern) as i64);
    DONE
}
