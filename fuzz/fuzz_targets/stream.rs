//! Bytes that somebody else wrote, as the listpack of a stream's node: the check never
//! panics, and what it lets through can be walked from both ends, added to, deleted from,
//! trimmed and written again.
//!
//! The changes are made on the stream and on a plain map, and must agree after each step.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use norn::data::stream::{Entry, Id, Log, NewId, Node, NodeLimit, Trim};
use std::collections::BTreeMap;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    /// What is in front of the elements, and behind them, is put right.
    framed: bool,
    first: (u64, u64),
    bytes: &'a [u8],
    changes: Vec<Change<'a>>,
}

#[derive(Arbitrary, Debug)]
enum Change<'a> {
    Add(u8, &'a [u8], &'a [u8]),
    /// An entry by its place, which is taken modulo the length.
    Delete(u8),
    MaxLen(u8),
    MinId(u8),
    Approximate(u8, u8),
}

type Texts = Vec<(Vec<u8>, Vec<u8>)>;
type Model = BTreeMap<Id, Texts>;

const LIMIT: NodeLimit = NodeLimit { bytes: 300, entries: 10 };

fuzz_target!(|input: Input| {
    let first = Id::new(input.first.0, input.first.1);
    let bytes = if input.framed { framed(input.bytes) } else { input.bytes.to_vec() };
    let mut log = Log::default();
    if let Ok(node) = Node::from_listpack(first, &bytes) {
        assert!(log.push_node(node));
        log.last_id = log.last().map_or(first, |e| e.id).max(first);
    }
    log.check();
    let mut model: Model = log.range(Id::MIN, Id::MAX).map(owned).collect();
    for change in &input.changes {
        apply(&mut log, &mut model, change);
        log.check();
        assert!(log.range(Id::MIN, Id::MAX).map(owned).eq(model.clone()), "after {change:?}");
        assert!(log.range_back(Id::MIN, Id::MAX).map(owned).eq(model.clone().into_iter().rev()));
    }
    let mut again = Log::default();
    for node in log.nodes_from(Id::MIN) {
        let mut listpack = Vec::new();
        node.write_listpack(&mut listpack);
        let id = norn::data::stream::Keyed::id(node);
        assert!(again.push_node(Node::from_listpack(id, &listpack).expect("what we wrote")));
    }
    assert!(again.range(Id::MIN, Id::MAX).map(owned).eq(model));
});

/// `elements` with a listpack's header and end.
fn framed(elements: &[u8]) -> Vec<u8> {
    let total = (elements.len() + 7) as u32;
    [&total.to_le_bytes(), &[0xff, 0xff][..], elements, &[0xff]].concat()
}

fn owned(e: Entry) -> (Id, Texts) {
    (e.id, e.fields.map(|(field, value)| (field.to_vec(), value.to_vec())).collect())
}

fn nth(model: &Model, n: u8) -> Option<Id> {
    model.keys().nth(usize::from(n) % model.len().max(1)).copied()
}

fn apply(log: &mut Log, model: &mut Model, change: &Change) {
    match *change {
        Change::Add(ms, field, value) => {
            let asked = NewId::Given(Id::new(log.last_id.ms.saturating_add(ms.into()), 1));
            if let Some(id) = log.new_id(asked, 0) {
                let texts = [field, value];
                log.append(id, 1, field.len() + value.len(), |i| texts[i], LIMIT);
                model.insert(id, vec![(field.into(), value.into())]);
            }
        }
        Change::Delete(n) => {
            if let Some(id) = nth(model, n) {
                assert!(log.delete(id) && !log.delete(id));
                model.remove(&id);
            }
        }
        Change::MaxLen(len) => {
            let gone = log.trim(Trim::MaxLen(len.into()), false, 0, &mut Log::default());
            assert_eq!(gone as usize, model.len().saturating_sub(len.into()));
            (0..gone).for_each(|_| drop(model.pop_first()));
        }
        Change::MinId(n) => {
            if let Some(id) = nth(model, n) {
                let kept = model.split_off(&id);
                assert_eq!(log.trim(Trim::MinId(id), false, 0, &mut Log::default()) as usize, model.len());
                *model = kept;
            }
        }
        Change::Approximate(len, limit) => {
            let gone = log.trim(Trim::MaxLen(len.into()), true, limit.into(), &mut Log::default());
            (0..gone).for_each(|_| drop(model.pop_first()));
            assert!(limit == 0 || gone <= limit.into());
        }
    }
}
