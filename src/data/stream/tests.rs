//! Streams against naive models.

use super::*;
use crate::data::packed::Packed;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

type Texts = Vec<(Vec<u8>, Vec<u8>)>;
type Model = BTreeMap<Id, Texts>;

const LIMIT: NodeLimit = NodeLimit { bytes: 200, entries: 8 };

fn add(log: &mut Log, id: Id, pairs: &Texts) {
    let texts: Vec<&[u8]> = pairs.iter().flat_map(|(f, v)| [f.as_slice(), v]).collect();
    let bytes = texts.iter().map(|t| t.len()).sum();
    log.append(id, pairs.len(), bytes, |i| texts[i], LIMIT);
}

fn texts(e: &Entry) -> Texts {
    e.fields.clone().map(|(f, v)| (f.to_vec(), v.to_vec())).collect()
}

fn collect<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Vec<(Id, Texts)> {
    entries.map(|e| (e.id, texts(&e))).collect()
}

#[derive(Clone, Debug)]
enum Step {
    Add { ms: u64, seq: u64, pairs: Texts },
    Delete(usize),
    DeleteId(u64, u64),
    MaxLen(u64),
    MinId(usize),
    Approximate(u64, u64),
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::sample::select(vec!["a", "b", "", "12", "-5000", "012", "9223372036854775807"])
            .prop_map(|t| t.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..90),
    ]
}

fn pairs() -> impl Strategy<Value = Texts> {
    let same = (text(), text()).prop_map(|(v, w)| vec![(b"f".to_vec(), v), (b"7".to_vec(), w)]);
    prop_oneof![4 => same, 1 => prop::collection::vec((text(), text()), 1..4)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..3u64, 0..3u64, pairs()).prop_map(|(ms, seq, pairs)| Step::Add { ms, seq, pairs }),
        3 => any::<usize>().prop_map(Step::Delete),
        1 => (0..60u64, 0..3u64).prop_map(|(ms, seq)| Step::DeleteId(ms, seq)),
        1 => (0..60u64).prop_map(Step::MaxLen),
        1 => any::<usize>().prop_map(Step::MinId),
        1 => (0..60u64, 0..20u64).prop_map(|(len, limit)| Step::Approximate(len, limit)),
    ]
}

fn nth(model: &Model, n: usize) -> Id {
    model.keys().nth(n % (model.len() + 1)).copied().unwrap_or(Id::new(30, 1))
}

