//! CLIENT: what a connection says about itself, and what it may do to others.
//!
//! Others are reached through the registry in [`crate::session::clients`]: their mirrored
//! facts are read there, and their mailboxes take the orders. A killed client leaves the
//! registry at once, so that nobody lists or counts it again, and its own task finds the
//! order to close in its mailbox.

mod args;
mod filter;
pub mod line;
mod others;
mod own;

use super::{
    help,
    row::{Acl, Arg, Flags, Group, Row, Run},
};

const ALWAYS: Flags = Flags::NOSCRIPT.or(Flags::LOADING).or(Flags::STALE);
const ADMIN: Flags = ALWAYS.or(Flags::ADMIN);
const EVERYWHERE: &[&str] = &["request_policy:all_nodes", "response_policy:all_succeeded"];

/// This family's commands.
pub const ROWS: &[Row] = &[Row {
    since: "2.4.0",
    complexity: "Depends on subcommand.",
    summary: "A container for client connection commands.",
    subs: SUBS,
    ..Row::new("client", -2, Group::Connection, help::container)
}];

/// A subcommand about the asking connection.
const fn own(name: &'static str, arity: i16, since: &'static str, run: Run) -> Row {
    let row = Row::new(name, arity, Group::Connection, run);
    Row { flags: ALWAYS, acl: Acl::CONNECTION, complexity: "O(1)", since, ..row }
}

/// A subcommand about other connections.
const fn others(name: &'static str, arity: i16, since: &'static str, run: Run) -> Row {
    Row { flags: ADMIN, ..own(name, arity, since, run) }
}

const ON_OFF: &[Arg] = &[Arg::token("on", "ON"), Arg::token("off", "OFF")];

const SUBS: &[Row] = &[
    Row {
        summary: "Declares what the client can handle, such as REDIRECT.",
        args: &[Arg::string("capability").multiple()],
        ..own("capa", -3, "8.0.0", own::capa)
    },
    Row { summary: "Returns the connection's name.", ..own("getname", 2, "2.6.9", own::getname) },
    Row {
        summary: "Returns the client that gets this one's invalidation messages.",
        ..own("getredir", 2, "6.0.0", own::getredir)
    },
    help::row(Group::Connection, Acl::CONNECTION),
    Row { summary: "Returns the connection's number.", ..own("id", 2, "5.0.0", own::id) },
    Row {
        summary: "Describes this connection as CLIENT LIST does.",
        tips: &["nondeterministic_output"],
        ..own("info", 2, "6.2.0", own::info)
    },
    Row {
        complexity: "O(N) where N is the number of client connections",
        summary: "Closes the connections that pass all filters.",
        args: args::KILL,
        history: args::KILL_HISTORY,
        ..others("kill", -3, "2.4.0", others::kill)
    },
    Row {
        complexity: "O(N) where N is the number of client connections",
        summary: "Describes the connections that pass all filters.",
        args: args::FILTERS,
        tips: &["nondeterministic_output"],
        history: args::LIST_HISTORY,
        ..others("list", -2, "2.4.0", others::list)
    },
    Row {
        summary: "Keeps this client from being disconnected to free memory.",
        args: &[Arg::one_of("enabled", ON_OFF)],
        ..others("no-evict", 3, "7.0.0", own::no_evict)
    },
    Row {
        summary: "Keeps this client's reads from counting as accesses to keys.",
        args: &[Arg::one_of("enabled", ON_OFF)],
        ..own("no-touch", 3, "7.2.0", own::no_touch)
    },
    Row {
        summary: "Holds back commands, all or those that write, for some milliseconds.",
        args: &[Arg::int("timeout"), Arg::one_of("mode", args::PAUSE_MODE).since("6.2.0").optional()],
        history: &[("6.2.0", "The mode may be given.")],
        ..others("pause", -3, "3.0.0", others::pause)
    },
    Row {
        summary: "Chooses whether commands are answered.",
        args: &[Arg::one_of("action", args::REPLY_ACTION)],
        ..own("reply", 3, "3.2.0", own::reply)
    },
    Row {
        summary: "Tells name and version of the client's library.",
        args: &[Arg::one_of("attr", args::SETINFO)],
        tips: EVERYWHERE,
        ..own("setinfo", 4, "7.2.0", own::setinfo)
    },
    Row {
        summary: "Names the connection.",
        args: &[Arg::string("connection-name")],
        tips: EVERYWHERE,
        ..own("setname", 3, "2.6.9", own::setname)
    },
    Row {
        complexity: "O(log N) where N is the number of client connections",
        summary: "Ends the waiting of a client in a blocking command.",
        args: &[Arg::int("client-id"), Arg::one_of("unblock-type", args::UNBLOCK_TYPE).optional()],
        ..others("unblock", -3, "5.0.0", others::unblock)
    },
    Row {
        complexity: "O(N) where N is the number of paused clients",
        summary: "Ends CLIENT PAUSE.",
        ..others("unpause", 2, "6.2.0", others::unpause)
    },
];
