//! The list against a deque of texts.

use super::*;
use proptest::prelude::*;

type Model = VecDeque<Vec<u8>>;

#[derive(Debug, Clone)]
enum Op {
    Push(End, Vec<u8>, usize),
    Pop(End, usize),
    Set(prop::sample::Index, Vec<u8>),
    Insert(Vec<u8>, Side, Vec<u8>),
    Remove(Vec<u8>, usize, End),
    Trim(prop::sample::Index, prop::sample::Index),
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Head), Just(End::Tail)]
}

/// Few values, so that searches hit; some that need a node for themselves.
fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => (0i64..6).prop_map(|v| v.to_string().into_bytes()),
        4 => "[ab]{1,3}".prop_map(String::into_bytes),
        2 => (60usize..140).prop_map(|n| vec![b'm'; n]),
        1 => (600usize..604).prop_map(|n| vec![b'l'; n]),
        1 => (4000usize..4100).prop_map(|n| vec![b'h'; n]),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        6 => (end(), text(), 1usize..9).prop_map(|(e, t, n)| Op::Push(e, t, n)),
        2 => (end(), 1usize..12).prop_map(|(e, n)| Op::Pop(e, n)),
        2 => (index(), text()).prop_map(|(i, t)| Op::Set(i, t)),
        3 => (text(), prop_oneof![Just(Side::Before), Just(Side::After)], text())
            .prop_map(|(p, s, t)| Op::Insert(p, s, t)),
        2 => (text(), prop_oneof![Just(usize::MAX), 1usize..4], end()).prop_map(|(t, n, e)| Op::Remove(t, n, e)),
        1 => (index(), index()).prop_map(|(a, b)| Op::Trim(a, b)),
    ]
}

/// What a list does, done by a large list, a small one and the model.
struct Trio {
    list: List,
    small: Vec<u8>,
    model: Model,
}

impl Trio {
    fn apply(&mut self, op: &Op) {
        let Trio { list, small, model } = self;
        match op {
            Op::Push(end, t, n) => {
                for _ in 0..*n {
                    list.push(*end, t.as_slice());
                    small::push(small, *end, t.as_slice());
                    match end {
                        End::Head => model.push_front(t.clone()),
                        End::Tail => model.push_back(t.clone()),
                    }
                }
            }
            Op::Pop(end, n) => {
                for _ in 0..*n {
                    let want = if *end == End::Head { model.pop_front() } else { model.pop_back() };
                    assert_eq!(list.pop(*end, |x| x.to_vec()), want);
                    assert_eq!(small::pop(small, *end, |x| x.to_vec()), want);
                }
            }
            Op::Set(i, t) => {
                let i = i.index(model.len() + 1) as i64;
                // The same place counted from the tail.
                let back = i - model.len() as i64;
                assert_eq!(list.set(if i % 2 == 0 || back == 0 { i } else { back }, t.as_slice()), back < 0);
                assert_eq!(small::set(small, i, t.as_slice()), back < 0);
                if back < 0 {
                    model[i as usize] = t.clone();
                }
            }
            Op::Insert(pivot, side, t) => {
                let at = model.iter().position(|x| x == pivot);
                assert_eq!(list.insert(pivot, *side, t.as_slice()), at.is_some());
                assert_eq!(small::insert(small, pivot, *side, t.as_slice()), at.is_some());
                if let Some(at) = at {
                    model.insert(at + usize::from(*side == Side::After), t.clone());
                }
            }
            Op::Remove(t, max, end) => {
                let want = remove_from_model(model, t, *max, *end);
                assert_eq!(list.remove_value(t, *max, *end), want);
                assert_eq!(small::remove_value(small, t, *max, *end), want);
            }
            Op::Trim(a, b) => {
                let (a, b) = (a.index(model.len() + 2), b.index(model.len() + 2));
                list.trim(a..b);
                small::trim(small, a..b);
                let end = b.min(model.len());
                model.truncate(end);
                model.drain(..a.min(end));
            }
        }
    }

    fn check(&self) {
        self.list.check();
        assert_eq!(self.list.len(), self.model.len());
        assert!(self.list.iter().map(Item::to_vec).eq(self.model.iter().cloned()));
        assert!(Packed::<true>::iter(&self.small).map(Item::to_vec).eq(self.model.iter().cloned()));
    }

    fn check_ranges(&self, a: usize, b: usize, turns: &[bool]) {
        let len = self.model.len();
        let (a, b) = (a.min(len), b.min(len));
        let mut each = Vec::new();
        self.list.each(a..b, |item| each.push(item.to_vec()));
        assert!(each.iter().eq(self.model.range(a.min(b)..b)), "{a}..{b}");
        let (mut real, mut model) = (self.list.range(a..b), self.model.range(a.min(b)..b));
        assert_eq!(real.len(), model.len());
        for front in turns.iter().cycle().take(b.saturating_sub(a) + 1) {
            let (x, y) = if *front { (real.next(), model.next()) } else { (real.next_back(), model.next_back()) };
            assert_eq!(x.map(Item::to_vec), y.cloned());
        }
    }
}

fn remove_from_model(model: &mut Model, text: &[u8], max: usize, end: End) -> usize {
    let mut at: Vec<usize> = (0..model.len()).filter(|&i| model[i] == text).collect();
    if end == End::Tail {
        at.reverse();
    }
    at.truncate(max);
    at.sort_unstable();
    for &i in at.iter().rev() {
        model.remove(i);
    }
    at.len()
}

