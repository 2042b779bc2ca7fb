//! Members and scores of several sorted sets together.
//!
//! The inputs are taken from the smallest to the largest, as Valkey does, because sums of
//! doubles depend on their order. A score that comes out as no number is 0.

use crate::{
    data::{packed::Item, table::View, zset::Builder},
    keyspace::{Entry, Type, set::SetRef, zset::ZsetRef},
};
use smallvec::SmallVec;

/// How the scores of a member become one.
#[derive(Clone, Copy)]
pub(super) enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    /// The one of this name, in any case.
    pub fn named(name: &[u8]) -> Option<Aggregate> {
        match () {
            () if name.eq_ignore_ascii_case(b"SUM") => Some(Aggregate::Sum),
            () if name.eq_ignore_ascii_case(b"MIN") => Some(Aggregate::Min),
            () if name.eq_ignore_ascii_case(b"MAX") => Some(Aggregate::Max),
            () => None,
        }
    }

    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Aggregate::Sum => number(a + b),
            Aggregate::Min => {
                if b < a {
                    b
                } else {
                    a
                }
            }
            Aggregate::Max => {
                if b > a {
                    b
                } else {
                    a
                }
            }
        }
    }
}

fn number(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

/// A set whose members have scores: those of a plain set are all 1.
#[derive(Clone, Copy)]
enum Scored<'a> {
    Sorted(ZsetRef<'a>),
    Plain(SetRef<'a>),
}

impl<'a> Scored<'a> {
    fn of(e: &'a Entry) -> Scored<'a> {
        match e.type_of() {
            Type::Set => Scored::Plain(SetRef::of(e)),
            _ => Scored::Sorted(ZsetRef::of(e)),
        }
    }

    fn len(self) -> usize {
        match self {
            Scored::Sorted(set) => set.len(),
            Scored::Plain(set) => set.len(),
        }
    }

    fn score(self, member: &[u8]) -> Option<f64> {
        match self {
            Scored::Sorted(set) => set.score(member),
            Scored::Plain(set) => set.contains(member).then_some(1.0),
        }
    }

    fn all(self) -> impl Iterator<Item = (Item<'a>, f64)> {
        // One of the two has members, so that the iterator is of one type.
        let (sorted, plain) = match self {
            Scored::Sorted(set) => (Some(set.all()), None),
            Scored::Plain(set) => (None, Some(set.iter().map(|member| (member, 1.0)))),
        };
        sorted.into_iter().flatten().chain(plain.into_iter().flatten())
    }
}

/// One of the sets, perhaps one that does not exist.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    set: Option<Scored<'a>>,
    len: usize,
    weight: f64,
}

/// The sets behind `views`, with weights of 1 if none are given.
pub(super) fn inputs<'a>(views: &'a [Option<View<'_, Entry>>], weights: &[f64]) -> SmallVec<[Input<'a>; 4]> {
    let input = |(i, view): (usize, &'a Option<View<'_, Entry>>)| {
        let set = view.as_ref().map(|e| Scored::of(e));
        Input { set, len: set.map_or(0, Scored::len), weight: weights.get(i).copied().unwrap_or(1.0) }
    };
    views.iter().enumerate().map(input).collect()
}

/// Puts the members of any input into `out`.
pub(super) fn unite(inputs: &mut [Input], aggregate: Aggregate, out: &mut Builder) {
    inputs.sort_by_key(|input| input.len);
    for Input { set, weight, .. } in inputs {
        for (member, score) in set.iter().flat_map(|set| set.all()) {
            let score = number(*weight * score);
            member.with_text(|name| out.merge(name, score, |other| aggregate.of(other, score)));
        }
    }
}

/// Shows each member that all inputs have to `found`, until that says to stop.
pub(super) fn intersect(inputs: &mut [Input], aggregate: Aggregate, mut found: impl FnMut(Item, f64) -> bool) {
    inputs.sort_by_key(|input| input.len);
    let Some((Input { set: Some(smallest), weight, .. }, others)) = inputs.split_first() else { return };
    for (member, score) in smallest.all() {
        let both = |total: f64, other: &Input| {
            let score = member.with_text(|name| other.set?.score(name))?;
            Some(aggregate.of(total, score * other.weight))
        };
        let total = others.iter().try_fold(number(weight * score), both);
        if total.is_some_and(|total| !found(member, total)) {
            return;
        }
    }
}

/// Puts the members of the first input that no other has into `out`.
pub(super) fn subtract(inputs: &[Input], out: &mut Builder) {
    let Some((Input { set: Some(first), .. }, others)) = inputs.split_first() else { return };
    for (member, score) in first.all() {
        member.with_text(|name| {
            let has = |other: &Input| other.set.is_some_and(|set| set.score(name).is_some());
            if !others.iter().any(has) {
                out.add(name, score);
            }
        });
    }
}
