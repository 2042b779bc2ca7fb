//! A request's arguments: slices of the buffer they arrived in.
//!
//! Nothing is copied to parse a request. A request that must outlive its buffer (queued by
//! MULTI, or blocked) owns one copy of its bytes; a request that arrived in a buffer of
//! its own (because it is large) lends that buffer out, so that a long value is stored
//! without being copied again.

use crate::protocol::request::Span;
use bytes::Bytes;

/// Borrowed arguments; the first is the command's name.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    buf: &'a [u8],
    spans: &'a [Span],
    /// `buf` as a shareable buffer, when it is one.
    shared: Option<&'a Bytes>,
}

/// An argument at least this long is kept in the buffer it arrived in.
const SHARE_MIN: usize = 32 << 10;

impl<'a> Args<'a> {
    /// Arguments at `spans` of `buf`.
    #[inline]
    pub fn new(buf: &'a [u8], spans: &'a [Span]) -> Args<'a> {
        Args { buf, spans, shared: None }
    }

    /// Arguments at `spans` of a buffer that may be shared.
    pub fn shared(buf: &'a Bytes, spans: &'a [Span]) -> Args<'a> {
        Args { buf, spans, shared: Some(buf) }
    }

    /// Number of arguments, the name included.
    #[inline]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Bytes of the request as it arrived; of the arguments alone where only they were kept.
    #[inline]
    pub fn wire_bytes(&self) -> usize {
        self.buf.len()
    }

    /// Whether there is no argument at all.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Argument `i`.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    pub fn at(&self, i: usize) -> &'a [u8] {
        let s = self.spans[i];
        &self.buf[s.start..s.start + s.len]
    }

    /// Argument `i`, if there is one.
    pub fn get(&self, i: usize) -> Option<&'a [u8]> {
        (i < self.len()).then(|| self.at(i))
    }

    /// Arguments from `i` on.
    #[inline]
    pub fn from(&self, i: usize) -> impl DoubleEndedIterator<Item = &'a [u8]> + ExactSizeIterator + Clone + use<'a> {
        let (buf, spans) = (self.buf, &self.spans[i.min(self.spans.len())..]);
        spans.iter().map(move |s| &buf[s.start..s.start + s.len])
    }

    /// The same arguments without the first `n`.
    pub fn skip(&self, n: usize) -> Args<'a> {
        Args { spans: &self.spans[n.min(self.spans.len())..], ..*self }
    }

    /// Argument `i` as a slice of the buffer it arrived in, together with the size of that
    /// buffer: only when it is long and makes up most of it.
    pub fn share(&self, i: usize) -> Option<(Bytes, usize)> {
        let (buf, s) = (self.shared?, self.spans[i]);
        let len = s.len;
        (len >= SHARE_MIN && len * 2 >= buf.len()).then(|| (buf.slice(s.start..s.start + len), buf.len()))
    }

    /// A copy that owns its bytes.
    pub fn to_owned(&self) -> OwnedArgs {
        if let Some(b) = self.shared {
            return OwnedArgs { buf: b.clone(), spans: self.spans.into() };
        }
        let mut buf = Vec::with_capacity(self.spans.iter().map(|s| s.len).sum());
        let spans = (0..self.len())
            .map(|i| {
                let start = buf.len();
                buf.extend_from_slice(self.at(i));
                Span { start, len: self.spans[i].len }
            })
            .collect();
        OwnedArgs { buf: buf.into(), spans }
    }
}

impl std::fmt::Debug for Args<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.from(0).map(String::from_utf8_lossy)).finish()
    }
}

/// Arguments that own their bytes.
#[derive(Clone)]
pub struct OwnedArgs {
    buf: Bytes,
    spans: Box<[Span]>,
}

impl std::fmt::Debug for OwnedArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.args().fmt(f)
    }
}

impl OwnedArgs {
    /// Copies plain slices.
    pub fn new(parts: &[&[u8]]) -> OwnedArgs {
        let mut buf = Vec::new();
        let spans = parts
            .iter()
            .map(|p| {
                let start = buf.len();
                buf.extend_from_slice(p);
                Span { start, len: p.len() }
            })
            .collect();
        OwnedArgs { buf: buf.into(), spans }
    }

    /// The arguments.
    pub fn args(&self) -> Args<'_> {
        Args::shared(&self.buf, &self.spans)
    }

    /// Heap bytes held.
    pub fn heap_bytes(&self) -> usize {
        self.buf.len() + std::mem::size_of_val(&*self.spans)
    }
}
