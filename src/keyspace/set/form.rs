//! The forms of a set, and when one becomes another.
//!
//! | from | a member comes that | to |
//! |---|---|---|
//! | integers | is an integer, one too many for them | table |
//! | integers | is none, and all with it may be packed | packed |
//! | integers | is none, and they may not | table |
//! | packed | is one too many, or too long | table |

use super::{Entry, HashKey, Item, Kind, Object, Packed, Prng, SetLimits, SetRef, SetTable, ints, members, parse_i64};

/// Most integers of a set that is kept as such, whatever the configuration allows.
const INTS_MAX: usize = 1 << 30;
/// SPOP of a multiple of what remains moves what remains to a new set.
const REBUILD_RATIO: usize = 5;

/// What the forms of a set depend on.
#[derive(Clone, Copy)]
pub struct Rules {
    pub(super) limits: SetLimits,
    /// Keys the tables.
    pub(super) key: HashKey,
}

impl Rules {
    /// Rules from the configured limits; `key` keys the tables.
    pub fn new(limits: SetLimits, key: HashKey) -> Rules {
        Rules { limits, key }
    }

    /// The form in which a set begins to which about so many `members` will be added.
    #[inline]
    pub(super) fn first_kind(self, first: &[u8], members: usize) -> Kind {
        let ints = members <= self.limits.ints && parse_i64(first).is_some();
        if ints { Kind::SetInts } else { Kind::SetPacked }
    }

    /// Says that about so many `members` will be added: too many for a small form make it a
    /// table at once.
    #[inline]
    pub(super) fn expect(self, e: &mut Entry, members: usize) {
        let most = match e.kind() {
            Kind::SetInts => self.limits.ints,
            Kind::SetPacked => self.limits.packed,
            _ => usize::MAX,
        };
        if members > most {
            self.to_table(e);
        }
    }

    /// Adds `member`; whether it is new.
    #[inline]
    pub(super) fn add(self, e: &mut Entry, member: Item) -> bool {
        match e.kind() {
            Kind::SetInts => self.add_to_ints(e, member),
            Kind::SetPacked => self.add_to_packed(e, member),
            _ => member.with_text(|text| table(e).add(text)),
        }
    }

    fn add_to_ints(self, e: &mut Entry, member: Item) -> bool {
        let Some(v) = member.as_int() else {
            if self.may_be_packed(e.payload(), member.text_len()) {
                let mut bytes = Vec::with_capacity(e.payload().len() + member.text_len());
                ints::iter(e.payload()).for_each(|v| members::push(&mut bytes, Item::Int(v)));
                members::push(&mut bytes, member);
                e.set_payload(Kind::SetPacked, bytes.len()).copy_from_slice(&bytes);
                return true;
            }
            return member.with_text(|text| self.to_table(e).add(text));
        };
        let new = ints::insert(e, v);
        if new && ints::len(e.payload()) > self.limits.ints.min(INTS_MAX) {
            self.to_table(e);
        }
        new
    }

    /// Whether these integers may be packed together with a text of `text_len` bytes.
    fn may_be_packed(self, bytes: &[u8], text_len: usize) -> bool {
        let len = ints::len(bytes);
        let ends = if len == 0 { [0; 0].as_slice() } else { &[0, len - 1] };
        let longest = ends.iter().map(|n| Item::Int(ints::get(bytes, *n)).text_len()).max().unwrap_or(0);
        len < self.limits.packed && text_len.max(longest) <= self.limits.text_bytes
    }

    fn add_to_packed(self, e: &mut Entry, member: Item) -> bool {
        member.with_text(|text| {
            let Err(count) = members::find(e.payload(), text) else { return false };
            if count < self.limits.packed && text.len() <= self.limits.text_bytes {
                members::push(e, Item::from_text(text));
                return true;
            }
            self.to_table(e).add(text)
        })
    }

    /// Makes a small set a table.
    fn to_table(self, e: &mut Entry) -> &mut SetTable {
        if !e.kind().is_object() {
            let mut table = SetTable::new(self.key);
            SetRef::of(e).each(|member| _ = member.with_text(|text| table.add(text)));
            e.set_object(Object::Set(table));
        }
        table(e)
    }

