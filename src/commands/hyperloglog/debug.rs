//! PFDEBUG and PFSELFTEST.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    corrupt, encoding, row,
};
use crate::{
    data::hyperloglog::{self as hll, Encoding, REGISTERS},
    keyspace::{
        Type,
        string::{self, Str},
    },
    protocol::Error,
};

const SELDOM: Flags = Flags::ADMIN.or(Flags::SYSCMD);

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        summary: "Shows or changes the form of a HyperLogLog.",
        keys: &[KeySpec::at(2, KeyFlags::RW.or(KeyFlags::ACCESS))],
        args: &[Arg::string("subcommand"), Arg::key("key")],
        ..row("pfdebug", 3, Flags::WRITE.or(Flags::DENYOOM).or(SELDOM), pfdebug)
    },
    Row { summary: "Checks the HyperLogLog functions.", ..row("pfselftest", 1, SELDOM, pfselftest) },
];

fn pfdebug(ctx: &mut Ctx) -> Outcome {
    let key = ctx.key(2);
    let registers = ctx.is(1, "GETREG");
    let to_dense = ctx.is(1, "TODENSE");
    let (decode, name) = (ctx.is(1, "DECODE"), ctx.is(1, "ENCODING"));
    let unknown = || Error::concat(&[b"ERR Unknown PFDEBUG subcommand '", ctx.arg(1), b"'"]);
    let unknown = (!(registers || to_dense || decode || name)).then(unknown);
    let found = ctx.keys.edit_as(key, Type::String)?;
    let mut e = found.ok_or(Error::Static("ERR The specified key does not exist"))?;
    let form = encoding(e.entry())?;
    if let Some(unknown) = unknown {
        return Err(unknown);
    }
    if decode {
        let text = Str::of(e.entry()).with(hll::decode);
        ctx.out.bulk(text.ok_or(Error::Static("ERR HLL encoding is not sparse"))?.as_bytes());
        return DONE;
    }
    if name {
        ctx.out.simple(if form == Encoding::Dense { "dense" } else { "sparse" });
        return DONE;
    }
    let converted = string::edit_store(e.entry_mut(), hll::make_dense).map_err(corrupt)?;
    if registers {
        let mut all = Box::new([0; REGISTERS]);
        Str::of(e.entry()).with(|text| hll::merge(&mut all, text)).map_err(corrupt)?;
        ctx.out.array(REGISTERS);
        all.iter().for_each(|r| ctx.out.int((*r).into()));
    } else {
        ctx.out.int(converted.into());
    }
    e.changed_aside(converted.into());
    DONE
}

/// Elements that the self-test adds, and the relative error that it lets pass.
const SELF_TEST: (u64, f64) = (50_000, 0.05);

fn pfselftest(ctx: &mut Ctx) -> Outcome {
    let (elements, tolerance) = SELF_TEST;
    let sparse_bytes = ctx.config.encoding.hll_sparse_max_bytes;
    let salt = ctx.keys.rng.next_u64();
    let (mut grown, mut dense) = (hll::empty(), hll::empty());
    hll::make_dense(&mut dense).map_err(corrupt)?;
    for n in 1..=elements {
        let element = (n ^ salt).to_le_bytes();
        hll::add(&mut grown, &element, sparse_bytes).map_err(corrupt)?;
        hll::add(&mut dense, &element, sparse_bytes).map_err(corrupt)?;
        if !n.is_power_of_two() && n != elements {
            continue;
        }
        let (a, b) = (hll::count(&grown).map_err(corrupt)?, hll::count(&dense).map_err(corrupt)?);
        if a != b {
            return Err(Error::Static("ERR TESTFAILED dense/sparse disagree"));
        }
        // A handful may collide.
        let error = a.abs_diff(n);
        if error > 3 && error as f64 > tolerance * n as f64 {
            return Err(Error::err(format!("TESTFAILED Too big error. card:{n} abserr:{error}")));
        }
    }
    ctx.out.ok();
    DONE
}
