//! Showing commands to people: MONITOR's lines, and what must not be shown at all.

use super::Engine;
use crate::{
    base::{split::quoted, time::Now},
    commands::{generic::migrate, row::Flags, table::Command},
    config,
    session::{Args, Session, clients::flag, mailbox::Msg},
};
use bytes::Bytes;
use std::sync::atomic::Ordering::Relaxed;

impl Engine {
    /// Shows an executed command to MONITOR clients, unless it is not for them.
    #[inline]
    pub(super) fn show(&self, s: &Session, now: &Now, command: &Command, args: &Args) {
        if self.shared.monitor_count.load(Relaxed) > 0 && !command.row.flags.any(Flags::SKIP_MONITOR.or(Flags::ADMIN)) {
            self.feed_monitors(s, now, command, args);
        }
    }

    #[cold]
    fn feed_monitors(&self, s: &Session, now: &Now, command: &Command, args: &Args) {
        let us = now.unix_us();
        let (unix, addr) = if s.info.has_flag(flag::UNIX_SOCKET) {
            ("unix:", s.info.addr.trim_end_matches(":0"))
        } else {
            ("", s.info.addr.as_str())
        };
        let mut line = format!("+{}.{:06} [{} {unix}{addr}]", us / 1_000_000, us % 1_000_000, s.db).into_bytes();
        for (i, a) in args.from(0).enumerate() {
            line.push(b' ');
            quoted(if is_secret(command, *args, i) { b"(redacted)" } else { a }, &mut line);
        }
        line.extend_from_slice(b"\r\n");
        let line = Bytes::from(line);
        for m in self.shared.monitors.lock().iter() {
            m.mailbox.post(Msg::Raw(line.clone()));
        }
    }
}

/// Whether argument `i` holds a password or the like.
pub(super) fn is_secret(command: &Command, args: Args, i: usize) -> bool {
    match (command.parent.map(|p| p.name), command.row.name) {
        (None, "auth") => i > 0,
        (None, "hello") => is_hello_secret(args, i),
        (None, "migrate") => migrate::is_secret(args, i),
        (Some("config"), "set") => {
            i >= 3 && i % 2 == 1 && config::find(args.at(i - 1)).is_some_and(|(d, _)| d.spec.sensitive)
        }
        _ => false,
    }
}

/// HELLO's user and password: the two words behind an AUTH that is itself an option.
fn is_hello_secret(args: Args, i: usize) -> bool {
    let mut at = 2;
    while at < i {
        let option = args.at(at);
        if option.eq_ignore_ascii_case(b"AUTH") {
            if i <= at + 2 {
                return true;
            }
            at += 3;
        } else if option.eq_ignore_ascii_case(b"SETNAME") {
            at += 2;
        } else {
            return false;
        }
    }
    false
}
