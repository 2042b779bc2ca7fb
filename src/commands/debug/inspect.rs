//! DEBUG OBJECT, HTSTATS and HTSTATS-KEY: how keys and values are kept.

use super::{
    super::generic::object::{encoding_name, references},
    Ctx, DONE, Outcome,
};
use crate::{
    base::num::{f64_text, parse_i64},
    data::stream::Id,
    keyspace::{
        Entry, Type, block::TAG_EXPIRES, hash::HashRef, list::ListRef, object::Object, set::SetRef, stream,
        string::Str, zset::ZsetRef,
    },
    protocol::Error,
};
use std::fmt::Write;

pub fn object(ctx: &mut Ctx) -> Outcome {
    let fast = ctx.argc() == 4 && ctx.is(3, "FAST");
    let (key, now) = (ctx.key(2), ctx.now.wall);
    let (access, config) = (*ctx.keys.access, ctx.config);
    let (fill, depth) = (config.encoding.list_max_listpack_size, config.encoding.list_compress_depth);
    let Some(e) = ctx.keys.inspect_quietly(key) else { return Err(Error::NO_KEY) };
    // Where a value lies differs from run to run; the hash of its key stands for it.
    let (at, refcount) = (key.hash & 0xffff_ffff_ffff, references(&e, config));
    let mut text = format!("Value at:0x{at:x} refcount:{refcount} encoding:{}", encoding_name(&e, now));
    let mut add = |part: std::fmt::Arguments| text.write_fmt(part).expect("a string takes all");
    if !fast {
        add(format_args!(" serializedlength:{}", text_bytes(&e, now)));
    }
    let clock = e.clock();
    add(format_args!(" lru:{clock} lru_seconds_idle:{}", access.idle_s(clock, now)));
    add(format_args!(" lfu_freq:{} lfu_access_time_minutes:{}", access.frequency(clock, now), clock >> 8));
    if let Some(Object::List(list)) = e.object() {
        let mean = list.len() as f64 / list.node_count().max(1) as f64;
        add(format_args!(" ql_nodes:{} ql_avg_node:{mean:.2}", list.node_count()));
        add(format_args!(" ql_listpack_max:{fill} ql_compressed:{}", u8::from(depth != 0)));
        if !fast {
            add(format_args!(" ql_uncompressed_size:{}", list.listpack_bytes()));
        }
    }
    ctx.out.simple(&text);
    DONE
}

/// Bytes of all texts in a value.
fn text_bytes(e: &Entry, now: crate::base::time::Wall) -> usize {
    match e.type_of() {
        Type::String => Str::of(e).len(),
        Type::List => ListRef::of(e).range(0..usize::MAX).map(|item| item.text_len()).sum(),
        Type::Hash => {
            let mut sum = 0;
            HashRef::of(e, now).each(|field, value| sum += field.text_len() + value.text_len());
            sum
        }
        Type::Set => {
            let mut sum = 0;
            SetRef::of(e).each(|member| sum += member.text_len());
            sum
        }
        Type::ZSet => {
            let score_bytes = |score| f64_text(score).as_bytes().len();
            ZsetRef::of(e).all().map(|(member, score)| member.text_len() + score_bytes(score)).sum()
        }
        Type::Stream => {
            let entries = stream::of(e).log.range(Id::MIN, Id::MAX);
            entries.flat_map(|entry| entry.fields).map(|(field, value)| field.text_len() + value.text_len()).sum()
        }
    }
}

pub fn table(ctx: &mut Ctx) -> Outcome {
    let space = ctx.keys.held.space();
    let db = parse_i64(ctx.arg(2)).ok_or(Error::NOT_INT)?;
    let db = u32::try_from(db).ok().filter(|db| *db < space.databases()).ok_or(Error::err("Out of range database"))?;
    let (mut len, mut tagged, mut bytes) = (0, 0, 0);
    for at in 0..space.shards().len() {
        let table = ctx.keys.held.shard(at).table(db);
        len += table.len();
        tagged += table.tagged_with(TAG_EXPIRES);
        bytes += table.heap_bytes();
    }
    let text = format!(
        "[Dictionary HT]\nHash table 0 stats (main hash table):\n table size: {}\n number of elements: {len}\n\
         [Expires HT]\nKept in the same table:\n number of elements: {tagged}\n",
        slots(bytes)
    );
    ctx.out.verbatim("txt", text.as_bytes());
    DONE
}

pub fn value_table(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(2);
    let Some(e) = ctx.keys.inspect_quietly(key) else { return Err(Error::NO_KEY) };
    let len = match e.object() {
        Some(Object::Hash(h)) => h.len(),
        Some(Object::Set(s)) => s.len(),
        Some(Object::ZSet(z)) => z.len(),
        _ => return Err(Error::err("The value stored at the specified key is not represented using an hash table")),
    };
    let text = format!("Hash table 0 stats (main hash table):\n number of elements: {len}\n");
    ctx.out.verbatim("txt", text.as_bytes());
    DONE
}

/// Slots of a table whose arrays take so many bytes.
fn slots(bytes: usize) -> usize {
    bytes / size_of::<u64>()
}
