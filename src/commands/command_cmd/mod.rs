//! COMMAND: what this server can do, read out of the command table.

mod docs;
mod getkeys;
mod info;
mod legacy;
mod list;

use super::{
    ctx::{Ctx, DONE, Outcome},
    help,
    row::{Acl, Arg, Flags, Group, Row, Run},
};

const ALWAYS: Flags = Flags::LOADING.or(Flags::STALE);
const UNORDERED: &[&str] = &["nondeterministic_output_order"];
const NAMES: &[Arg] = &[Arg::string("command-name").optional().multiple()];
const REQUEST: &[Arg] = &[Arg::string("command"), Arg::string("arg").optional().multiple()];

/// This family's commands.
pub const ROWS: &[Row] = &[Row {
    complexity: "O(N) where N is the total number of commands",
    summary: "Describes all commands.",
    tips: UNORDERED,
    subs: SUBS,
    ..row("command", -1, "2.8.13", info::all)
}];

const fn row(name: &'static str, arity: i16, since: &'static str, run: Run) -> Row {
    Row { flags: ALWAYS, acl: Acl::CONNECTION, since, ..Row::new(name, arity, Group::Server, run) }
}

const SUBS: &[Row] = &[
    Row { complexity: "O(1)", summary: "Returns the number of commands.", ..row("count", 2, "2.8.13", count) },
    Row {
        complexity: "O(N) where N is the number of commands to look up",
        summary: "Documents commands.",
        args: NAMES,
        tips: UNORDERED,
        ..row("docs", -2, "7.0.0", docs::docs)
    },
    Row {
        complexity: "O(N) where N is the number of arguments to the command",
        summary: "Finds the keys in a request.",
        args: REQUEST,
        ..row("getkeys", -3, "2.8.13", getkeys::getkeys)
    },
    Row {
        complexity: "O(N) where N is the number of arguments to the command",
        summary: "Finds the keys in a request, and what it does to each.",
        args: REQUEST,
        ..row("getkeysandflags", -3, "7.0.0", getkeys::getkeysandflags)
    },
    help::row(Group::Server, Acl::CONNECTION),
    Row {
        complexity: "O(N) where N is the number of commands to look up",
        summary: "Describes commands for client libraries.",
        args: NAMES,
        tips: UNORDERED,
        history: &[("7.0.0", "Without a name, all commands are described.")],
        ..row("info", -2, "2.8.13", info::info)
    },
    Row {
        complexity: "O(N) where N is the total number of commands",
        summary: "Lists the names of commands.",
        args: &[Arg::one_of("filterby", list::FILTERS).after("FILTERBY").optional()],
        tips: UNORDERED,
        ..row("list", -2, "7.0.0", list::list)
    },
];

fn count(ctx: &mut Ctx) -> Outcome {
    ctx.out.int(ctx.renames.top_level().count() as i64);
    DONE
}
