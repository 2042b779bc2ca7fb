//! DEBUG DIGEST and DIGEST-VALUE: signatures by which tests compare data.
//!
//! Equal data gives equal signatures, however it is encoded and in whatever order a hash
//! keeps its fields. They are not the ones that Valkey would print.

use super::{Ctx, DONE, Outcome};
use crate::{
    base::{hash::HashKey, time::Wall},
    data::{stream::Id, table::Element},
    keyspace::{Entry, Type, hash::HashRef, list::ListRef, set::SetRef, stream, string::Str, zset::ZsetRef},
};

/// Three lanes of 64 bits, of which 160 are shown.
#[derive(Clone, Copy, Default)]
struct Digest([u64; 3]);

impl Digest {
    /// Mixes in bytes; the order of calls matters.
    fn add(&mut self, bytes: &[u8]) {
        for (seed, lane) in self.0.iter_mut().enumerate() {
            *lane = HashKey(lane.rotate_left(7) ^ seed as u64).hash(bytes);
        }
    }

    /// Mixes in another digest; the order of calls does not matter.
    fn merge(&mut self, other: Digest) {
        self.0.iter_mut().zip(other.0).for_each(|(a, b)| *a = a.wrapping_add(b));
    }

    fn text(self) -> String {
        let [a, b, c] = self.0;
        format!("{a:016x}{b:016x}{:08x}", c as u32)
    }
}

fn of_value(e: &Entry, now: Wall) -> Digest {
    let mut d = Digest::default();
    d.add(e.type_of().name().as_bytes());
    match e.type_of() {
        Type::String => Str::of(e).with(|text| d.add(text)),
        Type::List => ListRef::of(e).range(0..usize::MAX).for_each(|item| item.with_text(|text| d.add(text))),
        Type::Hash => HashRef::of(e, now).each(|field, value| {
            let mut pair = Digest::default();
            field.with_text(|text| pair.add(text));
            value.with_text(|text| pair.add(text));
            d.merge(pair);
        }),
        Type::Set => SetRef::of(e).each(|member| {
            let mut one = Digest::default();
            member.with_text(|text| one.add(text));
            d.merge(one);
        }),
        Type::ZSet => ZsetRef::of(e).all().for_each(|(member, score)| {
            member.with_text(|text| d.add(text));
            // Both zeros are one score.
            d.add(&(score + 0.0).to_le_bytes());
        }),
        Type::Stream => {
            for entry in stream::of(e).log.range(Id::MIN, Id::MAX) {
                entry.id.with_text(|text| d.add(text));
                for (field, value) in entry.fields {
                    field.with_text(|text| d.add(text));
                    value.with_text(|text| d.add(text));
                }
            }
        }
    }
    if e.expiry_ms().is_some() {
        d.add(b"expires");
    }
    d
}

pub fn values(ctx: &mut Ctx) -> Outcome {
    ctx.out.array(ctx.argc() - 2);
    for name in ctx.args.from(2) {
        let key = ctx.keys.key(name);
        let digest = ctx.keys.inspect_quietly(key).map(|e| of_value(&e, ctx.now.wall));
        // A missing key is all zeros.
        ctx.out.simple(&digest.unwrap_or_default().text());
    }
    DONE
}

pub fn all(ctx: &mut Ctx) -> Outcome {
    let space = ctx.keys.held.space();
    let mut sum = Digest::default();
    for at in 0..space.shards().len() {
        let shard = ctx.keys.held.shard(at);
        for db in 0..space.databases() {
            for e in shard.table(db).iter() {
                let mut d = of_value(&e, ctx.now.wall);
                d.add(e.key());
                d.add(&db.to_le_bytes());
                sum.merge(d);
            }
        }
    }
    ctx.out.simple(&sum.text());
    DONE
}
