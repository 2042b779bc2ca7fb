//! Connection commands: who the client is, which protocol it speaks, which database it uses.

use super::{
    ctx::{Ctx, DONE, Outcome},
    row::{Acl, Arg, Flags, Group, Row},
};
use crate::{
    base::{num::parse_i64, version},
    protocol::Error,
    session::{clients::flag, state::ReplyMode},
};

/// Allowed at any time: while loading, with stale data.
const ALWAYS: Flags = Flags::LOADING.or(Flags::STALE).or(Flags::FAST);
/// Allowed even before authentication.
const GREETING: Flags = ALWAYS.or(Flags::NOSCRIPT).or(Flags::NO_AUTH).or(Flags::ALLOW_BUSY);

/// This family's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: GREETING,
        acl: Acl::CONNECTION,
        complexity: "O(1)",
        summary: "Authenticates the connection.",
        args: &[Arg::string("username").since("6.0.0").optional(), Arg::string("password")],
        history: &[("6.0.0", "A user name may precede the password.")],
        ..Row::new("auth", -2, Group::Connection, auth)
    },
    Row {
        flags: ALWAYS,
        acl: Acl::CONNECTION,
        complexity: "O(1)",
        summary: "Returns its argument.",
        args: &[Arg::string("message")],
        ..Row::new("echo", 2, Group::Connection, echo)
    },
    Row {
        flags: GREETING,
        acl: Acl::CONNECTION,
        since: "6.0.0",
        complexity: "O(1)",
        summary: "Chooses the protocol version, and may authenticate and name the connection.",
        args: &[Arg::block("arguments", HELLO_ARGS).optional()],
        history: &[("6.2.0", "The version may be left out.")],
        ..Row::new("hello", -1, Group::Connection, hello)
    },
    Row {
        flags: Flags::FAST.or(Flags::IN_SUBSCRIBE),
        acl: Acl::CONNECTION,
        complexity: "O(1)",
        summary: "Tells whether the server answers, or echoes a message.",
        args: &[Arg::string("message").optional()],
        tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
        ..Row::new("ping", -1, Group::Connection, ping)
    },
    Row {
        flags: GREETING.or(Flags::IN_MULTI).or(Flags::IN_SUBSCRIBE),
        acl: Acl::CONNECTION,
        complexity: "O(1)",
        summary: "Closes the connection.",
        deprecated: Some(("7.2.0", "just closing the connection")),
        ..Row::new("quit", -1, Group::Connection, quit)
    },
    Row {
        flags: GREETING.or(Flags::IN_MULTI).or(Flags::IN_SUBSCRIBE),
        acl: Acl::CONNECTION,
        since: "6.2.0",
        complexity: "O(1)",
        summary: "Puts the connection back into the state of a new one.",
        ..Row::new("reset", 1, Group::Connection, reset)
    },
    Row {
        flags: ALWAYS,
        acl: Acl::CONNECTION,
        complexity: "O(1)",
        summary: "Chooses the database of this connection.",
        args: &[Arg::int("index")],
        ..Row::new("select", 2, Group::Connection, select)
    },
];

const HELLO_ARGS: &[Arg] = &[
    Arg::int("protover"),
    Arg::block("auth", &[Arg::string("username"), Arg::string("password")]).after("AUTH").optional(),
    Arg::string("clientname").after("SETNAME").optional(),
];

/// Lets the connection in as `user`, or says why not.
fn authenticate(ctx: &mut Ctx, user: &[u8], password: &[u8]) -> Result<(), Error> {
    let want = &ctx.config.security.requirepass;
    if user != b"default" || !(want.is_empty() || want.matches(password)) {
        ctx.shared.workers[ctx.worker].auth_failures.add(1);
        return Err(Error::WRONGPASS);
    }
    ctx.session.authenticated = true;
    ctx.session.info.names.lock().user = "default".into();
    Ok(())
}

fn auth(ctx: &mut Ctx) -> Outcome {
    match ctx.argc() {
        2 if ctx.config.security.requirepass.is_empty() => return Err(Error::AUTH_NO_PASSWORD),
        2 => authenticate(ctx, b"default", ctx.arg(1))?,
        3 => authenticate(ctx, ctx.arg(1), ctx.arg(2))?,
        _ => return Err(Error::SYNTAX),
    }
    ctx.out.ok();
    DONE
}

fn echo(ctx: &mut Ctx) -> Outcome {
    ctx.out.bulk(ctx.arg(1));
    DONE
}

/// A name or version that CLIENT LIST can show: printable ASCII without spaces.
///
/// # Errors
/// The reply that refuses it; `what` names the attribute.
pub fn attribute(text: &[u8], what: &str) -> Result<String, Error> {
    if text.iter().all(u8::is_ascii_graphic) {
        Ok(String::from_utf8_lossy(text).into_owned())
    } else {
        Err(Error::no_special_characters(what))
    }
}

