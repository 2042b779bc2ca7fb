//! The small sorted set: members and scores by turns in one packed sequence, in order.
//!
//! A score that is a whole number is packed as that integer, any other as a string of the
//! double's 8 bytes: both are read without parsing, and become the texts of a listpack with
//! one walk ([`to_listpack`]). Everything here is a walk from the front, which up to some
//! hundred members is faster than anything with pointers.

use super::range::LexRange;
use super::{Builder, ZSet};
use crate::base::hash::{HashKey, HashSet};
use crate::base::num::{f64_text, parse_f64};
use crate::data::packed::{ByteStore, Item, Malformed, Needle, Packed, codec};
use std::ops::Range;

type P = Packed<false>;

/// The largest magnitude of a score that is packed as an integer.
const INT_MAX: f64 = (1u64 << 62) as f64;

/// A score as it is packed.
enum Score {
    Int(i64),
    Bytes([u8; 8]),
}

impl Score {
    fn new(score: f64) -> Score {
        let n = score as i64;
        if score.abs() <= INT_MAX && n as f64 == score { Score::Int(n) } else { Score::Bytes(score.to_le_bytes()) }
    }

    fn item(&self) -> Item<'_> {
        match self {
            Score::Int(n) => Item::Int(*n),
            Score::Bytes(bytes) => Item::Str(bytes),
        }
    }
}

/// The score that a packed item is; `None` if it is none.
#[inline]
fn checked_score(item: Item) -> Option<f64> {
    match item {
        Item::Int(n) => Some(n as f64),
        Item::Str(bytes) => Some(f64::from_le_bytes(bytes.try_into().ok()?)).filter(|score| !score.is_nan()),
    }
}

#[inline]
fn score_of(item: Item) -> f64 {
    checked_score(item).expect("a packed score is an integer or 8 bytes")
}

/// All members and their scores, in order.
#[inline]
pub fn iter(bytes: &[u8]) -> impl Iterator<Item = (Item<'_>, f64)> {
    let mut items = P::iter(bytes);
    std::iter::from_fn(move || Some((items.next()?, score_of(items.next()?))))
}

/// The member at position `at`, its score, and the position of the next one.
#[inline]
pub fn get(bytes: &[u8], at: usize) -> (Item<'_>, f64, usize) {
    let (member, size) = codec::read(&bytes[at..]);
    let (score, score_size) = codec::read(&bytes[at + size..]);
    (member, score_of(score), at + size + score_size)
}

/// The position of member number `rank`, or the end.
pub fn position(bytes: &[u8], rank: usize) -> usize {
    P::nth(bytes, 2 * rank).expect("a rank up to the number of members")
}

/// Number of members. Walks them all.
pub fn len(bytes: &[u8]) -> usize {
    P::len(bytes) / 2
}

/// The score of `member`.
#[inline]
pub fn score(bytes: &[u8], member: &[u8]) -> Option<f64> {
    let at = P::find(bytes, member, 2)?;
    Some(get(bytes, at).1)
}

/// The rank and score of `member`.
pub fn rank(bytes: &[u8], member: &[u8]) -> Option<(usize, f64)> {
    let needle = Needle::new(member);
    let (rank, (_, score)) = iter(bytes).enumerate().find(|(_, (item, _))| needle.matches(*item))?;
    Some((rank, score))
}

/// How many members come before the first for which `before` does not hold.
pub fn count_before(bytes: &[u8], before: impl Fn(f64) -> bool) -> usize {
    iter(bytes).take_while(|(_, score)| before(*score)).count()
}

/// The ranks of the names in a range, as a walk upwards or, with `reverse`, downwards finds
/// them: it ends at the first name beyond the range, which makes a difference only where
/// scores are not all equal.
pub fn lex_range(bytes: &[u8], range: &LexRange, reverse: bool) -> Range<usize> {
    let below = |item: Item| item.with_text(|name| range.is_below(name));
    let above = |item: Item| item.with_text(|name| range.is_above(name));
    let (mut low, mut high) = (Vec::new(), Vec::new());
    for (item, _) in iter(bytes) {
        low.push(below(item));
        high.push(above(item));
    }
    let len = low.len();
    let may_match = !range.is_empty() && low.last() == Some(&false) && high.first() == Some(&false);
    if !may_match {
        return 0..0;
    }
    if reverse {
        let end = (0..len).rev().find(|i| !high[*i]).map_or(0, |last| last + 1);
        let start = (0..end).rev().find(|i| low[*i]).map_or(0, |out| out + 1);
        return start..end;
    }
    let start = (0..len).find(|i| !low[*i]).unwrap_or(len);
    start..(start..len).find(|i| high[*i]).unwrap_or(len)
}

