//! The command logs: the latest commands that were slow, or large, or answered at length.
//!
//! One ring per kind behind a lock that is only taken when a command crosses the kind's
//! threshold, or when somebody reads. An entry owns trimmed copies of the arguments: a
//! log must not keep a 100 MB request alive.

use parking_lot::Mutex;
use std::collections::VecDeque;

/// What made a command worth remembering.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Slow,
    LargeRequest,
    LargeReply,
}

impl Kind {
    /// The kind that COMMANDLOG calls `name`, in any case.
    pub fn named(name: &[u8]) -> Option<Kind> {
        [(Kind::Slow, "slow"), (Kind::LargeRequest, "large-request"), (Kind::LargeReply, "large-reply")]
            .into_iter()
            .find(|(_, text)| name.eq_ignore_ascii_case(text.as_bytes()))
            .map(|(kind, _)| kind)
    }
}

/// One remembered command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Counts up for as long as the server runs.
    pub id: u64,
    /// Unix seconds.
    pub time_s: u64,
    /// Microseconds, or bytes.
    pub value: u64,
    /// Trimmed arguments.
    pub args: Vec<Vec<u8>>,
    pub addr: String,
    pub client_name: String,
}

#[derive(Default)]
struct Log {
    /// Oldest first.
    entries: VecDeque<Entry>,
    next_id: u64,
}

impl Log {
    fn trim(&mut self, max_len: u64) {
        while self.entries.len() as u64 > max_len {
            self.entries.pop_front();
        }
    }
}

/// The logs of all kinds.
#[derive(Default)]
pub struct CommandLogs([Mutex<Log>; 3]);

impl CommandLogs {
    /// Adds an entry, whose number is given here, and forgets those beyond `max_len`.
    pub fn push(&self, kind: Kind, mut entry: Entry, max_len: u64) {
        let mut log = self.0[kind as usize].lock();
        entry.id = log.next_id;
        log.next_id += 1;
        log.entries.push_back(entry);
        log.trim(max_len);
    }

    /// The latest `count` entries of at most `max_len`, newest first.
    pub fn latest(&self, kind: Kind, count: usize, max_len: u64) -> Vec<Entry> {
        let mut log = self.0[kind as usize].lock();
        log.trim(max_len);
        log.entries.iter().rev().take(count).cloned().collect()
    }

    /// Number of entries, at most `max_len`.
    pub fn len(&self, kind: Kind, max_len: u64) -> usize {
        let mut log = self.0[kind as usize].lock();
        log.trim(max_len);
        log.entries.len()
    }

    /// Forgets all entries of one kind; their numbers are not given again.
    pub fn reset(&self, kind: Kind) {
        self.0[kind as usize].lock().entries.clear();
    }
}

/// Most arguments of an entry, and most bytes of each.
const MAX_ARGS: usize = 32;
const MAX_ARG_BYTES: usize = 128;

/// Copies arguments, with a note in place of what is left out. `hidden` says which must
/// not be shown.
pub fn trimmed<'a>(args: impl ExactSizeIterator<Item = &'a [u8]>, hidden: impl Fn(usize) -> bool) -> Vec<Vec<u8>> {
    let n = args.len();
    let shown = if n > MAX_ARGS { MAX_ARGS - 1 } else { n };
    let mut out: Vec<Vec<u8>> = args
        .take(shown)
        .enumerate()
        .map(|(i, arg)| match arg.len().checked_sub(MAX_ARG_BYTES) {
            _ if hidden(i) => b"(redacted)".to_vec(),
            None | Some(0) => arg.to_vec(),
            Some(more) => [&arg[..MAX_ARG_BYTES], format!("... ({more} more bytes)").as_bytes()].concat(),
        })
        .collect();
    if n > shown {
        out.push(format!("... ({} more arguments)", n - shown).into_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(value: u64) -> Entry {
        Entry { id: 0, time_s: 0, value, args: Vec::new(), addr: String::new(), client_name: String::new() }
    }

    #[test]
    fn keeps_the_latest_and_never_repeats_a_number() {
        let logs = CommandLogs::default();
        (0..5).for_each(|v| logs.push(Kind::Slow, entry(v), 3));
        let ids = |n| logs.latest(Kind::Slow, n, 9).iter().map(|e| e.id).collect::<Vec<_>>();
        assert_eq!(ids(2), [4, 3]);
        assert_eq!(ids(9), [4, 3, 2]);
        assert_eq!(logs.len(Kind::LargeReply, 9), 0);
        logs.reset(Kind::Slow);
        logs.push(Kind::Slow, entry(0), 3);
        assert_eq!(ids(9), [5]);
    }

    #[test]
    fn trims_many_and_long_arguments() {
        let long = vec![b'x'; 130];
        let args: Vec<&[u8]> = vec![b"SET", b"secret", &long[..128], &long];
        let got = trimmed(args.into_iter(), |i| i == 1);
        assert_eq!(got[..3], [b"SET".to_vec(), b"(redacted)".to_vec(), long[..128].to_vec()]);
        assert_eq!(got[3], [&long[..128], b"... (2 more bytes)"].concat());
        let got = |n| trimmed(vec![b"a".as_slice(); n].into_iter(), |_| false);
        assert_eq!(got(32).len(), 32);
        let many = got(35);
        assert_eq!((many.len(), many[31].as_slice()), (32, b"... (4 more arguments)".as_slice()));
    }
}
