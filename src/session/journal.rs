//! The journal: every change to the data set, as commands, in the order they were executed.
//!
//! A command appends under the locks of its keys, so for each key the order here is that of
//! execution. An offset counts the bytes ever appended; it names a point in the history.
//! The bytes wait in one buffer until the writer of the append-only file takes them all.
//!
//! ```text
//!            confirmed            taken              end
//! ---------------|--------------------|----------------|
//!  replies may leave   being written     in the buffer
//! ```
//!
//! A reply may leave once `confirmed` has reached the offset the journal had when the reply
//! was made: with `appendfsync always` that says the operations before it are durable (one
//! fsync covers everybody who waits), otherwise only that the buffer has not outgrown its
//! bound. While the file cannot be written, replies of clients that only read go on.
//!
//! A mark cuts the journal in two: what is taken never spans one. A rewrite of the file
//! sets a mark at the very point of its snapshot, and goes on in another file from there.

use crate::{base::sync::Mutex, keyspace::ops::Ops, protocol::request::write_request};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc,
        atomic::{
            AtomicBool, AtomicU64,
            Ordering::{Relaxed, SeqCst},
        },
    },
    task::{Context, Poll, Waker},
};

/// What the writer takes at once.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// Offset of the first byte.
    pub start: u64,
    pub text: Vec<u8>,
    /// What follows lies behind a mark.
    pub ends_at_mark: bool,
}

impl Batch {
    /// Offset behind the last byte.
    pub fn end(&self) -> u64 {
        self.start + self.text.len() as u64
    }
}

/// Is shown each append: the offset before it, and its bytes. Called in the journal's order.
pub type Tap = Arc<dyn Fn(u64, &[u8]) + Send + Sync>;

#[derive(Default)]
struct Buffer {
    text: Vec<u8>,
    /// Offset of the first byte of `text`.
    start: u64,
    /// Database of the last operation; `None` where the next has to say its own.
    db: Option<u32>,
    /// Offsets of marks not yet passed by the writer.
    marks: VecDeque<u64>,
    writer: Option<Waker>,
    tap: Option<Tap>,
}

impl Buffer {
    fn end(&self) -> u64 {
        self.start + self.text.len() as u64
    }

    fn wake(&mut self) {
        if let Some(w) = self.writer.take() {
            w.wake();
        }
    }
}

/// See the module.
#[derive(Default)]
pub struct Journal {
    on: AtomicBool,
    buffer: Mutex<Buffer>,
    /// Mirror of the buffer's end.
    end: AtomicU64,
    /// Offset up to which replies may leave; above every offset while nothing is promised.
    confirmed: AtomicU64,
    /// The file cannot be written.
    failing: AtomicBool,
    /// Who waits for `confirmed`, by client.
    waiting: Mutex<BTreeMap<u64, (u64, Waker)>>,
}

