//! MEMORY: what keys cost, and where the server's memory is.
//!
//! What a key costs and what the data set takes come from the engine's own account; what
//! the allocator makes of it was last told by the environment. Asking the allocator to act
//! is the shell's business.

mod doctor;
pub mod figures;
mod stats;

use super::{
    ctx::{Ctx, DONE, Outcome, ShellRequest, shell},
    help,
    row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row, Run, Scope},
};
use crate::{base::num::parse_i64, protocol::Error};

const TIPS: &[&str] = &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"];
const ALLOCATOR_COST: &str = "Depends on how much memory is allocated, could be slow";
/// What a key costs in the table: a word in an array that is about seven eighths full.
const SLOT_BYTES: usize = 9;

const fn row(name: &'static str, arity: i16, run: Run) -> Row {
    Row { since: "4.0.0", complexity: "O(1)", ..Row::new(name, arity, Group::Server, run) }
}

/// This family's commands.
pub const ROWS: &[Row] = &[Row {
    complexity: "Depends on subcommand.",
    summary: "A container for commands about memory.",
    subs: &[
        Row {
            summary: "Returns an analysis of the use of memory, for people.",
            tips: TIPS,
            ..row("doctor", 2, doctor::doctor)
        },
        Row { since: "4.0.0", ..help::row(Group::Server, Acl::NONE) },
        Row {
            complexity: ALLOCATOR_COST,
            summary: "Returns what the allocator says about itself.",
            tips: TIPS,
            ..row("malloc-stats", 2, malloc_stats)
        },
        Row {
            complexity: ALLOCATOR_COST,
            summary: "Makes the allocator give unused memory back.",
            tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
            ..row("purge", 2, purge)
        },
        Row {
            summary: "Returns where the memory is.",
            tips: TIPS,
            scope: Scope::Each,
            ..row("stats", 2, stats::stats)
        },
        Row {
            flags: Flags::READONLY,
            complexity: "O(N) where N is the number of samples.",
            summary: "Returns how many bytes a key and its value take.",
            keys: &[KeySpec::at(2, KeyFlags::RO)],
            args: &[Arg::key("key"), Arg::int("count").after("SAMPLES").optional()],
            ..row("usage", -3, usage)
        },
    ],
    ..row("memory", -2, help::container)
}];

fn usage(ctx: &mut Ctx) -> Outcome {
    let mut i = 3;
    while i < ctx.argc() {
        if !ctx.is(i, "SAMPLES") || i + 1 == ctx.argc() {
            return Err(Error::SYNTAX);
        }
        // The account needs no samples.
        match parse_i64(ctx.arg(i + 1)) {
            None => return Err(Error::NOT_INT),
            Some(n) if n < 0 => return Err(Error::SYNTAX),
            Some(_) => i += 2,
        }
    }
    let key = ctx.key(2);
    match ctx.keys.inspect_quietly(key).map(|e| e.heap_bytes() + SLOT_BYTES) {
        Some(bytes) => ctx.out.int(bytes as i64),
        None => ctx.out.null(),
    }
    DONE
}

fn malloc_stats(_: &mut Ctx) -> Outcome {
    shell(ShellRequest::AllocatorReport)
}

fn purge(_: &mut Ctx) -> Outcome {
    shell(ShellRequest::ReleaseMemory)
}