/// What a walk for a member and a score finds.
pub struct Located {
    /// Where the member is, and its score.
    pub found: Option<(usize, f64)>,
    /// Where a member with this name and score would go, others left as they are.
    pub place: usize,
    /// Number of members.
    pub len: usize,
}

/// Looks for `member`, and for the place it would have with this score.
pub fn locate(bytes: &[u8], member: &[u8], score: f64) -> Located {
    let needle = Needle::new(member);
    let (mut at, mut found, mut place, mut len) = (0, None, None, 0);
    while at < bytes.len() {
        let (item, size) = codec::read(&bytes[at..]);
        let (score_item, score_size) = codec::read(&bytes[at + size..]);
        let other = score_of(score_item);
        if place.is_none() && (other > score || other == score && item.with_text(|name| name >= member)) {
            place = Some(at);
        }
        if found.is_none() && needle.matches(item) {
            found = Some((at, other));
        }
        at += size + score_size;
        len += 1;
    }
    Located { found, place: place.unwrap_or(at), len }
}

/// Puts a member at a position that keeps the order.
pub fn insert(store: &mut impl ByteStore, at: usize, member: &[u8], score: f64) {
    let (member, score) = (Item::from_text(member), Score::new(score));
    let gap = store.splice(at, 0, codec::size_of(member) + codec::size_of(score.item()));
    let size = codec::write(member, gap);
    codec::write(score.item(), &mut gap[size..]);
}

/// Removes the member at position `at`.
pub fn remove(store: &mut impl ByteStore, at: usize) {
    P::remove(store, at, 2);
}

/// Removes the members of these ranks.
pub fn remove_range(store: &mut impl ByteStore, ranks: Range<usize>) {
    let at = position(store.bytes(), ranks.start);
    P::remove(store, at, 2 * ranks.len());
}

/// The same members as a large set.
pub fn to_zset(bytes: &[u8], key: HashKey) -> ZSet {
    let mut set = Builder::new(key);
    iter(bytes).for_each(|(item, score)| item.with_text(|member| set.add(member, score)));
    set.finish()
}

/// Appends the members and scores to `out` as the elements of a listpack, in which scores
/// are texts.
pub fn to_listpack(bytes: &[u8], out: &mut Vec<u8>) {
    for (member, score) in iter(bytes) {
        Packed::<true>::push_back(out, member);
        match Score::new(score) {
            Score::Int(n) => Packed::<true>::push_back(out, n),
            Score::Bytes(_) => Packed::<true>::push_back(out, f64_text(score).as_bytes()),
        }
    }
}

/// A sorted set of the elements of a listpack that somebody else wrote, in order whatever
/// theirs is.
///
/// # Errors
/// If the bytes are malformed, a score is no number, or a member is there twice.
pub fn from_listpack(bytes: &[u8]) -> Result<Vec<u8>, Malformed> {
    let count = Packed::<true>::validate(bytes)?;
    let whole = Malformed { at: bytes.len() };
    if count % 2 == 1 {
        return Err(whole);
    }
    let mut items = Packed::<true>::iter(bytes);
    let mut pairs: Vec<(f64, Vec<u8>)> = Vec::with_capacity(count / 2);
    while let Some(member) = items.next() {
        let at = items.position();
        let score = match items.next().ok_or(whole)? {
            Item::Int(n) => n as f64,
            Item::Str(text) => parse_f64(text).ok_or(Malformed { at })?,
        };
        pairs.push((score, member.to_vec()));
    }
    let distinct = pairs.iter().map(|(_, name)| name.as_slice()).collect::<HashSet<_>>().len();
    if distinct < pairs.len() {
        return Err(whole);
    }
    pairs.sort_by(|a, b| a.partial_cmp(b).expect("no score is a NaN"));
    let mut out = Vec::with_capacity(bytes.len());
    for (score, member) in &pairs {
        let end = out.len();
        insert(&mut out, end, member, *score);
    }
    Ok(out)
}

/// How many members `bytes` hold, if they are a sorted set in this form: for bytes of
/// unknown origin.
///
/// # Errors
/// If they are not, or not in order, or a member is there twice.
pub fn validate(bytes: &[u8]) -> Result<usize, Malformed> {
    let count = P::validate(bytes)?;
    let whole = Malformed { at: bytes.len() };
    let (mut last, mut names) = (None, HashSet::default());
    let mut items = P::iter(bytes);
    while let Some(member) = items.next() {
        let at = items.position();
        let score = items.next().and_then(checked_score).ok_or(Malformed { at })?;
        let place = (score, member.to_vec());
        if last.as_ref().is_some_and(|last| *last >= place) || !names.insert(place.1.clone()) {
            return Err(whole);
        }
        last = Some(place);
    }
    Ok(count / 2)
}
