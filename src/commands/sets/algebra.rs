//! Intersection, union and difference of any number of sets.
//!
//! Members go through the sets in batches (`data::set::Batch`), so that the lookups of one
//! batch wait for memory together. Nothing is allocated for a result that is only shown,
//! except where going through all sets would cost more than building it.

use crate::{
    data::{packed::Item, set::Batch},
    keyspace::set::{SetDraft, SetRef},
};

/// Up to so many sets, a union looks each member up in those before its own.
const PROBED_SETS: usize = 4;

/// Shows `f` the members that all `sets` have, until it says that it wants no more. The sets
/// are sorted by size on the way.
pub fn intersect<'a>(sets: &mut [SetRef<'a>], mut f: impl FnMut(Item<'a>) -> bool) {
    sets.sort_by_key(|set| set.len());
    let Some((smallest, others)) = sets.split_first() else { return };
    filtered(*smallest, others, true, &mut f);
}

/// Shows `f` the members of `set` that each of the `others` has, if that is `wanted`, or that
/// none has.
fn filtered<'a>(set: SetRef<'a>, others: &[SetRef], wanted: bool, mut f: impl FnMut(Item<'a>) -> bool) {
    let (mut source, mut batch) = (set.iter(), Batch::default());
    while batch.refill(&mut source) {
        for other in others {
            other.retain(&mut batch, wanted);
            if batch.is_empty() {
                break;
            }
        }
        if !batch.items().iter().all(|item| f(*item)) {
            return;
        }
    }
}

/// Shows `f` the members that any of `sets` has, each once; `scratch` is an empty set to be
/// used for that. The sets are sorted by size on the way.
pub fn unite<'a>(sets: &mut [SetRef<'a>], mut scratch: SetDraft, mut f: impl FnMut(Item<'a>)) {
    if sets.len() > PROBED_SETS {
        let new = |member: &Item| scratch.add(*member);
        return sets.iter().flat_map(|set| set.iter()).filter(new).for_each(f);
    }
    // The largest needs no lookups.
    sets.sort_by_key(|set| std::cmp::Reverse(set.len()));
    for (n, set) in sets.iter().enumerate() {
        filtered(*set, &sets[..n], false, |member| {
            f(member);
            true
        });
    }
}

/// Whether looking up all members of `first` in the `others`, which may end early, is likely to
/// cost less than removing all of theirs from a copy. As Valkey decides, because the form of a
/// stored difference follows from it.
pub fn subtracts_by_lookup(first: SetRef, others: &[SetRef]) -> bool {
    let (len, theirs) = (first.len(), others.iter().map(|set| set.len()).sum::<usize>());
    len.saturating_mul(others.len() + 1) / 2 <= len + theirs
}

/// Shows `f` the members of `first` that none of `others` has. The sets are sorted by size on
/// the way.
pub fn subtract_by_lookup<'a>(first: SetRef<'a>, others: &mut [SetRef], mut f: impl FnMut(Item<'a>)) {
    others.sort_by_key(|set| std::cmp::Reverse(set.len()));
    filtered(first, others, false, |member| {
        f(member);
        true
    });
}

/// Puts the members of `first` that none of `others` has into `result`, which is empty.
pub fn subtract_by_removal(first: SetRef, others: &[SetRef], result: &mut SetDraft) {
    first.each(|member| _ = result.add(member));
    for other in others {
        other.each(|member| _ = result.remove(member));
        if result.get().is_empty() {
            break;
        }
    }
}
