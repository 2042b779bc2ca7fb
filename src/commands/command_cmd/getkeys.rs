//! COMMAND GETKEYS and GETKEYSANDFLAGS: the keys in a request, without running it.

use super::info;
use crate::{
    commands::{
        ctx::{Ctx, DONE, Outcome},
        keys::each_key,
        row::{Flags, KeyFlags},
    },
    protocol::Error,
};

pub fn getkeys(ctx: &mut Ctx) -> Outcome {
    for (at, _) in reply(ctx)? {
        ctx.out.bulk(ctx.arg(at));
    }
    DONE
}

pub fn getkeysandflags(ctx: &mut Ctx) -> Outcome {
    for (at, flags) in reply(ctx)? {
        ctx.out.array(2);
        ctx.out.bulk(ctx.arg(at));
        info::key_flags(flags, &mut ctx.out);
    }
    DONE
}

/// Positions and uses of the keys; the head of the array that tells them is written.
fn reply(ctx: &mut Ctx) -> Result<Vec<(usize, KeyFlags)>, Error> {
    let request = ctx.args.skip(2);
    let mut command = ctx.renames.find(request.at(0)).ok_or(Error::INVALID_COMMAND)?;
    if !command.row.subs.is_empty()
        && let Some(name) = request.get(1)
    {
        command = command.sub(name).ok_or(Error::INVALID_COMMAND)?;
    }
    let row = command.row;
    if row.computed_keys.is_none() && row.keys.iter().all(|k| k.flags.has(KeyFlags::NOT_KEY)) {
        return Err(Error::NO_KEY_ARGUMENTS);
    }
    if !row.accepts(request.len()) {
        return Err(Error::INVALID_COMMAND_ARITY);
    }
    let mut found = Vec::new();
    let fits = each_key(row, request, |at, flags| found.push((at + 2, flags))).is_ok();
    if (!fits || found.is_empty()) && !row.flags.has(Flags::NO_MANDATORY_KEYS) {
        return Err(Error::INVALID_COMMAND_ARGUMENTS);
    }
    if !fits {
        found.clear();
    }
    ctx.out.array(found.len());
    Ok(found)
}
