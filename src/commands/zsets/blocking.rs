//! Sorted-set commands that wait until there is a member.

use super::{
    super::{
        args::{Mpop, deadline, wait},
        ctx::{Ctx, DONE, Outcome},
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    limits,
    pop::{End, end_arg, pop_first, pop_name, take},
};
use crate::keyspace::Type;

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::WRITE.or(Flags::BLOCKING).or(Flags::FAST),
        acl: Acl::SORTEDSET,
        since: "5.0.0",
        complexity: "O(K)+O(log(N)), K the keys, N the size of the sorted set",
        summary: "Takes the member with the lowest score from the first sorted set that is not empty, waiting for one.",
        keys: &[KeySpec::range(1, -2, 1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE))],
        args: &[Arg::key("key").multiple(), Arg::double("timeout")],
        history: &[("6.0.0", "The timeout may be a fraction.")],
        ..Row::new("bzpopmin", -3, Group::SortedSet, bzpopmin)
    },
    Row {
        flags: Flags::WRITE.or(Flags::BLOCKING).or(Flags::FAST),
        acl: Acl::SORTEDSET,
        since: "5.0.0",
        complexity: "O(K)+O(log(N)), K the keys, N the size of the sorted set",
        summary: "Takes the member with the highest score from the first sorted set that is not empty, waiting for one.",
        keys: &[KeySpec::range(1, -2, 1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE))],
        args: &[Arg::key("key").multiple(), Arg::double("timeout")],
        history: &[("6.0.0", "The timeout may be a fraction.")],
        ..Row::new("bzpopmax", -3, Group::SortedSet, bzpopmax)
    },
    Row {
        flags: Flags::WRITE.or(Flags::BLOCKING),
        acl: Acl::SORTEDSET,
        since: "7.0.0",
        complexity: "O(K)+O(M*log(N)), K the keys, M the members taken, N the size of the sorted set",
        summary: "Takes members with the lowest or the highest scores from the first sorted set that is not empty, waiting for one.",
        keys: &[KeySpec::counted(2, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE))],
        args: &[
            Arg::double("timeout"),
            Arg::int("numkeys"),
            Arg::key("key").multiple(),
            Arg::one_of("where", &[Arg::token("min", "MIN"), Arg::token("max", "MAX")]),
            Arg::int("count").after("COUNT").optional(),
        ],
        ..Row::new("bzmpop", -5, Group::SortedSet, bzmpop)
    },
];

fn bzpopmin(ctx: &mut Ctx) -> Outcome {
    pop(ctx, End::Min)
}

fn bzpopmax(ctx: &mut Ctx) -> Outcome {
    pop(ctx, End::Max)
}

fn pop(ctx: &mut Ctx, end: End) -> Outcome {
    let (last, limits) = (ctx.argc() - 1, limits(ctx));
    let deadline = deadline(ctx, last)?;
    for i in 1..last {
        let key = ctx.key(i);
        let Some(set) = ctx.keys.edit_zset(key, limits)? else { continue };
        ctx.out.array(3);
        ctx.out.bulk(key.bytes);
        take(set, end, 1, false, &mut ctx.out);
        ctx.journal_instead(&[pop_name(end), key.bytes]);
        return DONE;
    }
    wait(ctx, (1..last).collect(), deadline, Type::ZSet)
}

fn bzmpop(ctx: &mut Ctx) -> Outcome {
    let request = Mpop::parse(ctx, 2, end_arg)?;
    let deadline = deadline(ctx, 1)?;
    if pop_first(ctx, &request)? {
        return DONE;
    }
    wait(ctx, request.keys.collect(), deadline, Type::ZSet)
}
