//! A session's output buffer: replies that wait to be written to the socket.
//!
//! Small replies are appended to one growing vector, the tail. A tail about to outgrow
//! 64 KiB is retired into a queue of finished chunks, so a long reply never reallocates
//! what it already holds and the shell can write the queue with one vectored call. A
//! large value that is already shared ([`Bytes`]) joins the queue without being copied.
//!
//! Two things reach back into what was written. [`Output::truncate`] takes back what a
//! failed command wrote since a [`Mark`]. And an aggregate whose length is known only at
//! its end leaves a hole where its header belongs: as long as the hole is in the tail,
//! the header is inserted there by moving the bytes behind it; when the tail is retired
//! first, it is cut at the hole, and the header becomes a chunk of its own. Holes are
//! closed last opened first, and nothing is taken from the front while one is open.

use bytes::{Buf, Bytes};
use smallvec::SmallVec;
use std::{collections::VecDeque, io::IoSlice, mem};

/// Size at which the tail is retired, and from which a value travels as its own chunk.
pub const CHUNK_BYTES: usize = 64 * 1024;

/// With more than this, replies must leave before more requests are executed, or a limit
/// decides the client's fate.
pub const HIGH_BYTES: usize = 1 << 20;

/// Bytes on their way to a client, in order; see the module's head.
#[derive(Default, Debug)]
pub struct Output {
    /// Finished chunks, oldest first. Only an open hole's chunk is empty.
    chunks: VecDeque<Bytes>,
    /// The length of all chunks together.
    chunk_bytes: usize,
    /// What was written last; `tail[..tail_sent]` has left already.
    tail: Vec<u8>,
    tail_sent: usize,
    /// How many bytes, and how many chunks, have ever left at the front.
    sent: u64,
    popped: u64,
    holes: SmallVec<[Hole; 2]>,
}

/// Where the header of an unfinished aggregate belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hole {
    /// At this offset of the tail.
    Tail(usize),
    /// In place of the empty chunk with this number, counted from the first chunk ever.
    Chunk(u64),
}

/// A position in an [`Output`], to go back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    total: u64,
    holes: usize,
}

impl Output {
    /// An empty buffer; allocates nothing.
    pub fn new() -> Output {
        Output::default()
    }

    /// Bytes that wait to be sent.
    #[inline]
    pub fn len(&self) -> usize {
        self.chunk_bytes + self.tail.len() - self.tail_sent
    }

    /// Whether nothing waits to be sent.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory held, in bytes: shared chunks count in full, as if they were copies.
    pub fn memory_bytes(&self) -> usize {
        self.chunk_bytes + self.tail.capacity() + self.chunks.capacity() * mem::size_of::<Bytes>()
    }

    /// Bytes that ever entered this buffer and were not taken back.
    #[inline]
    pub fn total_written(&self) -> u64 {
        self.sent + self.len() as u64
    }

    /// Makes room for `n` bytes in the tail.
    #[inline]
    pub fn reserve(&mut self, n: usize) {
        if self.tail.capacity() - self.tail.len() < n {
            self.grow(n);
        }
    }

    #[cold]
    fn grow(&mut self, n: usize) {
        if self.tail.len() + n > CHUNK_BYTES && !self.tail.is_empty() {
            self.retire();
            self.tail.reserve(n.max(CHUNK_BYTES));
        } else {
            self.tail.reserve(n);
        }
    }

    /// Appends a copy of `bytes`.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) {
        if bytes.len() >= CHUNK_BYTES {
            return self.push_chunk(Bytes::copy_from_slice(bytes));
        }
        self.reserve(bytes.len());
        self.tail.extend_from_slice(bytes);
    }

    /// Appends one byte.
    #[inline]
    pub fn put_u8(&mut self, byte: u8) {
        self.reserve(1);
        self.tail.push(byte);
    }

    /// Appends shared bytes; large ones are not copied.
    pub fn put_shared(&mut self, bytes: Bytes) {
        if bytes.len() >= CHUNK_BYTES {
            self.push_chunk(bytes);
        } else {
            self.put(&bytes);
        }
    }

    /// Moves everything `other` holds to the end of this buffer.
    ///
    /// Panics if an aggregate of `other` is unfinished.
    pub fn append(&mut self, mut other: Output) {
        assert!(other.holes.is_empty(), "appended an unfinished reply");
        while let Some(chunk) = other.pop_chunk() {
            self.put_shared(chunk);
        }
        self.put(&other.tail[other.tail_sent..]);
    }

    /// Every waiting byte, copied into one vector; for tests and for replies that a
    /// script reads back.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.len());
        for chunk in &self.chunks {
            all.extend_from_slice(chunk);
        }
        all.extend_from_slice(&self.tail[self.tail_sent..]);
        all
    }

    /// Drops everything that waits, and the memory it held.
    pub fn clear(&mut self) {
        let sent = self.total_written();
        *self = Output { sent, ..Output::default() };
    }

    /// Lends an empty buffer `vec` to write into, in place of one of its own.
    pub fn lend(&mut self, vec: Vec<u8>) {
        if self.is_empty() && self.tail.capacity() == 0 {
            self.tail = vec;
            self.tail.clear();
            self.tail_sent = 0;
        }
    }

    /// Takes the write buffer of an empty output away, for the next one who needs it.
    pub fn reclaim(&mut self) -> Option<Vec<u8>> {
        (self.is_empty() && self.tail.capacity() > 0).then(|| {
            self.tail_sent = 0;
            let mut vec = mem::take(&mut self.tail);
            vec.clear();
            vec
        })
    }

    /// Gives back the memory of an empty buffer beyond `keep_bytes`.
    pub fn shrink(&mut self, keep_bytes: usize) {
        if self.is_empty() {
            self.tail.shrink_to(keep_bytes);
            self.chunks.shrink_to(0);
        }
    }

    fn push_chunk(&mut self, chunk: Bytes) {
        self.retire();
        self.chunk_bytes += chunk.len();
        self.chunks.push_back(chunk);
    }

    /// Turns the tail into chunks, cutting it at every hole.
    fn retire(&mut self) {
        let mut cut = self.tail_sent;
        self.tail_sent = 0;
        let mut rest = Bytes::from(mem::take(&mut self.tail));
        rest.advance(cut);
        self.chunk_bytes += rest.len();
        for hole in &mut self.holes {
            if let Hole::Tail(offset) = *hole {
                let piece = rest.split_to(offset - cut);
                cut = offset;
                if !piece.is_empty() {
                    self.chunks.push_back(piece);
                }
                *hole = Hole::Chunk(self.popped + self.chunks.len() as u64);
                self.chunks.push_back(Bytes::new());
            }
        }
        if !rest.is_empty() {
            self.chunks.push_back(rest);
        }
    }

    fn pop_chunk(&mut self) -> Option<Bytes> {
        let chunk = self.chunks.pop_front()?;
        self.popped += 1;
        self.sent += chunk.len() as u64;
        self.chunk_bytes -= chunk.len();
        Some(chunk)
    }
}

