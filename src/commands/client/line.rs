//! One client as CLIENT LIST and CLIENT INFO show it: `id=3 addr=127.0.0.1:1234 ...`.

use crate::{
    base::time::Mono,
    commands::table::COMMANDS,
    session::clients::{ClientInfo, capa, flag},
};
use std::{fmt::Write, sync::atomic::Ordering::Relaxed};

/// Letters of the `flags` field, in the order they are printed.
const FLAGS: [(u32, char); 11] = [
    (flag::MONITOR, 'O'),
    (flag::REPLICA, 'S'),
    (flag::PUBSUB, 'P'),
    (flag::MULTI, 'x'),
    (flag::BLOCKED | flag::PAUSED, 'b'),
    (flag::DIRTY_CAS, 'd'),
    (flag::CLOSE_AFTER_REPLY, 'c'),
    (flag::CLOSE_ASAP, 'A'),
    (flag::UNIX_SOCKET, 'U'),
    (flag::NO_EVICT, 'e'),
    (flag::NO_TOUCH, 'T'),
];

/// Every letter that a `flags` field of Valkey can have.
pub const FLAG_LETTERS: &[u8] = b"OSMPxbtRBdcuAUreTIN";
/// Every letter that a `capa` field can have.
pub const CAPA_LETTERS: &[u8] = b"r";

/// A client's `flags` field.
pub fn flags(c: &ClientInfo) -> String {
    let set: String = FLAGS.iter().filter(|(bits, _)| c.has_flag(*bits)).map(|(_, letter)| letter).collect();
    if set.is_empty() { "N".into() } else { set }
}

/// A client's `capa` field.
pub fn capabilities(c: &ClientInfo) -> &'static str {
    if c.capa.load(Relaxed) & capa::REDIRECT != 0 { "r" } else { "" }
}

/// Seconds since the connection began.
pub fn age_s(c: &ClientInfo, now: Mono) -> u64 {
    (now.0 / 1_000_000).saturating_sub(c.created_ms) / 1000
}

/// Seconds since the client last sent a request.
pub fn idle_s(c: &ClientInfo, now: Mono) -> u64 {
    (now.0 / 1_000_000).saturating_sub(c.active_ms.load(Relaxed)) / 1000
}

/// Appends a client's line without its end.
///
/// Fields that name parts this server does not have keep their places with the value they
/// have where there is nothing to tell: `redir=-1`, for one.
pub fn append(c: &ClientInfo, now: Mono, line: &mut String) {
    let names = c.names.lock().clone();
    let command = match c.last_command.load(Relaxed) {
        0 => "NULL".into(),
        n => COMMANDS[n as usize - 1].full_name(),
    };
    let (waiting, buffer) = (c.output_bytes.load(Relaxed), c.output_memory_bytes.load(Relaxed));
    let n = |a: &std::sync::atomic::AtomicU64| a.load(Relaxed);
    let done = write!(
        line,
        "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} capa={} db={} sub={} psub={} ssub={} multi={} \
         watch={} qbuf={} qbuf-free={} argv-mem={} multi-mem={} rbs={} rbp={} obl={} oll={} omem={} tot-mem={} \
         events={} cmd={} user={} redir=-1 resp={} lib-name={} lib-ver={} tot-net-in={} tot-net-out={} tot-cmds={}",
        c.id,
        c.addr,
        c.local_addr,
        c.descriptor.unwrap_or(-1),
        names.name,
        age_s(c, now),
        idle_s(c, now),
        flags(c),
        capabilities(c),
        c.db.load(Relaxed),
        c.channels.load(Relaxed),
        c.patterns.load(Relaxed),
        c.shard_channels.load(Relaxed),
        c.queued.load(Relaxed),
        c.watched.load(Relaxed),
        n(&c.query_bytes),
        n(&c.query_free_bytes),
        n(&c.argv_bytes),
        n(&c.queued_bytes),
        buffer,
        buffer,
        waiting,
        u8::from(waiting > 0),
        if waiting > 0 { buffer } else { 0 },
        c.memory_bytes(),
        if waiting > 0 { "rw" } else { "r" },
        command,
        names.user,
        if c.resp3.load(Relaxed) { 3 } else { 2 },
        names.lib_name,
        names.lib_ver,
        n(&c.net_in_bytes),
        n(&c.net_out_bytes),
        n(&c.commands),
    );
    done.expect("a string takes all");
}
