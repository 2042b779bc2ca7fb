use super::*;
use proptest::prelude::*;

/// What can be done to an output buffer.
#[derive(Clone, Debug)]
enum Op {
    Put(usize),
    PutShared(usize),
    Open,
    Fill,
    Mark,
    Truncate,
    Advance(usize),
    TakeChunk,
    AppendOther(usize, usize),
}

/// Small pieces, and ones around the size of a chunk.
fn size() -> impl Strategy<Value = usize> {
    prop_oneof![8 => 0usize..40, 2 => 20_000usize..40_000, 1 => CHUNK_BYTES - 2..CHUNK_BYTES + 3]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => size().prop_map(Op::Put),
        2 => size().prop_map(Op::PutShared),
        3 => Just(Op::Open),
        3 => Just(Op::Fill),
        2 => Just(Op::Mark),
        2 => Just(Op::Truncate),
        2 => size().prop_map(Op::Advance),
        1 => Just(Op::TakeChunk),
        1 => (size(), size()).prop_map(|(a, b)| Op::AppendOther(a, b)),
    ]
}

/// The same buffer as one plain vector.
#[derive(Default)]
struct Model {
    bytes: Vec<u8>,
    holes: Vec<usize>,
    mark: Option<(Mark, usize, usize)>,
    fill: u8,
}

impl Model {
    fn piece(&mut self, n: usize) -> Vec<u8> {
        self.fill = self.fill.wrapping_add(1);
        vec![self.fill; n]
    }

    fn sent(&mut self, bytes: &[u8]) {
        assert_eq!(&self.bytes[..bytes.len()], bytes);
        self.bytes.drain(..bytes.len());
        self.mark = None;
    }

    fn apply(&mut self, out: &mut Output, op: Op) {
        match op {
            Op::Put(n) => {
                let piece = self.piece(n);
                out.put(&piece);
                self.bytes.extend(piece);
            }
            Op::PutShared(n) => {
                let piece = self.piece(n);
                self.bytes.extend(&piece);
                out.put_shared(piece.into());
            }
            Op::AppendOther(a, b) => {
                let mut other = Output::new();
                for n in [a, b] {
                    let piece = self.piece(n);
                    other.put(&piece);
                    self.bytes.extend(piece);
                }
                out.append(other);
            }
            Op::Open => {
                out.open_hole();
                self.holes.push(self.bytes.len());
            }
            Op::Fill => {
                if let Some(at) = self.holes.pop() {
                    out.fill_hole(b"*12345\r\n");
                    self.bytes.splice(at..at, *b"*12345\r\n");
                    self.mark = None;
                }
            }
            Op::Mark => self.mark = Some((out.mark(), self.bytes.len(), self.holes.len())),
            Op::Truncate => {
                if let Some((mark, len, holes)) = self.mark {
                    out.truncate(mark);
                    self.bytes.truncate(len);
                    self.holes.truncate(holes);
                }
            }
            Op::Advance(n) if self.holes.is_empty() => {
                let n = n.min(out.len());
                let all = out.to_vec();
                self.sent(&all[..n]);
                out.advance(n);
            }
            Op::TakeChunk if self.holes.is_empty() => {
                let chunk = out.take_chunk();
                assert_eq!(chunk.is_none(), self.bytes.is_empty());
                self.sent(&chunk.unwrap_or_default());
            }
            Op::Advance(_) | Op::TakeChunk => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn behaves_like_one_vector(ops in proptest::collection::vec(op(), 0..60)) {
        let (mut out, mut model) = (Output::new(), Model::default());
        for op in ops {
            model.apply(&mut out, op);
            prop_assert_eq!(out.len(), model.bytes.len());
            prop_assert!(out.memory_bytes() >= out.len());
            prop_assert!(out.tail.capacity() <= 2 * CHUNK_BYTES);
        }
        while !model.holes.is_empty() {
            model.apply(&mut out, Op::Fill);
        }
        prop_assert!(out.to_vec() == model.bytes);
        // The vectored view shows the same bytes, and no empty slice.
        let mut slices = [IoSlice::new(&[]); 200];
        let n = out.chunks_vectored(&mut slices);
        prop_assert!(slices[..n].iter().all(|s| !s.is_empty()));
        prop_assert!(slices[..n].iter().flat_map(|s| s.iter().copied()).eq(model.bytes));
    }
}

#[test]
fn a_large_shared_value_is_not_copied() {
    let value = Bytes::from(vec![7; CHUNK_BYTES]);
    let mut out = Output::new();
    out.put(b"head");
    out.put_shared(value.clone());
    assert_eq!(out.take_chunk().unwrap(), "head");
    assert_eq!(out.take_chunk().unwrap().as_ptr(), value.as_ptr());
    assert_eq!(out.take_chunk(), None);
}

#[test]
fn an_emptied_buffer_keeps_its_tail_until_shrunk() {
    let mut out = Output::new();
    out.put(&[1; 1000]);
    out.advance(1000);
    assert!(out.is_empty() && out.memory_bytes() >= 1000);
    out.shrink(0);
    assert_eq!(out.memory_bytes(), 0);
}

#[test]
#[should_panic(expected = "unfinished")]
fn an_open_aggregate_is_not_sent() {
    let mut out = Output::new();
    out.open_hole();
    out.put(b":1\r\n");
    let _ = out.chunk();
}

#[test]
#[should_panic(expected = "stale mark")]
fn what_is_sent_cannot_be_taken_back() {
    let mut out = Output::new();
    let mark = out.mark();
    out.put(b"+OK\r\n");
    out.advance(1);
    out.truncate(mark);
}
