//! What the model asks of a family of commands: those of one type, one enum each.
//!
//! [`super::Command`] asks through this trait what it cannot know itself, so that a new
//! family is one line there and files of its own.

use super::{command::Key, encode::Words, reply::Reply};
use bytes::Bytes;

/// Gives the name of a key.
pub type Name<'a> = &'a dyn Fn(Key) -> Bytes;

/// A command of one family.
pub trait Family {
    /// Calls `f` with every key the command names.
    fn each_key(&self, f: &mut dyn FnMut(Key));

    /// Writes the command's words.
    fn words(&self, w: &mut Words);

    /// Whether it leaves everything as it is, whatever it replies.
    fn only_reads(&self) -> bool;

    /// Whether the reply, which is no error, proves that it left everything as it was.
    fn was_inert(&self, _reply: &Reply) -> bool {
        false
    }

    /// A blocking command's time-out; 0 is for ever.
    fn timeout_ms(&self) -> Option<u64> {
        None
    }

    /// Takes out of a reply what the model does not know or care about: names of keys, the
    /// order of what has none, and what RESP2 and RESP3 nest differently.
    fn normalise(&self, _reply: &mut Reply, _name: Name) {}
}
