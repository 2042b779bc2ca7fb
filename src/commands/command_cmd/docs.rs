//! COMMAND DOCS: what people want to know about a command.

use super::info::simples;
use crate::{
    commands::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, ArgKind, Flags, Row},
        table::Command,
    },
    protocol::Reply,
};

pub fn docs(ctx: &mut Ctx) -> Outcome {
    let named: Vec<&Command> = match ctx.argc() {
        2 => ctx.renames.top_level().collect(),
        _ => ctx.args.from(2).filter_map(|name| ctx.renames.find_full(name)).collect(),
    };
    ctx.out.map(named.len());
    named.iter().for_each(|c| document(c, &mut ctx.out));
    DONE
}

/// A pair of texts, unless there is nothing to say.
fn text(key: &str, value: &str, out: &mut Reply) -> usize {
    if value.is_empty() {
        return 0;
    }
    out.bulk(key.as_bytes());
    out.bulk(value.as_bytes());
    1
}

/// A command's name and documentation.
fn document(c: &Command, out: &mut Reply) {
    let row: &Row = c.row;
    out.bulk(c.full_name().as_bytes());
    let map = out.begin_map();
    let mut n = text("summary", row.summary, out);
    n += text("since", row.since, out);
    n += text("group", row.group.name(), out);
    n += text("complexity", row.complexity, out);
    let marks = [(row.deprecated.is_some(), "deprecated"), (row.flags.has(Flags::SYSCMD), "syscmd")];
    if marks.iter().any(|(marked, _)| *marked) {
        out.bulk(b"doc_flags");
        simples(marks.into_iter().filter_map(|(marked, name)| marked.then_some(name)), out);
        n += 1;
    }
    if let Some((since, instead)) = row.deprecated {
        n += text("deprecated_since", since, out) + text("replaced_by", instead, out);
    }
    if !row.history.is_empty() {
        out.bulk(b"history");
        out.set(row.history.len());
        for (version, what) in row.history {
            out.array(2);
            out.bulk(version.as_bytes());
            out.bulk(what.as_bytes());
        }
        n += 1;
    }
    if !row.args.is_empty() {
        out.bulk(b"arguments");
        arguments(row.args, out);
        n += 1;
    }
    if !row.subs.is_empty() {
        out.bulk(b"subcommands");
        out.map(row.subs.len());
        c.subs().iter().for_each(|s| document(s, out));
        n += 1;
    }
    out.end(map, n);
}

const fn kind_name(kind: ArgKind) -> &'static str {
    match kind {
        ArgKind::String => "string",
        ArgKind::Integer => "integer",
        ArgKind::Double => "double",
        ArgKind::Key => "key",
        ArgKind::Pattern => "pattern",
        ArgKind::UnixTime => "unix-time",
        ArgKind::PureToken => "pure-token",
        ArgKind::OneOf => "oneof",
        ArgKind::Block => "block",
    }
}

fn arguments(args: &[Arg], out: &mut Reply) {
    out.array(args.len());
    for a in args {
        let map = out.begin_map();
        let has_parts = matches!(a.kind, ArgKind::OneOf | ArgKind::Block);
        let mut n = text("name", a.name, out) + text("type", kind_name(a.kind), out);
        if !has_parts {
            n += text("display_text", a.name, out);
        }
        if let Some(i) = a.key_spec {
            out.bulk(b"key_spec_index");
            out.int(i64::from(i));
            n += 1;
        }
        if let Some(token) = a.token {
            out.bulk(b"token");
            out.bulk(token.as_bytes());
            n += 1;
        }
        n += text("since", a.since, out);
        let flags = [(a.optional, "optional"), (a.multiple, "multiple"), (a.multiple_token, "multiple_token")];
        if flags.iter().any(|(set, _)| *set) {
            out.bulk(b"flags");
            simples(flags.iter().filter(|(set, _)| *set).map(|(_, name)| *name), out);
            n += 1;
        }
        if has_parts {
            out.bulk(b"arguments");
            arguments(a.args, out);
            n += 1;
        }
        out.end(map, n);
    }
}
