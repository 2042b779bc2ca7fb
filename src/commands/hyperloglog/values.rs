//! PFADD, PFCOUNT, PFMERGE.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    PFADD, corrupt, encoding, row,
};
use crate::{
    data::{
        hyperloglog::{self as hll, Encoding, REGISTERS, Registers},
        packed::ByteStore,
    },
    keyspace::{
        Edit, Key, Keys, Kind, Type,
        string::{self, Str},
    },
    protocol::Error,
};

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        complexity: "O(1) for each element",
        summary: "Adds elements to a HyperLogLog, making it if needed.",
        keys: &[KeySpec::at(1, KeyFlags::RW.or(KeyFlags::INSERT))],
        args: &[Arg::key("key"), Arg::string("element").optional().multiple()],
        ..row("pfadd", -2, Flags::WRITE.or(Flags::DENYOOM).or(Flags::FAST), pfadd)
    },
    Row {
        complexity: "O(1) for one key, O(N) for N keys",
        summary: "Estimates how many different elements were added to HyperLogLogs.",
        keys: &[KeySpec::range(1, -1, 1, KeyFlags::RW.or(KeyFlags::ACCESS))
            .notes("RW because it may change the internal representation of the key, and propagate to replicas")],
        args: &[Arg::key("key").multiple()],
        ..row("pfcount", -2, Flags::READONLY.or(Flags::MAY_REPLICATE), pfcount)
    },
    Row {
        complexity: "O(N), N the keys",
        summary: "Adds HyperLogLogs to another one, making it if needed.",
        keys: &[
            KeySpec::at(1, KeyFlags::RW.or(KeyFlags::ACCESS).or(KeyFlags::INSERT)),
            KeySpec::range(2, -1, 1, KeyFlags::RO.or(KeyFlags::ACCESS)),
        ],
        args: &[Arg::key("destkey"), Arg::key_of("sourcekey", 1).optional().multiple()],
        ..row("pfmerge", -2, Flags::WRITE.or(Flags::DENYOOM), pfmerge)
    },
];

/// Opens a HyperLogLog, making an empty one if there is none.
fn open<'k>(keys: &'k mut Keys<'_, '_>, key: Key) -> Result<Edit<'k>, Error> {
    let mut e = keys.upsert(key, Kind::StrInline)?;
    if e.is_created() {
        string::store_text(e.entry_mut(), &hll::empty());
    }
    encoding(e.entry())?;
    Ok(e)
}

fn pfadd(ctx: &mut Ctx) -> Outcome {
    let (key, max, elements) = (ctx.key(1), ctx.config.encoding.hll_sparse_max_bytes, ctx.args.skip(2));
    let mut e = open(&mut ctx.keys, key)?;
    let mut changes = u64::from(e.is_created());
    let add = |store: &mut dyn ByteStore| {
        for element in elements.from(0) {
            changes += u64::from(hll::add(store, element, max)?);
        }
        if changes > 0 {
            hll::invalidate(store.bytes_mut());
        }
        Ok(())
    };
    string::edit_store(e.entry_mut(), add).map_err(corrupt)?;
    if changes > 0 {
        e.changed_by(PFADD, changes);
    }
    ctx.out.int((changes > 0).into());
    DONE
}

fn pfcount(ctx: &mut Ctx) -> Outcome {
    if ctx.argc() > 2 {
        let registers = union(ctx, 1)?.0;
        ctx.out.int(hll::estimate(&registers) as i64);
        return DONE;
    }
    let key = ctx.key(1);
    let Some(found) = ctx.keys.read_as(key, Type::String)? else {
        ctx.out.int(0);
        return DONE;
    };
    encoding(&found)?;
    let cached = Str::of(&found).with(hll::cached);
    let n = match cached {
        Some(n) => n,
        None => {
            let n = Str::of(&found).with(hll::count).map_err(corrupt)?;
            if let Some(mut e) = ctx.keys.edit(key) {
                string::edit_bytes(e.entry_mut(), |text| hll::cache(text, n));
                e.changed_unheard(1);
            }
            n
        }
    };
    ctx.out.int(n as i64);
    DONE
}

/// The registers of the HyperLogLogs from argument `first` on, and whether one is dense.
fn union(ctx: &mut Ctx, first: usize) -> Result<(Box<Registers>, bool), Error> {
    let (mut registers, mut dense) = (Box::new([0; REGISTERS]), false);
    for i in first..ctx.argc() {
        let key = ctx.key(i);
        if let Some(e) = ctx.keys.read_as(key, Type::String)? {
            dense |= encoding(&e)? == Encoding::Dense;
            Str::of(&e).with(|text| hll::merge(&mut registers, text)).map_err(corrupt)?;
        }
    }
    Ok((registers, dense))
}

fn pfmerge(ctx: &mut Ctx) -> Outcome {
    let (key, max) = (ctx.key(1), ctx.config.encoding.hll_sparse_max_bytes);
    let (registers, dense) = union(ctx, 1)?;
    let mut e = open(&mut ctx.keys, key)?;
    let merge = |store: &mut dyn ByteStore| {
        if dense {
            hll::make_dense(store)?;
        }
        for (register, rank) in registers.iter().enumerate().filter(|(_, rank)| **rank > 0) {
            hll::raise(store, register, *rank, max)?;
        }
        hll::invalidate(store.bytes_mut());
        Ok(())
    };
    string::edit_store(e.entry_mut(), merge).map_err(corrupt)?;
    e.changed(PFADD);
    ctx.out.ok();
    DONE
}