    /// Makes it a set of integers if that is what it is, and there are not too many.
    pub(super) fn shrink_to_ints(self, e: &mut Entry) {
        let set = SetRef::of(e);
        if e.kind() == Kind::SetInts || set.len() > self.limits.ints.min(INTS_MAX) {
            return;
        }
        let Some(mut all) = set.iter().map(Item::as_int).collect::<Option<Vec<i64>>>() else { return };
        all.sort_unstable();
        let bytes = ints::collect(&all);
        e.set_payload(Kind::SetInts, bytes.len()).copy_from_slice(&bytes);
    }

    /// Removes `count` random members, fewer than there are, each shown to `popped`. Where far
    /// fewer stay, those are drawn and moved, and the old table with the others is returned, to
    /// be freed.
    pub(super) fn pop_many(
        self,
        e: &mut Entry,
        count: usize,
        rng: &mut Prng,
        mut popped: impl FnMut(Item),
    ) -> Option<Object> {
        let Some(Object::Set(table)) = e.object_mut() else {
            pop_some(e, count, rng, popped);
            return None;
        };
        let staying = table.len() - count;
        if staying.saturating_mul(REBUILD_RATIO) > count {
            table.pop_random(count, &mut || rng.next_u64(), |text| popped(Item::Str(text)));
            return None;
        }
        let mut old = e.take_object();
        e.set_payload(Kind::SetPacked, 0);
        self.expect(e, staying);
        if let Some(Object::Set(old)) = &mut old {
            old.pop_random(staying, &mut || rng.next_u64(), |text| _ = self.add(e, Item::Str(text)));
            old.iter().for_each(|text| popped(Item::Str(text)));
        }
        old
    }
}

/// The table of a large set.
#[inline]
fn table(e: &mut Entry) -> &mut SetTable {
    match e.object_mut() {
        Some(Object::Set(s)) => s,
        _ => panic!("not a large set"),
    }
}

/// Removes `member`; whether it was there.
#[inline]
pub(super) fn remove(e: &mut Entry, member: Item) -> bool {
    match e.kind() {
        Kind::SetInts => member.as_int().is_some_and(|v| ints::remove(e, v)),
        Kind::SetPacked => member.with_text(|text| members::remove(e, text)),
        _ => member.with_text(|text| table(e).remove(text)),
    }
}

/// Removes a random member, shown to `popped`, of a set that has any.
pub(super) fn pop(e: &mut Entry, rng: &mut Prng, popped: impl FnOnce(Item)) {
    match SetRef::of(e) {
        SetRef::Ints(bytes) => {
            let n = rng.below(ints::len(bytes) as u64) as usize;
            popped(Item::Int(ints::get(bytes, n)));
            ints::remove_at(e, n);
        }
        SetRef::Packed(bytes) => {
            let n = rng.below(members::len(bytes) as u64) as usize;
            let (at, member) = members::nth(bytes, n);
            popped(member);
            members::remove_at(e, at);
        }
        SetRef::Table(_) => {
            let mut popped = Some(popped);
            let show = |text: &[u8]| popped.take().expect("one is popped")(Item::Str(text));
            table(e).pop_random(1, &mut || rng.next_u64(), show);
        }
    }
}

/// Removes `count` random members of a small set in one pass: each goes with the chance that
/// makes every selection as likely.
fn pop_some(e: &mut Entry, count: usize, rng: &mut Prng, mut popped: impl FnMut(Item)) {
    let set = SetRef::of(e);
    let (mut wanted, mut left) = (count as u64, set.len() as u64);
    let (mut ints, mut packed) = (Vec::new(), Vec::new());
    set.each(|member| {
        if rng.below(left) < wanted {
            popped(member);
            wanted -= 1;
        } else {
            match (set, member) {
                (SetRef::Ints(_), Item::Int(v)) => ints.push(v),
                _ => Packed::<false>::push_back(&mut packed, member),
            }
        }
        left -= 1;
    });
    let kind = e.kind();
    let bytes = if kind == Kind::SetInts { super::ints::collect(&ints) } else { packed };
    e.set_payload(kind, bytes.len()).copy_from_slice(&bytes);
}
