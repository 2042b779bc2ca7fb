//! Random fields.

use super::super::{
    ctx::{Ctx, DONE, Outcome},
    items,
    row::{Acl, Arg, Flags, Group, KeyFlags, KeySpec, Row},
};
use crate::{
    base::{hash::HashSet, num::parse_i64, prng::Prng},
    data::packed::Item,
    keyspace::hash::HashRef,
    protocol::{Error, Reply},
};

/// This file's commands.
pub const ROWS: &[Row] = &[Row {
    flags: Flags::READONLY,
    acl: Acl::HASH,
    since: "6.2.0",
    complexity: "O(N), N the fields shown",
    summary: "Shows random fields of a hash.",
    keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
    args: &[
        Arg::key("key"),
        Arg::block("options", &[Arg::int("count"), Arg::token("withvalues", "WITHVALUES").optional()]).optional(),
    ],
    tips: &["nondeterministic_output"],
    ..Row::new("hrandfield", -2, Group::Hash, hrandfield)
}];

/// A hash this many times the size of the sample is drawn from; a smaller one is walked.
const WALK_RATIO: usize = 3;

fn hrandfield(ctx: &mut Ctx) -> Outcome {
    ctx.stop_when_futile();
    let (key, now) = (ctx.key(1), ctx.now.wall);
    let request = if ctx.argc() > 2 { Some(parse(ctx)?) } else { None };
    let mut rng = Prng::new(ctx.keys.rng.next_u64());
    let entry = ctx.keys.read_hash(key)?;
    let hash = entry.as_ref().map(|e| HashRef::of(e, now));
    let Some((count, values)) = request else {
        match hash.and_then(|h| h.random(&mut rng)) {
            Some((field, _)) => items::reply(&mut ctx.out, field),
            None => ctx.out.null(),
        }
        return DONE;
    };
    let mut sample = Sample { out: &mut ctx.out, values };
    match hash {
        None => sample.begin(0),
        Some(hash) if count < 0 => sample.with_repeats(hash, count.unsigned_abs() as usize, &mut rng),
        Some(hash) => sample.without_repeats(hash, count as usize, &mut rng),
    }
    DONE
}

/// The count, and whether values are wanted.
fn parse(ctx: &Ctx) -> Result<(i64, bool), Error> {
    let count = parse_i64(ctx.arg(2)).ok_or(Error::NOT_INT)?;
    if count == i64::MIN {
        return Err(Error::not_in_range(-i64::MAX, i64::MAX));
    }
    let values = ctx.is(3, "WITHVALUES");
    if ctx.argc() > 4 || ctx.argc() == 4 && !values {
        return Err(Error::SYNTAX);
    }
    // No hash has more fields than this, so only a sample with repeats could be longer; it
    // would not fit the machine.
    if values && count.unsigned_abs() > i64::MAX as u64 / 2 || count < -i64::from(u32::MAX) {
        return Err(Error::VALUE_OUT_OF_RANGE);
    }
    Ok((count, values))
}

/// Writes a sample of fields.
struct Sample<'r, 'o> {
    out: &'r mut Reply<'o>,
    values: bool,
}

impl Sample<'_, '_> {
    fn begin(&mut self, n: usize) {
        let flat = self.values && !self.out.resp3;
        self.out.array(if flat { 2 * n } else { n });
    }

    fn pair(&mut self, (field, value): (Item, Item)) {
        if self.values && self.out.resp3 {
            self.out.array(2);
        }
        items::reply(self.out, field);
        if self.values {
            items::reply(self.out, value);
        }
    }

    fn with_repeats(&mut self, hash: HashRef, count: usize, rng: &mut Prng) {
        if hash.is_empty() {
            return self.begin(0);
        }
        self.begin(count);
        match hash {
            HashRef::Packed(_) => {
                let mut pairs = Vec::new();
                hash.each(|field, value| pairs.push((field, value)));
                for _ in 0..count {
                    if self.out.is_futile() {
                        return;
                    }
                    self.pair(pairs[rng.below(pairs.len() as u64) as usize]);
                }
            }
            HashRef::Table(..) => {
                for _ in 0..count {
                    if self.out.is_futile() {
                        return;
                    }
                    self.pair(hash.random(rng).expect("a hash with fields"));
                }
            }
        }
    }

    fn without_repeats(&mut self, hash: HashRef, count: usize, rng: &mut Prng) {
        let len = hash.len();
        let count = count.min(len);
        self.begin(count);
        match hash {
            // Drawing is for hashes of which not too much is due.
            HashRef::Table(h, _) if count.saturating_mul(WALK_RATIO) <= len && h.len() < 2 * len => {
                let mut seen = HashSet::default();
                while seen.len() < count {
                    let (field, value) = hash.random(rng).expect("a hash with fields");
                    if field.with_text(|text| seen.insert(text.to_vec())) {
                        self.pair((field, value));
                    }
                }
            }
            _ => {
                // Each field is taken with the chance that makes every sample as likely.
                let (mut wanted, mut left) = (count as u64, len as u64);
                hash.each(|field, value| {
                    if rng.below(left) < wanted {
                        self.pair((field, value));
                        wanted -= 1;
                    }
                    left -= 1;
                });
            }
        }
    }
}