fn limit() -> impl Strategy<Value = NodeLimit> {
    prop_oneof![
        2 => Just(NodeLimit::new(-1)),
        2 => (1i32..9).prop_map(NodeLimit::new),
        1 => Just(NodeLimit::new(-2).with_large_from(600)),
        1 => Just(NodeLimit::new(4).with_large_from(1)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn agrees_with_a_deque(
        limit in limit(), ops in prop::collection::vec(op(), 1..80), turns in prop::collection::vec(any::<bool>(), 1..9),
        a: prop::sample::Index, b: prop::sample::Index,
    ) {
        let mut trio = Trio { list: List::new(limit), small: Vec::new(), model: Model::new() };
        for op in &ops {
            trio.apply(op);
            trio.check();
        }
        let n = trio.model.len() + 1;
        trio.check_ranges(a.index(n), b.index(n), &turns);
        trio.check_ranges(0, n, &turns);
        for i in -(n as i64)..=n as i64 {
            let want = if i < 0 { i + n as i64 - 1 } else { i };
            let want = usize::try_from(want).ok().and_then(|i| trio.model.get(i)).cloned();
            prop_assert_eq!(trio.list.get(i).map(Item::to_vec), want.clone());
            prop_assert_eq!(small::get(&trio.small, i).map(Item::to_vec), want);
        }
    }

    #[test]
    fn positions_agree_with_a_scan(
        texts in prop::collection::vec(text(), 0..30), rank in prop_oneof![-4i64..=-1, 1i64..=4],
        count in 0usize..4, max_len in 0usize..12,
    ) {
        let mut list = List::new(NodeLimit::new(3));
        texts.iter().for_each(|t| list.push_back(t.as_slice()));
        let mut order: Vec<usize> = (0..texts.len()).collect();
        if rank < 0 {
            order.reverse();
        }
        let all = |n: usize| if n == 0 { usize::MAX } else { n };
        let want: Vec<usize> = order.into_iter().take(all(max_len)).filter(|&i| texts[i] == b"1")
            .skip(rank.unsigned_abs() as usize - 1).take(all(count)).collect();
        let mut found = Vec::new();
        list.positions(&PositionQuery { text: b"1", rank, count, max_len }, |i| found.push(i));
        prop_assert_eq!(found, want);
    }
}

#[test]
fn a_million_short_elements_are_compact() {
    for end in [End::Head, End::Tail] {
        let mut list = List::new(NodeLimit::new(-2));
        for i in 0..1_000_000u32 {
            list.push(end, format!("value:{i:010}").as_bytes());
        }
        let per_item = list.heap_bytes() as f64 / 1e6;
        assert!(per_item <= 18.5, "{per_item} bytes per element");
    }
}

#[test]
fn thinned_nodes_are_merged() {
    let mut list = List::new(NodeLimit::new(-1));
    for i in 0..20_000i64 {
        list.push_back(if i % 10 == 0 { 1_000_000 + i } else { 7 });
    }
    assert_eq!(list.node_count(), 12);
    assert_eq!(list.remove_value(b"7", usize::MAX, End::Head), 18_000);
    list.check();
    // 2000 elements of 5 bytes, in nodes of 4 KiB.
    assert_eq!(list.node_count(), 3);
}

#[test]
fn nodes_split_where_an_element_does_not_fit() {
    let mut list = List::new(NodeLimit::new(4));
    (0..8i64).for_each(|i| list.push_back(i));
    assert_eq!(list.node_count(), 2);
    assert!(list.insert(b"1", Side::After, b"x"));
    list.check();
    let texts: Vec<_> = list.iter().map(Item::to_vec).collect();
    assert_eq!(texts.concat(), b"01x234567");
    let huge = vec![b'h'; 9000];
    assert!(list.set(5, huge.as_slice()));
    list.check();
    assert_eq!(list.get(5), Some(Item::Str(&huge)));
    assert!(list.as_packed().is_none());
}

#[test]
fn converts_from_and_to_one_sequence() {
    let mut packed = Vec::new();
    (0..50i64).for_each(|i| Packed::<true>::push_back(&mut packed, i));
    let mut list = List::from_packed(NodeLimit::new(64), &packed);
    list.check();
    assert_eq!((list.len(), list.as_packed()), (50, Some(packed.as_slice())));
    assert!(list.suits_small(false));
    assert!(!list.suits_small(true));
    list.trim(0..32);
    assert!(list.suits_small(true));
    list.trim(0..0);
    assert_eq!((list.as_packed(), list.node_count()), (Some([].as_slice()), 0));
    assert_eq!(List::from_packed(NodeLimit::new(64), &[]).len(), 0);
}

#[test]
fn an_emptied_list_frees_its_memory() {
    let mut list = List::new(NodeLimit::new(1));
    (0..5000i64).for_each(|i| list.push_back(i));
    while list.pop_front(|_| ()).is_some() {}
    list.check();
    assert!(list.heap_bytes() < 1000, "{}", list.heap_bytes());
}

#[test]
fn a_copy_accounts_for_its_own_buffers() {
    let mut list = List::new(NodeLimit::new(2));
    (0..9).for_each(|n| list.push_back(n));
    let mut copy = list.clone();
    copy.check();
    assert!(copy.heap_bytes() < list.heap_bytes());
    while copy.pop_front(|_| ()).is_some() {
        copy.check();
    }
    assert_eq!(list.len(), 9);
}