fn apply(log: &mut Log, model: &mut Model, step: Step) -> Result<(), TestCaseError> {
    match step {
        Step::Add { ms, seq, pairs } => {
            let id = Id::new(log.last_id.ms + ms, seq);
            if log.new_id(NewId::Given(id), 0).is_some() {
                add(log, id, &pairs);
                model.insert(id, pairs);
            }
        }
        Step::Delete(n) => {
            let id = nth(model, n);
            prop_assert_eq!(log.delete(id), model.remove(&id).is_some());
        }
        Step::DeleteId(ms, seq) => {
            let id = Id::new(ms, seq);
            prop_assert_eq!(log.delete(id), model.remove(&id).is_some());
        }
        Step::MaxLen(len) => {
            let excess = (model.len() as u64).saturating_sub(len);
            prop_assert_eq!(log.trim(Trim::MaxLen(len), false, 0, &mut Log::default()), excess);
            (0..excess).for_each(|_| drop(model.pop_first()));
        }
        Step::MinId(n) => {
            let id = nth(model, n);
            let kept = model.split_off(&id);
            prop_assert_eq!(log.trim(Trim::MinId(id), false, 0, &mut Log::default()), model.len() as u64);
            *model = kept;
        }
        Step::Approximate(len, limit) => {
            let gone = log.trim(Trim::MaxLen(len), true, limit, &mut Log::default());
            prop_assert!(limit == 0 || gone <= limit);
            (0..gone).for_each(|_| drop(model.pop_first()));
            prop_assert!(gone == 0 || model.len() as u64 >= len);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn a_log_is_an_ordered_map(steps in prop::collection::vec(step(), 1..120), a in 0..60u64, b in 0..60u64) {
        let (mut log, mut model) = (Log::default(), Model::new());
        for step in steps {
            apply(&mut log, &mut model, step)?;
            prop_assert_eq!(log.len(), model.len() as u64);
            prop_assert_eq!(log.first().map(|e| e.id), model.keys().next().copied());
            prop_assert_eq!(log.last().map(|e| e.id), model.keys().next_back().copied());
        }
        log.check();
        let (start, end) = (Id::new(a.min(b), 1), Id::new(a.max(b), 0));
        for (start, end) in [(Id::MIN, Id::MAX), (start, end.max(start))] {
            let want: Vec<_> = model.range(start..=end).map(|(id, p)| (*id, p.clone())).collect();
            prop_assert_eq!(&collect(log.range(start, end)), &want);
            let back: Vec<_> = want.into_iter().rev().collect();
            prop_assert_eq!(collect(log.range_back(start, end)), back);
        }
        for id in model.keys() {
            prop_assert_eq!(log.get(*id).map(|e| texts(&e)), model.get(id).cloned());
        }
        let copy = log.clone();
        copy.check();
        prop_assert_eq!(collect(copy.range(Id::MIN, Id::MAX)), collect(log.range(Id::MIN, Id::MAX)));
    }

    #[test]
    fn nodes_survive_as_listpacks(steps in prop::collection::vec(step(), 1..80)) {
        let (mut log, mut model) = (Log::default(), Model::new());
        for step in steps {
            apply(&mut log, &mut model, step)?;
        }
        let mut again = Log::default();
        for node in log.nodes_from(Id::MIN) {
            let mut listpack = Vec::new();
            node.write_listpack(&mut listpack);
            prop_assert_eq!(Packed::<true>::validate(&listpack[6..listpack.len() - 1]).is_ok(), true);
            let back = Node::from_listpack(node.first, &listpack).expect("what we wrote");
            prop_assert!(again.push_node(back));
        }
        again.check();
        prop_assert_eq!(collect(again.range(Id::MIN, Id::MAX)), collect(log.range(Id::MIN, Id::MAX)));
        prop_assert_eq!(again.len(), log.len());
    }

    #[test]
    fn damaged_listpacks_do_no_harm(
        steps in prop::collection::vec(step(), 1..30),
        hits in prop::collection::vec((any::<usize>(), any::<u8>()), 1..4),
        cut in any::<usize>(),
    ) {
        let (mut log, mut model) = (Log::default(), Model::new());
        for step in steps {
            apply(&mut log, &mut model, step)?;
        }
        for node in log.nodes_from(Id::MIN) {
            let mut listpack = Vec::new();
            node.write_listpack(&mut listpack);
            let whole = listpack.clone();
            for (at, byte) in &hits {
                let at = at % listpack.len();
                listpack[at] = *byte;
            }
            for bytes in [&listpack[..], &whole[..cut % whole.len()]] {
                if let Ok(node) = Node::from_listpack(node.first, bytes) {
                    let mut log = Log::default();
                    prop_assert!(log.push_node(node));
                    log.check();
                    collect(log.range(Id::MIN, Id::MAX));
                    collect(log.range_back(Id::MIN, Id::MAX));
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
enum GroupStep {
    Deliver(u64, u8),
    Acknowledge(u64),
    Create(u8),
    Delete(u8),
    Redeliver(u64),
}

fn group_step() -> impl Strategy<Value = GroupStep> {
    prop_oneof![
        8 => (0..200u64, 0..4u8).prop_map(|(id, c)| GroupStep::Deliver(id, c)),
        4 => (0..200u64).prop_map(GroupStep::Acknowledge),
        1 => (0..4u8).prop_map(GroupStep::Create),
        1 => (0..4u8).prop_map(GroupStep::Delete),
        1 => (0..200u64).prop_map(GroupStep::Redeliver),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn pending_entries_have_one_owner(steps in prop::collection::vec(group_step(), 1..300)) {
        let mut groups = Groups::default();
        prop_assert!(groups.create(b"g", Id::MIN, None) && !groups.create(b"g", Id::MIN, None));
        let mut owners: BTreeMap<Id, (u8, u64)> = BTreeMap::new();
        let mut names = BTreeSet::new();
        for step in steps {
            let mut g = groups.get_mut(b"g").expect("it was made");
            match step {
                GroupStep::Deliver(n, c) => {
                    let (to, fresh) = g.find_or_create(&[c], 5);
                    prop_assert_eq!(fresh, names.insert(c));
                    g.deliver(Id::new(n, 0), to, 1, 1);
                    owners.insert(Id::new(n, 0), (c, 1));
                }
                GroupStep::Acknowledge(n) => {
                    prop_assert_eq!(g.acknowledge(Id::new(n, 0)), owners.remove(&Id::new(n, 0)).is_some());
                }
                GroupStep::Create(c) => prop_assert_eq!(g.find_or_create(&[c], 5).1, names.insert(c)),
                GroupStep::Delete(c) => {
                    let had = owners.values().filter(|(owner, _)| *owner == c).count();
                    prop_assert_eq!(g.delete_consumer(&[c]).map(|(had, _)| had), names.remove(&c).then_some(had));
                    owners.retain(|_, (owner, _)| *owner != c);
                }
                GroupStep::Redeliver(n) => {
                    g.redeliver(Id::new(n, 0), 9);
                    owners.entry(Id::new(n, 0)).and_modify(|(_, times)| *times += 1);
                }
            }
        }
        groups.check();
        let g = groups.get(b"g").expect("it was made");
        let found: Vec<_> = g.pending_from(Id::MIN).map(|p| (p.id, (g.consumer(p.owner()).name[0], p.deliveries))).collect();
        prop_assert_eq!(found, owners.clone().into_iter().collect::<Vec<_>>());
        prop_assert_eq!(g.consumers().map(|c| c.name[0]).collect::<Vec<_>>(), names.into_iter().collect::<Vec<_>>());
        for c in g.consumers() {
            let own: Vec<Id> = owners.iter().filter(|(_, o)| o.0 == c.name[0]).map(|(id, _)| *id).collect();
            prop_assert_eq!(c.pending_from(Id::MIN).collect::<Vec<_>>(), own);
        }
        groups.clone().check();
        let g_effort = g.free_effort();
        prop_assert!(groups.destroy(b"g").is_some_and(|g| g.into_freed().count() == g_effort));
        groups.check();
    }
}

#[test]
fn whole_chunks_of_nodes_are_cut_off_as_if_node_by_node() {
    const LEN: u64 = 1001;
    let limit = NodeLimit { bytes: 0, entries: 2 };
    for (n, max) in [(0, 0), (1, 0), (0, 300), (5, 301), (129, 130), (1000, 2), (LEN, 0), (400, 1), (999, 600)] {
        let mut log = Log::default();
        (1..=LEN).for_each(|n| log.append(Id::new(n, 0), 1, 2, |_| b"x", limit));
        for trim in [Trim::MaxLen(LEN - n), Trim::MinId(Id::new(n + 1, 0))] {
            let (mut exact, mut cut) = (log.clone(), Log::default());
            assert_eq!(exact.trim(trim, false, 0, &mut cut), n);
            let (mut roughly, mut rough_cut) = (log.clone(), Log::default());
            let whole = if max == 0 { n } else { n.min(max) } / 2 * 2;
            assert_eq!(roughly.trim(trim, true, max, &mut rough_cut), if n == LEN && max == 0 { n } else { whole });
            for (log, cut, gone) in [(&exact, &cut, n), (&roughly, &rough_cut, rough_cut.len())] {
                log.check();
                cut.check();
                assert_eq!((log.len(), log.first_id().ms), (LEN - gone, if gone == LEN { 0 } else { gone + 1 }));
                assert!(cut.is_empty() || cut.first_id().ms == 1);
            }
        }
    }
}

#[test]
fn a_consumer_takes_what_is_pending_for_it_along_whoever_has_the_more() {
    for share in [2, 50] {
        let mut group = Group::new(Id::MIN, None);
        let [a, b] = [b"a", b"b"].map(|name| group.find_or_create(name, 0).0);
        (0..1000).for_each(|n| group.deliver(Id::new(n, 0), if n % share == 0 { a } else { b }, 0, 1));
        let (had, left) = group.delete_consumer(b"a").expect("it was made");
        assert_eq!(had as u64, 1000 / share);
        assert!(left.into_freed().count() > had / 64);
        group.check();
        assert_eq!(group.pending_len(), 1000 - had);
        let (had, _) = group.delete_consumer(b"b").expect("it was made");
        assert_eq!((had, group.pending_len()), (1000 - 1000 / share as usize, 0));
        group.check();
    }
}

#[test]
fn an_entry_of_two_short_values_takes_little_memory() {
    let mut log = Log::default();
    let limit = NodeLimit { bytes: 4096, entries: 100 };
    let words: [&[u8]; 4] = [b"field1", b"v1", b"field2", b"v2"];
    for n in 0..100_000 {
        log.append(Id::new(1_700_000_000_000 + n, 0), 2, 16, |i| words[i], limit);
    }
    log.check();
    let each = log.heap_bytes() as f64 / 100_000.0;
    assert!(each < 14.0, "{each} bytes per entry");
}

#[test]
fn what_is_in_front_of_a_gap_cannot_be_counted() {
    let mut log = Log::default();
    (1..=5).for_each(|n| add(&mut log, Id::new(n, 0), &vec![(b"f".to_vec(), b"v".to_vec())]));
    assert_eq!(log.count_up_to(Id::new(5, 0)), Some(5));
    assert_eq!(log.count_up_to(Id::new(1, 0)), Some(1));
    assert_eq!(log.count_up_to(Id::new(0, 1)), Some(0));
    assert_eq!(log.count_up_to(Id::new(3, 0)), None);
    assert_eq!(log.count_up_to(Id::new(9, 0)), None);
    let mut g = Group::new(Id::MIN, Some(0));
    assert_eq!(g.lag(&log), Some(5));
    g.advance(&log, Id::new(1, 0));
    assert_eq!((g.entries_read, g.lag(&log)), (Some(1), Some(4)));
    assert!(log.delete(Id::new(3, 0)));
    assert_eq!(g.lag(&log), None);
    // Behind the gap, counting goes on: an entry never read is missing from the sum.
    g.advance(&log, Id::new(4, 0));
    assert_eq!((g.entries_read, g.lag(&log)), (Some(2), Some(3)));
}
