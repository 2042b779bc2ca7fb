//! Moving an element from an end of one list to an end of another, or of the same.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        items,
        row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
    },
    end_arg, limit, popped, pushed,
};
use crate::{
    data::{list::End, packed::Item},
    protocol::Error,
};
use smallvec::SmallVec;

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM),
        acl: Acl::LIST,
        since: "6.2.0",
        complexity: "O(1)",
        summary: "Moves an element from an end of one list to an end of another.",
        keys: &[
            KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE)),
            KeySpec::at(2, KeyFlags::RW.or(KeyFlags::INSERT)),
        ],
        args: &[
            Arg::key("source"),
            Arg::key_of("destination", 1),
            Arg::one_of("wherefrom", &[Arg::token("left", "LEFT"), Arg::token("right", "RIGHT")]),
            Arg::one_of("whereto", &[Arg::token("left", "LEFT"), Arg::token("right", "RIGHT")]),
        ],
        ..Row::new("lmove", 5, Group::List, lmove)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM),
        acl: Acl::LIST,
        since: "1.2.0",
        complexity: "O(1)",
        summary: "Moves the tail of one list to the head of another.",
        keys: &[
            KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::DELETE)),
            KeySpec::at(2, KeyFlags::RW.or(KeyFlags::INSERT)),
        ],
        args: &[Arg::key("source"), Arg::key_of("destination", 1)],
        deprecated: Some(("6.2.0", "`LMOVE` with the `RIGHT` and `LEFT` arguments")),
        ..Row::new("rpoplpush", 3, Group::List, rpoplpush)
    },
];

fn lmove(ctx: &mut Ctx) -> Outcome {
    let (from, to) = (end_arg(ctx, 3)?, end_arg(ctx, 4)?);
    if !transfer(ctx, from, to)? {
        ctx.out.null();
    }
    DONE
}

fn rpoplpush(ctx: &mut Ctx) -> Outcome {
    if !transfer(ctx, End::Tail, End::Head)? {
        ctx.out.null();
    }
    DONE
}

/// An element on its way, copied out of its list.
enum Moved {
    Int(i64),
    Text(SmallVec<[u8; 64]>),
}

impl Moved {
    fn of(item: Item) -> Moved {
        match item {
            Item::Int(n) => Moved::Int(n),
            Item::Str(text) => Moved::Text(text.into()),
        }
    }

    fn item(&self) -> Item<'_> {
        match self {
            Moved::Int(n) => Item::Int(*n),
            Moved::Text(text) => Item::Str(text),
        }
    }
}

/// Moves an element of the list in argument 1 to the one in argument 2 and replies it;
/// false if there is no list to move from.
pub(super) fn transfer(ctx: &mut Ctx, from: End, to: End) -> Result<bool, Error> {
    let (source, destination, limit) = (ctx.key(1), ctx.key(2), limit(ctx));
    let Some(mut list) = ctx.keys.edit_list(source, limit)? else { return Ok(false) };
    if source.bytes == destination.bytes {
        let moved = list.pop(from, Moved::of).expect("no list is empty");
        list.grow(moved.item().text_len(), 1);
        list.push(to, moved.item());
        list.raise(pushed(to));
        list.shrunk(popped(from), 1);
        items::reply(&mut ctx.out, moved.item());
        return Ok(true);
    }
    // The element stays where it is until the destination has proved to be a list.
    let moved = Moved::of(list.get().get(if from == End::Head { 0 } else { -1 }).expect("no list is empty"));
    drop(list);
    let mut list = ctx.keys.upsert_list(destination, limit)?;
    list.grow(moved.item().text_len(), 1);
    list.push(to, moved.item());
    list.grown(pushed(to), 0);
    let mut list = ctx.keys.edit_list(source, limit)?.expect("it was there just now");
    list.pop(from, |_| ());
    list.shrunk(popped(from), 1);
    items::reply(&mut ctx.out, moved.item());
    Ok(true)
}
