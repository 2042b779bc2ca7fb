//! List operations on one packed sequence: a small list, or one node of a large one.

use std::ops::Range;

use super::{End, Side};
use crate::data::packed::{ByteStore, Item, Needle, Packed};

type P = Packed<true>;

/// Position of element `index`, negative ones counted from the tail (-1 is the last).
pub fn position(bytes: &[u8], index: i64) -> Option<usize> {
    if index < 0 {
        P::nth_back(bytes, usize::try_from(-(index + 1)).ok()?)
    } else {
        P::nth(bytes, usize::try_from(index).ok()?).filter(|&at| at < bytes.len())
    }
}

/// Element `index`, negative ones counted from the tail.
pub fn get(bytes: &[u8], index: i64) -> Option<Item<'_>> {
    position(bytes, index).map(|at| P::get(bytes, at))
}

/// Adds an element at an end.
#[inline]
pub fn push<'a>(store: &mut impl ByteStore, end: End, item: impl Into<Item<'a>>) {
    match end {
        End::Head => P::push_front(store, item),
        End::Tail => P::push_back(store, item),
    }
}

/// Shows the element at an end to `f` and removes it; `None` if there is none.
#[inline]
pub fn pop<R>(store: &mut impl ByteStore, end: End, f: impl FnOnce(Item<'_>) -> R) -> Option<R> {
    let bytes = store.bytes();
    let (at, size) = match end {
        End::Head if bytes.is_empty() => return None,
        End::Head => (0, P::next(bytes, 0)),
        End::Tail => {
            let at = P::last(bytes)?;
            (at, bytes.len() - at)
        }
    };
    let result = f(P::get(bytes, at));
    store.splice(at, size, 0);
    Some(result)
}

/// Replaces element `index`; whether it exists.
pub fn set<'a>(store: &mut impl ByteStore, index: i64, item: impl Into<Item<'a>>) -> bool {
    let at = position(store.bytes(), index);
    if let Some(at) = at {
        P::replace(store, at, item);
    }
    at.is_some()
}

/// Inserts beside the first element equal to `pivot`; whether there is one.
pub fn insert<'a>(store: &mut impl ByteStore, pivot: &[u8], side: Side, item: impl Into<Item<'a>>) -> bool {
    let bytes = store.bytes();
    let Some(pivot_at) = P::find(bytes, pivot, 1) else {
        return false;
    };
    let at = match side {
        Side::Before => pivot_at,
        Side::After => P::next(bytes, pivot_at),
    };
    P::insert(store, at, item);
    true
}

/// Removes up to `max` elements equal to `text`, those nearest to `end` first, in one pass.
/// Returns how many.
pub fn remove_value(store: &mut impl ByteStore, text: &[u8], max: usize, end: End) -> usize {
    let needle = Needle::new(text);
    let mut to_skip = match end {
        End::Head => 0,
        End::Tail => P::iter(store.bytes()).filter(|&item| needle.matches(item)).count().saturating_sub(max),
    };
    let bytes = store.bytes_mut();
    // Elements kept so far fill `..kept`; those from `run` on are kept but not moved yet.
    let (mut kept, mut run, mut at, mut removed) = (0, 0, 0, 0);
    while at < bytes.len() && removed < max {
        let next = P::next(bytes, at);
        if needle.matches(P::get(bytes, at)) {
            if to_skip > 0 {
                to_skip -= 1;
            } else {
                bytes.copy_within(run..at, kept);
                kept += at - run;
                run = next;
                removed += 1;
            }
        }
        at = next;
    }
    if removed > 0 {
        let len = bytes.len();
        bytes.copy_within(run.., kept);
        kept += len - run;
        store.splice(kept, len - kept, 0);
    }
    removed
}

/// Removes all but the elements numbered in `keep`, which may reach past the end.
pub fn trim(store: &mut impl ByteStore, keep: Range<usize>) {
    let bytes = store.bytes();
    let start = P::nth(bytes, keep.start).unwrap_or(bytes.len());
    let mut kept = P::iter_from(bytes, start);
    kept.skip_items(keep.end.saturating_sub(keep.start));
    let (end, len) = (kept.position(), bytes.len());
    store.splice(end, len - end, 0);
    store.splice(0, start, 0);
}
