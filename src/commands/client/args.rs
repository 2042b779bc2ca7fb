//! The grammars of CLIENT's subcommands.

use crate::commands::row::Arg;

pub const PAUSE_MODE: &[Arg] = &[Arg::token("write", "WRITE"), Arg::token("all", "ALL")];
pub const REPLY_ACTION: &[Arg] = &[Arg::token("on", "ON"), Arg::token("off", "OFF"), Arg::token("skip", "SKIP")];
pub const SETINFO: &[Arg] = &[Arg::string("libname").after("lib-name"), Arg::string("libver").after("lib-ver")];
pub const UNBLOCK_TYPE: &[Arg] = &[Arg::token("timeout", "TIMEOUT"), Arg::token("error", "ERROR")];

pub const KILL: &[Arg] =
    &[Arg::one_of("filter", &[Arg::string("old-format"), Arg::one_of("new-format", FILTERS).multiple()])];

const YES_NO: &[Arg] = &[Arg::token("yes", "YES"), Arg::token("no", "NO")];

const CLASSES: &[Arg] = &[
    Arg::token("normal", "normal"),
    Arg::token("master", "master").since("3.2.0"),
    Arg::token("primary", "primary").since("8.0.0"),
    Arg::token("slave", "slave"),
    Arg::token("replica", "replica").since("5.0.0"),
    Arg::token("pubsub", "pubsub"),
];

const fn text(name: &'static str, token: &'static str) -> Arg {
    Arg::string(name).after(token).optional()
}

const fn number(name: &'static str, token: &'static str) -> Arg {
    Arg::int(name).after(token).optional()
}

/// Filters of CLIENT KILL and CLIENT LIST.
pub const FILTERS: &[Arg] = &[
    number("client-id", "ID").multiple().since("2.8.12"),
    Arg::one_of("client-type", CLASSES).after("TYPE").optional().since("2.8.12"),
    text("username", "USER"),
    text("addr", "ADDR"),
    text("laddr", "LADDR").since("6.2.0"),
    Arg::one_of("skipme", YES_NO).after("SKIPME").optional(),
    number("maxage", "MAXAGE").since("8.0.0"),
    text("name", "NAME").since("8.1.0"),
    number("idle", "IDLE").since("8.1.0"),
    text("flags", "FLAGS").since("8.1.0"),
    text("lib-name", "LIB-NAME").since("8.1.0"),
    text("lib-ver", "LIB-VER").since("8.1.0"),
    number("db", "DB").since("8.1.0"),
    text("capa", "CAPA").since("8.1.0"),
    text("ip", "IP").since("8.1.0"),
    number("not-client-id", "NOT-ID").multiple().since("8.1.0"),
    Arg::one_of("not-client-type", CLASSES).after("NOT-TYPE").optional().since("8.1.0"),
    text("not-addr", "NOT-ADDR").since("8.1.0"),
    text("not-laddr", "NOT-LADDR").since("8.1.0"),
    text("not-user", "NOT-USER").since("8.1.0"),
    text("not-flags", "NOT-FLAGS").since("8.1.0"),
    text("not-name", "NOT-NAME").since("8.1.0"),
    text("not-lib-name", "NOT-LIB-NAME").since("8.1.0"),
    text("not-lib-ver", "NOT-LIB-VER").since("8.1.0"),
    number("not-db", "NOT-DB").since("8.1.0"),
    text("not-capa", "NOT-CAPA").since("8.1.0"),
    text("not-ip", "NOT-IP").since("8.1.0"),
];

pub const KILL_HISTORY: &[(&str, &str)] = &[
    ("2.8.12", "Filters as pairs of word and value, ID among them."),
    ("3.2.0", "TYPE master."),
    ("5.0.0", "TYPE replica, of which slave is another spelling."),
    ("6.2.0", "LADDR."),
    ("8.0.0", "MAXAGE; TYPE primary, of which master is another spelling."),
    ("8.1.0", "All other filters, and several numbers after ID."),
];

pub const LIST_HISTORY: &[(&str, &str)] = &[
    ("2.8.12", "The field id."),
    ("5.0.0", "TYPE."),
    ("6.0.0", "The field user."),
    ("6.2.0", "ID; the fields argv-mem, tot-mem, laddr and redir."),
    ("7.0.0", "The fields resp, multi-mem, rbs and rbp."),
    ("7.0.3", "The field ssub."),
    ("8.0.0", "TYPE primary, of which master is another spelling."),
    ("8.1.0", "The filters of CLIENT KILL; the field capa."),
];
