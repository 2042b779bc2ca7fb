//! COMMAND and COMMAND INFO: ten elements for each command.

use super::legacy::Legacy;
use crate::{
    commands::{
        ctx::{Ctx, DONE, Outcome},
        row::{Acl, Begin, Find, Flags, KeyFlags, KeySpec},
        table::Command,
    },
    protocol::Reply,
};

pub fn all(ctx: &mut Ctx) -> Outcome {
    ctx.out.array(ctx.renames.top_level().count());
    ctx.renames.top_level().for_each(|c| describe(c, &mut ctx.out));
    DONE
}

pub fn info(ctx: &mut Ctx) -> Outcome {
    if ctx.argc() == 2 {
        return all(ctx);
    }
    ctx.out.array(ctx.argc() - 2);
    for name in ctx.args.from(2) {
        match ctx.renames.find_full(name) {
            Some(c) => describe(c, &mut ctx.out),
            None => ctx.out.null(),
        }
    }
    DONE
}

fn describe(c: &Command, out: &mut Reply) {
    let legacy = Legacy::of(c.row.keys);
    out.array(10);
    out.bulk(c.full_name().as_bytes());
    out.int(i64::from(c.row.arity));
    let flags = if legacy.movable { c.row.flags.or(Flags::MOVABLE_KEYS) } else { c.row.flags };
    let names = Flags::NAMES.iter().filter(|(f, name)| flags.has(*f) && !name.is_empty());
    simples(names.map(|(_, name)| *name), out);
    [legacy.first, legacy.last, legacy.step].into_iter().for_each(|n| out.int(n));
    let categories: Vec<String> = (0..Acl::NAMES.len())
        .filter(|bit| c.acl.0 & (1 << bit) != 0)
        .map(|bit| format!("@{}", Acl::NAMES[bit]))
        .collect();
    simples(categories.iter().map(String::as_str), out);
    out.set(c.row.tips.len());
    c.row.tips.iter().for_each(|t| out.bulk(t.as_bytes()));
    out.set(c.row.keys.len());
    c.row.keys.iter().for_each(|k| spec(k, out));
    if c.row.subs.is_empty() {
        out.set(0);
    } else {
        out.array(c.row.subs.len());
        c.subs().iter().for_each(|s| describe(s, out));
    }
}

/// A set of simple strings.
pub fn simples<'a>(names: impl Iterator<Item = &'a str>, out: &mut Reply) {
    let names: Vec<&str> = names.collect();
    out.set(names.len());
    names.iter().for_each(|n| out.simple(n));
}

/// The names of what is done to a key.
pub fn key_flags(flags: KeyFlags, out: &mut Reply) {
    let names = KeyFlags::NAMES.iter().enumerate().filter(|(bit, _)| flags.has(KeyFlags(1 << bit)));
    simples(names.map(|(_, name)| *name), out);
}

fn spec(k: &KeySpec, out: &mut Reply) {
    out.map(if k.notes.is_empty() { 3 } else { 4 });
    if !k.notes.is_empty() {
        out.bulk(b"notes");
        out.bulk(k.notes.as_bytes());
    }
    out.bulk(b"flags");
    key_flags(k.flags, out);
    out.bulk(b"begin_search");
    match k.begin {
        Begin::Index(i) => step("index", &[("index", i)], out),
        Begin::Keyword(word, from) => {
            kind("keyword", 2, out);
            out.bulk(b"keyword");
            out.bulk(word.as_bytes());
            out.bulk(b"startfrom");
            out.int(i64::from(from));
        }
        Begin::Unknown => step("unknown", &[], out),
    }
    out.bulk(b"find_keys");
    match k.find {
        Find::Range { last, step: by, limit } => {
            step("range", &[("lastkey", last), ("keystep", by), ("limit", limit)], out);
        }
        Find::KeyNum { count_at, first, step: by } => {
            step("keynum", &[("keynumidx", count_at), ("firstkey", first), ("keystep", by)], out);
        }
        Find::Unknown => step("unknown", &[], out),
    }
}

/// One half of a spec up to its `n` parameters.
fn kind(name: &str, n: usize, out: &mut Reply) {
    out.map(2);
    out.bulk(b"type");
    out.bulk(name.as_bytes());
    out.bulk(b"spec");
    out.map(n);
}

fn step(name: &str, parameters: &[(&str, i16)], out: &mut Reply) {
    kind(name, parameters.len(), out);
    for (name, value) in parameters {
        out.bulk(name.as_bytes());
        out.int(i64::from(*value));
    }
}
