//! What a command contributes to the journal, before it is known how much that is.
//!
//! The journal (`session::journal`) holds commands that, executed one after another on the
//! same beginning, give the same data set: the append-only file and replicas consume it. Most
//! commands are written as their client sent them. One whose effect depends on the clock,
//! on chance or on having waited is written in another form, with [`Ops::instead`]; what a
//! command does to keys it does not name (an expired key it came upon) is added with
//! [`Ops::push`]. Nothing is recorded while nobody reads the journal.

use crate::protocol::request::write_request;

/// Operations of one command or transaction, as RESP requests.
#[derive(Default)]
pub struct Ops {
    /// Somebody reads the journal.
    on: bool,
    /// Deletions by expiry are written as UNLINK.
    pub lazy_expire: bool,
    /// The command's own text is not to be written.
    replaced: bool,
    text: Vec<u8>,
    /// For each operation its database and the end of its text.
    list: Vec<(u32, usize)>,
}

/// A buffer larger than this is given back after its command.
const KEEP_BYTES: usize = 64 << 10;

impl Ops {
    /// Whether operations are recorded.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.on
    }

    /// Begins a command's record.
    #[inline]
    pub fn begin(&mut self, on: bool) {
        self.on = on;
        self.replaced = false;
    }

    /// Adds an operation on a database.
    pub fn push<'a>(&mut self, db: u32, args: impl ExactSizeIterator<Item = &'a [u8]>) {
        if self.on {
            write_request(&mut self.text, args);
            self.list.push((db, self.text.len()));
        }
    }

    /// Adds an operation that stands in place of the command itself. May be called several
    /// times for several operations.
    pub fn instead<'a>(&mut self, db: u32, args: impl ExactSizeIterator<Item = &'a [u8]>) {
        self.replaced = true;
        self.push(db, args);
    }

    /// The command itself is not written.
    pub fn suppress(&mut self) {
        self.replaced = true;
    }

    /// Adds the deletion of a key that time or eviction removed.
    pub fn push_removal(&mut self, db: u32, key: &[u8], lazy: bool) {
        self.push(db, [if lazy { &b"UNLINK"[..] } else { b"DEL" }, key].into_iter());
    }

    /// Whether the command's own text is to be written, if it changed anything.
    #[inline]
    pub fn wants_command(&self) -> bool {
        self.on && !self.replaced
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Number of operations.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// The operations, each with its database.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let starts = std::iter::once(0).chain(self.list.iter().map(|(_, end)| *end));
        self.list.iter().zip(starts).map(|((db, end), start)| (*db, &self.text[start..*end]))
    }

    /// Forgets the operations.
    pub fn clear(&mut self) {
        self.list.clear();
        self.text.clear();
        if self.text.capacity() > KEEP_BYTES {
            self.text = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(ops: &Ops) -> Vec<(u32, String)> {
        ops.iter().map(|(db, t)| (db, String::from_utf8_lossy(t).into_owned())).collect()
    }

    #[test]
    fn nothing_is_recorded_for_nobody() {
        let mut ops = Ops::default();
        ops.begin(false);
        ops.push(0, [&b"DEL"[..], b"k"].into_iter());
        assert!(ops.is_empty() && !ops.wants_command());
    }

    #[test]
    fn operations_keep_their_order_and_their_database() {
        let mut ops = Ops::default();
        ops.begin(true);
        ops.push_removal(3, b"a", true);
        assert!(ops.wants_command());
        ops.instead(0, [&b"SET"[..], b"", b"x"].into_iter());
        assert!(!ops.wants_command());
        let want = [(3, "*2\r\n$6\r\nUNLINK\r\n$1\r\na\r\n"), (0, "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$1\r\nx\r\n")];
        assert_eq!(texts(&ops), want.map(|(db, t)| (db, t.to_owned())));
        ops.clear();
        assert_eq!((ops.len(), texts(&ops)), (0, vec![]));
    }
}