impl Journal {
    /// Whether commands are to be recorded.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.on.load(Relaxed)
    }

    /// Begins or ends recording. The caller holds every shard lock, so that no command is
    /// recorded by half. Ending forgets what the writer has not taken.
    pub fn turn(&self, on: bool) {
        let mut b = self.buffer.lock();
        self.on.store(on, SeqCst);
        let end = b.end();
        if !on {
            *b = Buffer { start: end, writer: b.writer.take(), tap: b.tap.take(), ..Buffer::default() };
            b.wake();
        }
        b.db = None;
        drop(b);
        self.confirm(if on { end } else { u64::MAX });
    }

    /// Appends what a command did, as one transaction if `whole` and it is more than one
    /// operation; the offset behind it. Its locks are held.
    pub fn append(&self, ops: &Ops, whole: bool) -> u64 {
        let mut b = self.buffer.lock();
        let before = b.text.len();
        let wrap = whole && ops.len() > 1;
        for (i, (db, text)) in ops.iter().enumerate() {
            if b.db != Some(db) {
                b.db = Some(db);
                let number = db.to_string();
                write_request(&mut b.text, [&b"SELECT"[..], number.as_bytes()].into_iter());
            }
            if wrap && i == 0 {
                b.text.extend_from_slice(b"*1\r\n$5\r\nMULTI\r\n");
            }
            b.text.extend_from_slice(text);
        }
        if wrap {
            b.text.extend_from_slice(b"*1\r\n$4\r\nEXEC\r\n");
        }
        let end = b.end();
        self.end.store(end, SeqCst);
        if let Some(tap) = &b.tap {
            tap(b.start + before as u64, &b.text[before..]);
        }
        b.wake();
        end
    }

    /// Shows every append from now on to `tap`: for tests that compare what survives a crash
    /// with what there was.
    pub fn set_tap(&self, tap: Tap) {
        self.buffer.lock().tap = Some(tap);
    }

    /// Offset behind the last operation.
    pub fn end(&self) -> u64 {
        self.end.load(SeqCst)
    }

    /// Cuts the journal here. The caller holds every shard lock.
    pub fn mark(&self) -> u64 {
        let mut b = self.buffer.lock();
        let end = b.end();
        b.marks.push_back(end);
        b.db = None;
        b.wake();
        end
    }

    /// Takes everything up to the next mark; `spare` becomes the new buffer. Waits while
    /// there is nothing, unless a mark is reached, which comes as a batch that ends there
    /// and may be empty.
    pub fn poll_take(&self, spare: &mut Vec<u8>, cx: &mut Context) -> Poll<Batch> {
        let mut b = self.buffer.lock();
        let start = b.start;
        if let Some(mark) = b.marks.front().copied() {
            b.marks.pop_front();
            let rest = b.text.split_off((mark - start) as usize);
            let text = std::mem::replace(&mut b.text, rest);
            b.start = mark;
            return Poll::Ready(Batch { start, text, ends_at_mark: true });
        }
        if b.text.is_empty() {
            b.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        spare.clear();
        let text = std::mem::replace(&mut b.text, std::mem::take(spare));
        b.start += text.len() as u64;
        Poll::Ready(Batch { start, text, ends_at_mark: false })
    }

    /// Bytes the writer has not taken.
    pub fn waiting_bytes(&self) -> usize {
        self.buffer.lock().text.len()
    }

    /// Says up to which offset replies may leave from now on.
    pub fn confirm(&self, offset: u64) {
        self.confirmed.store(offset, SeqCst);
        let mut g = self.waiting.lock();
        g.retain(|_, (at, waker)| {
            let waits = *at > offset;
            if !waits {
                waker.wake_by_ref();
            }
            waits
        });
    }

    /// Offset up to which replies may leave.
    pub fn confirmed(&self) -> u64 {
        self.confirmed.load(SeqCst)
    }

    /// Says whether the file can be written. If it cannot, who waits for the changes of others
    /// need not any more.
    pub fn set_failing(&self, failing: bool) {
        self.failing.store(failing, SeqCst);
        if failing {
            self.waiting.lock().values().for_each(|(_, waker)| waker.wake_by_ref());
        }
    }

    pub fn is_failing(&self) -> bool {
        self.failing.load(SeqCst)
    }

    /// The offset that what has just been replied to a client waits for; `own` is that of
    /// its own last change.
    #[inline]
    pub fn gate(&self, own: u64) -> u64 {
        match self.is_on() {
            false => 0,
            true if self.is_failing() => own,
            true => self.end(),
        }
    }

    /// Whether replies that wait for `gate` may leave; if not, `client` is woken then. `own` is
    /// the offset of its own last change, which is all that counts once the file fails.
    #[inline]
    pub fn poll_open(&self, client: u64, gate: u64, own: u64, cx: &mut Context) -> Poll<()> {
        let is_open = || gate <= self.confirmed() || self.is_failing() && own <= self.confirmed();
        if is_open() {
            return Poll::Ready(());
        }
        let mut g = self.waiting.lock();
        if is_open() {
            return Poll::Ready(());
        }
        g.insert(client, (gate, cx.waker().clone()));
        Poll::Pending
    }

    /// Forgets a client that waits no more.
    pub fn leave(&self, client: u64) {
        self.waiting.lock().remove(&client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ops(list: &[(u32, &str)]) -> Ops {
        let mut ops = Ops::default();
        ops.begin(true);
        for (db, name) in list {
            ops.push(*db, [name.as_bytes()].into_iter());
        }
        ops
    }

    fn take(j: &Journal) -> Option<(String, bool)> {
        match j.poll_take(&mut Vec::new(), &mut Context::from_waker(Waker::noop())) {
            Poll::Ready(b) => Some((String::from_utf8(b.text).unwrap(), b.ends_at_mark)),
            Poll::Pending => None,
        }
    }

    #[test]
    fn several_operations_are_a_transaction_and_databases_are_selected() {
        let j = Journal::default();
        j.turn(true);
        j.append(&ops(&[(0, "A")]), true);
        j.append(&ops(&[(0, "B"), (0, "C")]), true);
        j.append(&ops(&[(2, "D"), (2, "E")]), false);
        let want = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*1\r\n$1\r\nA\r\n*1\r\n$5\r\nMULTI\r\n*1\r\n$1\r\nB\r\n*1\r\n$1\r\nC\r\n\
                    *1\r\n$4\r\nEXEC\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n2\r\n*1\r\n$1\r\nD\r\n*1\r\n$1\r\nE\r\n";
        assert_eq!(take(&j), Some((want.into(), false)));
        assert_eq!(j.end(), want.len() as u64);
        assert_eq!(take(&j), None);
    }

    #[test]
    fn a_tap_sees_every_append() {
        let j = Journal::default();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let seen2 = seen.clone();
        j.set_tap(Arc::new(move |at, text: &[u8]| seen2.lock().push((at, text.len() as u64))));
        j.turn(true);
        let first = j.append(&ops(&[(0, "A")]), true);
        j.turn(false);
        j.turn(true);
        let second = j.append(&ops(&[(0, "B"), (0, "C")]), true);
        assert_eq!(*seen.lock(), [(0, first), (first, second - first)]);
    }

    #[test]
    fn a_mark_cuts_and_the_database_is_said_again() {
        let j = Journal::default();
        j.turn(true);
        j.append(&ops(&[(0, "A")]), true);
        let at = j.mark();
        j.append(&ops(&[(0, "B")]), true);
        let (text, marked) = take(&j).unwrap();
        assert_eq!((text.len() as u64, marked), (at, true));
        assert_eq!(take(&j), Some(("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*1\r\n$1\r\nB\r\n".into(), false)));
        j.mark();
        assert_eq!(take(&j), Some((String::new(), true)));
    }

    #[test]
    fn replies_wait_until_confirmed() {
        struct Count(AtomicU64);
        impl std::task::Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, SeqCst);
            }
        }
        let j = Journal::default();
        let count = Arc::new(Count(AtomicU64::new(0)));
        let waker = Waker::from(count.clone());
        let mut cx = Context::from_waker(&waker);
        assert!(j.poll_open(1, j.gate(0), 0, &mut cx).is_ready(), "nothing is promised");
        j.turn(true);
        let end = j.append(&ops(&[(0, "A")]), true);
        assert!(j.poll_open(1, j.gate(0), 0, &mut cx).is_pending());
        j.confirm(end - 1);
        assert_eq!(count.0.load(SeqCst), 0);
        j.confirm(end);
        assert_eq!(count.0.load(SeqCst), 1);
        assert!(j.poll_open(1, end, 0, &mut cx).is_ready());
        j.append(&ops(&[(0, "B")]), true);
        assert!(j.poll_open(4, j.gate(end), end, &mut cx).is_pending());
        j.set_failing(true);
        assert_eq!(count.0.load(SeqCst), 2);
        assert!(j.poll_open(4, j.end(), end, &mut cx).is_ready(), "who waits for others goes on");
        assert!(j.poll_open(2, j.gate(end), end, &mut cx).is_ready(), "who has changed nothing goes on");
        assert!(j.poll_open(3, j.gate(j.end()), j.end(), &mut cx).is_pending());
        j.turn(false);
        assert_eq!(count.0.load(SeqCst), 4, "no promise any more");
    }
}
