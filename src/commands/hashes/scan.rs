//! Walking a hash in steps.

use super::super::{
    ctx::{Ctx, DONE, Outcome},
    items,
    row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
};
use crate::{
    base::{
        glob,
        num::{parse_i64, parse_u64},
    },
    keyspace::hash::HashRef,
    protocol::{Error, Output, Reply},
    session::Args,
};

/// This file's commands.
pub const ROWS: &[Row] = &[Row {
    flags: Flags::READONLY,
    acl: Acl::HASH,
    since: "2.8.0",
    complexity: "O(1) a step, O(N) the whole walk, N the hash's size",
    summary: "Walks over the fields of a hash in steps.",
    keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
    args: &[
        Arg::key("key"),
        Arg::int("cursor"),
        Arg::pattern("pattern").after("MATCH").optional(),
        Arg::int("count").after("COUNT").optional(),
        Arg::token("novalues", "NOVALUES").optional(),
    ],
    tips: &["nondeterministic_output"],
    ..Row::new("hscan", -3, Group::Hash, hscan)
}];

/// What the options of HSCAN ask for.
struct Options<'a> {
    pattern: Option<&'a [u8]>,
    /// Fields to look at, about.
    count: u64,
    values: bool,
}

fn hscan(ctx: &mut Ctx) -> Outcome {
    let (key, now) = (ctx.key(1), ctx.now.wall);
    let mut cursor = parse_u64(ctx.arg(2)).ok_or(Error::INVALID_CURSOR)?;
    let Some(e) = ctx.keys.read_hash(key)? else {
        ctx.out.array(2);
        ctx.out.bulk_int(0);
        ctx.out.array(0);
        return DONE;
    };
    let options = options(ctx.args)?;
    // The cursor comes first in the reply, and is known last.
    let mut found = Output::new();
    let mut reply = Reply::new(&mut found, ctx.out.resp3);
    let (mut replied, mut seen, mut steps) = (0, 0, 0);
    loop {
        cursor = HashRef::of(&e, now).scan(cursor, |field, value| {
            seen += 1;
            let wanted = |p: &[u8]| field.with_text(|text| glob::matches_case(p, text));
            if options.pattern.is_none_or(wanted) {
                items::reply(&mut reply, field);
                replied += 1;
                if options.values {
                    items::reply(&mut reply, value);
                    replied += 1;
                }
            }
        });
        steps += 1;
        if cursor == 0 || seen >= options.count || steps > options.count.saturating_mul(10) {
            break;
        }
    }
    ctx.out.array(2);
    ctx.out.bulk_fmt(format_args!("{cursor}"));
    ctx.out.array(replied);
    ctx.out.raw(&found.to_vec());
    DONE
}

fn options<'a>(args: Args<'a>) -> Result<Options<'a>, Error> {
    let mut o = Options { pattern: None, count: 10, values: true };
    let mut i = 3;
    while i < args.len() {
        let has_value = i + 1 < args.len();
        match args.at(i) {
            w if w.eq_ignore_ascii_case(b"COUNT") && has_value => {
                let n = parse_i64(args.at(i + 1)).ok_or(Error::NOT_INT)?;
                o.count = u64::try_from(n).ok().filter(|n| *n > 0).ok_or(Error::SYNTAX)?;
                i += 2;
            }
            w if w.eq_ignore_ascii_case(b"MATCH") && has_value => {
                o.pattern = Some(args.at(i + 1)).filter(|p| *p != b"*");
                i += 2;
            }
            w if w.eq_ignore_ascii_case(b"NOVALUES") => {
                o.values = false;
                i += 1;
            }
            w if w.eq_ignore_ascii_case(b"NOSCORES") => {
                return Err(Error::Static("ERR NOSCORES option can only be used in ZSCAN"));
            }
            _ => return Err(Error::SYNTAX),
        }
    }
    Ok(o)
}