/// The name a client wants to have.
///
/// # Errors
/// As [`attribute`].
pub fn client_name(text: &[u8]) -> Result<String, Error> {
    attribute(text, "Client names")
}

fn hello(ctx: &mut Ctx) -> Outcome {
    let mut version = None;
    if let Some(text) = ctx.args.get(1) {
        version = match parse_i64(text).ok_or(Error::NOT_PROTO_INT)? {
            2 => Some(false),
            3 => Some(true),
            _ => return Err(Error::NOPROTO),
        };
    }
    let (mut login, mut name, mut i) = (None, None, 2);
    while i < ctx.argc() {
        let more = ctx.argc() - 1 - i;
        if ctx.is(i, "AUTH") && more >= 2 {
            login = Some((ctx.arg(i + 1), ctx.arg(i + 2)));
            i += 3;
        } else if ctx.is(i, "SETNAME") && more >= 1 {
            name = Some(client_name(ctx.arg(i + 1))?);
            i += 2;
        } else {
            return Err(Error::hello_option(ctx.arg(i)));
        }
    }
    if let Some((user, password)) = login {
        authenticate(ctx, user, password)?;
    }
    if !ctx.session.is_let_in(ctx.config) {
        return Err(Error::HELLO_NOAUTH);
    }
    if let Some(name) = name {
        ctx.session.info.names.lock().name = name;
    }
    if let Some(resp3) = version {
        ctx.session.resp3 = resp3;
        ctx.out.resp3 = resp3;
    }
    greet(ctx);
    DONE
}

/// What HELLO replies.
fn greet(ctx: &mut Ctx) {
    ctx.out.map(7);
    for (k, v) in [("server", "valkey"), ("version", version::VALKEY)] {
        ctx.out.bulk(k.as_bytes());
        ctx.out.bulk(v.as_bytes());
    }
    ctx.out.bulk(b"proto");
    ctx.out.int(if ctx.session.resp3 { 3 } else { 2 });
    ctx.out.bulk(b"id");
    ctx.out.int(ctx.session.id() as i64);
    for (k, v) in [("mode", "standalone"), ("role", "master")] {
        ctx.out.bulk(k.as_bytes());
        ctx.out.bulk(v.as_bytes());
    }
    ctx.out.bulk(b"modules");
    ctx.out.array(0);
}

fn ping(ctx: &mut Ctx) -> Outcome {
    if ctx.argc() > 2 {
        return Err(Error::wrong_arity("ping"));
    }
    let message = ctx.args.get(1);
    if !ctx.session.resp3 && ctx.session.is_subscriber() {
        ctx.out.array(2);
        ctx.out.bulk(b"pong");
        ctx.out.bulk(message.unwrap_or(b""));
    } else {
        match message {
            Some(m) => ctx.out.bulk(m),
            None => ctx.out.raw(b"+PONG\r\n"),
        }
    }
    DONE
}

fn quit(ctx: &mut Ctx) -> Outcome {
    ctx.out.ok();
    ctx.session.close_after_reply = true;
    DONE
}

fn reset(ctx: &mut Ctx) -> Outcome {
    let s = &mut *ctx.session;
    if std::mem::take(&mut s.monitor) {
        ctx.shared.remove_monitor(s.id());
    }
    (s.db, s.resp3, s.transaction) = (0, false, None);
    std::mem::take(&mut s.watch).forget(ctx.keys.held);
    ctx.shared.channels.leave(std::mem::take(&mut s.subscriptions), s.id());
    super::pubsub::deliver(ctx);
    let s = &mut *ctx.session;
    s.authenticated = ctx.config.security.requirepass.is_empty();
    {
        let mut names = s.info.names.lock();
        names.name.clear();
        names.user = "default".into();
    }
    // A reply that was to be left out is this one's.
    if s.reply_mode == ReplyMode::Off {
        s.reply_mode = ReplyMode::On;
    }
    s.no_touch = false;
    s.info.set_flag(flag::NO_EVICT, false);
    ctx.out.resp3 = false;
    ctx.out.simple("RESET");
    DONE
}

fn select(ctx: &mut Ctx) -> Outcome {
    let index = parse_i64(ctx.arg(1)).ok_or(Error::NOT_INT)?;
    if i32::try_from(index).is_err() {
        return Err(Error::not_in_range(i64::from(i32::MIN), i64::from(i32::MAX)));
    }
    if !(0..i64::from(ctx.shared.keyspace.databases())).contains(&index) {
        return Err(Error::DB_INDEX_RANGE);
    }
    ctx.session.db = index as u32;
    ctx.out.ok();
    DONE
}
