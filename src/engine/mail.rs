//! What others sent to a session, and the end of a session.

use super::Engine;
use crate::{
    keyspace::Held,
    protocol::{Error, Output, Reply},
    session::{Session, clients::flag, mailbox::Msg, state::ReplyMode},
};

impl Engine {
    /// Writes what the mailbox holds into `out`; false if the session was killed.
    pub fn on_mail(&self, s: &mut Session, out: &mut Output) -> bool {
        while let Some(m) = s.info.mailbox.take() {
            match m {
                Msg::Published(p) => p.write(&mut Reply::new(out, s.resp3)),
                // A monitor's lines are replies to MONITOR.
                Msg::Raw(b) if s.reply_mode != ReplyMode::Off => out.put_shared(b),
                Msg::Raw(_) => {}
                Msg::Unblocked(b) => {
                    let silent = s.blocked.take().is_some_and(|b| b.silent);
                    s.info.set_flag(flag::BLOCKED, false);
                    if !silent {
                        out.put(&b);
                    }
                }
                Msg::Unblock { error } => {
                    if let Some(b) = s.blocked.clone() {
                        self.finish_wait(s, &b, error.then_some(&Error::UNBLOCKED), out);
                    }
                }
                Msg::Kill => return false,
                Msg::Nudge => {}
            }
        }
        true
    }

    /// Removes every trace of a session whose connection has ended.
    pub fn disconnect(&self, s: &mut Session) {
        if let Some(b) = s.blocked.take()
            && (b.abandon() || b.is_ended())
        {
            self.forget_wait(&b);
        }
        let mut held = Held::new(&self.shared.keyspace);
        std::mem::take(&mut s.watch).forget(&mut held);
        held.release();
        self.shared.channels.leave(std::mem::take(&mut s.subscriptions), s.info.id);
        if s.monitor {
            self.shared.remove_monitor(s.info.id);
        }
        s.info.mailbox.close();
        self.shared.clients.remove(s.info.id);
    }
}
