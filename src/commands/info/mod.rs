//! INFO: the server's figures, by section.
//!
//! Every section is a function that appends lines to a [`Text`]. Counters are summed over
//! workers and shards at the moment of asking. A field of Valkey's is here if it is true:
//! parts that do not exist yet say so (`aof_enabled:0`) or leave their fields out.

mod counters;
mod facts;
mod memory;
mod persistence;
mod server;
mod text;

use super::{
    ctx::{Ctx, DONE, Outcome},
    row::{Acl, Arg, Flags, Group, Row, Scope},
};
use facts::Facts;
use text::Text;

/// This family's commands.
pub const ROWS: &[Row] = &[Row {
    flags: Flags::LOADING.or(Flags::STALE),
    acl: Acl::DANGEROUS,
    complexity: "O(1)",
    summary: "Returns figures about the server.",
    args: &[Arg::string("section").optional().multiple()],
    tips: &["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
    history: &[("7.0.0", "Several sections may be named.")],
    scope: Scope::Each,
    ..Row::new("info", -1, Group::Server, info)
}];

/// When a section is shown without being named.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Shown {
    Always,
    /// With `all` and `everything`.
    All,
    Never,
}

struct Section {
    name: &'static str,
    shown: Shown,
    write: fn(&Facts, &mut Text),
}

const fn section(name: &'static str, shown: Shown, write: fn(&Facts, &mut Text)) -> Section {
    Section { name, shown, write }
}

const SECTIONS: &[Section] = &[
    section("Server", Shown::Always, server::server),
    section("Clients", Shown::Always, server::clients),
    section("Memory", Shown::Always, memory::memory),
    section("Persistence", Shown::Always, persistence::persistence),
    section("Stats", Shown::Always, counters::stats),
    section("Replication", Shown::Always, server::replication),
    section("CPU", Shown::Always, server::cpu),
    section("Modules", Shown::Always, |_, _| {}),
    section("Commandstats", Shown::All, counters::commandstats),
    section("Errorstats", Shown::Always, counters::errorstats),
    section("Latencystats", Shown::All, counters::latencystats),
    section("Cluster", Shown::Always, |_, t| t.put("cluster_enabled", 0)),
    section("Keyspace", Shown::Always, server::keyspace),
    section("Debug", Shown::Never, counters::debug),
];

fn info(ctx: &mut Ctx) -> Outcome {
    let is = |word: &[u8], name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    let mut shown = (ctx.argc() == 1).then_some(Shown::Always);
    for word in ctx.args.from(1) {
        if is(word, "default") {
            shown = shown.max(Some(Shown::Always));
        } else if is(word, "all") || is(word, "everything") {
            shown = Some(Shown::All);
        }
    }
    let named =
        |s: &Section| ctx.args.from(1).any(|word| is(word, s.name) || s.name == "Modules" && is(word, "module_list"));
    let wanted: Vec<&Section> = SECTIONS.iter().filter(|s| shown >= Some(s.shown) || named(s)).collect();
    ctx.session.publish();
    ctx.shared.note_excess(ctx.config.memory.maxmemory_bytes, ctx.now.mono);
    let facts = Facts::gather(ctx);
    let mut text = Text::default();
    for s in wanted {
        text.section(s.name);
        (s.write)(&facts, &mut text);
    }
    ctx.out.verbatim("txt", text.as_bytes());
    DONE
}