/// Going back.
impl Output {
    /// The current end, for [`Output::truncate`]. Good until the front moves past it or
    /// an aggregate begun before it is ended.
    #[inline]
    pub fn mark(&self) -> Mark {
        Mark { total: self.total_written(), holes: self.holes.len() }
    }

    /// Takes back everything written since `mark`, unfinished aggregates included.
    ///
    /// Panics if some of it has been sent already.
    pub fn truncate(&mut self, mark: Mark) {
        assert!(mark.total >= self.sent && self.holes.len() >= mark.holes, "stale mark");
        self.holes.truncate(mark.holes);
        let keep = (mark.total - self.sent) as usize;
        if keep >= self.chunk_bytes {
            let tail_len = keep - self.chunk_bytes + self.tail_sent;
            assert!(tail_len <= self.tail.len(), "mark beyond the end");
            self.tail.truncate(tail_len);
        } else {
            self.tail.clear();
            self.tail_sent = 0;
        }
        loop {
            let surplus = self.chunk_bytes - keep.min(self.chunk_bytes);
            let number = (self.popped + self.chunks.len() as u64).wrapping_sub(1);
            let Some(last) = self.chunks.back_mut() else {
                break;
            };
            if last.is_empty() {
                if self.holes.contains(&Hole::Chunk(number)) {
                    break;
                }
            } else if last.len() > surplus {
                last.truncate(last.len() - surplus);
                self.chunk_bytes -= surplus;
                break;
            }
            self.chunk_bytes -= last.len();
            self.chunks.pop_back();
        }
    }

    /// Leaves a hole at the current end.
    pub(super) fn open_hole(&mut self) {
        self.holes.push(Hole::Tail(self.tail.len()));
    }

    /// How many holes are open.
    pub(super) fn open_holes(&self) -> usize {
        self.holes.len()
    }

    /// Fills the hole opened last with `header`.
    pub(super) fn fill_hole(&mut self, header: &[u8]) {
        match self.holes.pop().expect("an open hole") {
            Hole::Tail(offset) => {
                self.tail.extend_from_slice(header);
                self.tail[offset..].rotate_right(header.len());
            }
            Hole::Chunk(number) => {
                let slot = &mut self.chunks[(number - self.popped) as usize];
                assert!(slot.is_empty(), "the hole is filled already");
                *slot = Bytes::copy_from_slice(header);
                self.chunk_bytes += header.len();
            }
        }
    }
}

/// Leaving at the front. `Buf` gives the shell vectored and partial writes.
impl Output {
    /// The oldest chunk, removed; `None` when nothing waits.
    pub fn take_chunk(&mut self) -> Option<Bytes> {
        assert!(self.holes.is_empty(), "sent an unfinished reply");
        if self.chunks.is_empty() {
            self.retire();
        }
        self.pop_chunk()
    }
}

impl Buf for Output {
    fn remaining(&self) -> usize {
        self.len()
    }

    fn chunk(&self) -> &[u8] {
        assert!(self.holes.is_empty(), "sent an unfinished reply");
        self.chunks.front().map_or(&self.tail[self.tail_sent..], |c| c)
    }

    fn chunks_vectored<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        assert!(self.holes.is_empty(), "sent an unfinished reply");
        let tail = Some(&self.tail[self.tail_sent..]).filter(|t| !t.is_empty());
        let all = self.chunks.iter().map(|c| &c[..]).chain(tail);
        let mut n = 0;
        for (slot, bytes) in slices.iter_mut().zip(all) {
            *slot = IoSlice::new(bytes);
            n += 1;
        }
        n
    }

    fn advance(&mut self, mut n: usize) {
        assert!(n <= self.len() && self.holes.is_empty(), "sent more than there was");
        while let Some(front) = self.chunks.front_mut() {
            if n < front.len() {
                front.advance(n);
                self.chunk_bytes -= n;
                self.sent += n as u64;
                return;
            }
            n -= front.len();
            self.pop_chunk();
        }
        self.tail_sent += n;
        self.sent += n as u64;
        if self.tail_sent == self.tail.len() {
            self.tail.clear();
            self.tail_sent = 0;
        }
    }
}

impl Output {
    /// The tail, in which [`Output::reserve`] has made room.
    #[inline]
    pub(super) fn tail_mut(&mut self) -> &mut Vec<u8> {
        &mut self.tail
    }
}

#[cfg(test)]
mod tests;
