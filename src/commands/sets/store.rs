//! Keeping what several sets have together.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    algebra,
    combine::{all_or_none, existing},
    keys, limits, row,
};
use crate::keyspace::{
    Event, event,
    set::{SetDraft, SetRef},
};

const KEYS: &[KeySpec] =
    &[KeySpec::at(1, KeyFlags::OW.or(KeyFlags::UPDATE)), KeySpec::range(2, -1, 1, KeyFlags::RO.or(KeyFlags::ACCESS))];
const ARGS: &[Arg] = &[Arg::key("destination"), Arg::key_of("key", 1).multiple()];
const FLAGS: Flags = Flags::WRITE.or(Flags::DENYOOM);

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        complexity: "O(N*M) at worst, N the size of the smallest set, M the number of sets",
        summary: "Keeps the members that all of several sets have.",
        keys: KEYS,
        args: ARGS,
        ..row("sinterstore", -3, FLAGS, sinterstore)
    },
    Row {
        complexity: "O(N), N the sizes of all sets together",
        summary: "Keeps the members that any of several sets has.",
        keys: KEYS,
        args: ARGS,
        ..row("sunionstore", -3, FLAGS, sunionstore)
    },
    Row {
        complexity: "O(N), N the sizes of all sets together",
        summary: "Keeps the members of a set that none of several others has.",
        keys: KEYS,
        args: ARGS,
        ..row("sdiffstore", -3, FLAGS, sdiffstore)
    },
];

fn sinterstore(ctx: &mut Ctx) -> Outcome {
    let (rules, keys) = (ctx.keys.set_rules(limits(ctx)), keys(ctx, 2..ctx.argc()));
    let views = ctx.keys.read_sets(keys.iter().copied())?;
    let mut sets = all_or_none(&views);
    // The form to begin with is that of the smallest set.
    let smallest = sets.iter().min_by_key(|set| set.len());
    let mut draft = SetDraft::new(ctx.args.at(1), rules, matches!(smallest, Some(SetRef::Ints(_))));
    algebra::intersect(&mut sets, |member| {
        draft.add(member);
        true
    });
    draft.shrink_to_ints();
    drop(sets);
    drop(views);
    store(ctx, draft, Event::set("sinterstore"))
}

fn sunionstore(ctx: &mut Ctx) -> Outcome {
    let (rules, keys) = (ctx.keys.set_rules(limits(ctx)), keys(ctx, 2..ctx.argc()));
    let views = ctx.keys.read_sets(keys.iter().copied())?;
    let mut draft = SetDraft::new(ctx.args.at(1), rules, true);
    existing(&views).iter().for_each(|set| set.each(|member| _ = draft.add(member)));
    drop(views);
    store(ctx, draft, Event::set("sunionstore"))
}

fn sdiffstore(ctx: &mut Ctx) -> Outcome {
    let (rules, keys) = (ctx.keys.set_rules(limits(ctx)), keys(ctx, 2..ctx.argc()));
    let views = ctx.keys.read_sets(keys.iter().copied())?;
    let mut draft = SetDraft::new(ctx.args.at(1), rules, true);
    if let Some(first) = &views[0] {
        let (first, mut others) = (SetRef::of(first), existing(&views[1..]));
        if algebra::subtracts_by_lookup(first, &others) {
            algebra::subtract_by_lookup(first, &mut others, |member| _ = draft.add(member));
        } else {
            algebra::subtract_by_removal(first, &others, &mut draft);
        }
    }
    drop(views);
    store(ctx, draft, Event::set("sdiffstore"))
}

/// Puts the result in the place of whatever its key held, and replies its size.
fn store(ctx: &mut Ctx, draft: SetDraft, event: Event) -> Outcome {
    let (key, len) = (ctx.key(1), draft.get().len());
    if len > 0 {
        ctx.keys.put(key.hash, draft.into_entry(), event);
    } else {
        ctx.keys.delete(key, event::DEL);
    }
    ctx.out.int(len as i64);
    DONE
}
