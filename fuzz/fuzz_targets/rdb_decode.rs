//! Whole RDB files, damaged: whatever is let through is a sound key space, comes back the
//! same when it is written and read again, and how the bytes arrive makes no difference.

#![no_main]

use arbitrary::Arbitrary;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use norn::{
    base::time::Wall,
    engine::{
        load::{Loader, Tally, Terms},
        testing::{Rig, check_value},
    },
    keyspace::Held,
    persist::{
        checksum,
        rdb::{
            Format, VERSION_VALKEY_9,
            file::{About, Access, Damage, Item, Options, Scanner, Writer},
        },
    },
};
use norn_fuzz::dump::{Content, dump};

/// Files of redis-server 7.0: values in small forms, in large ones, and with frequencies and
/// no checksum.
const FILES: &[&[u8]] = &[
    include_bytes!("../seeds/rdb/small.rdb"),
    include_bytes!("../seeds/rdb/large.rdb"),
    include_bytes!("../seeds/rdb/lfu.rdb"),
];

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    file: u8,
    /// Bytes put in the place of others.
    edits: Vec<(u16, u8)>,
    /// Bytes put in between.
    insert: Option<(u16, &'a [u8])>,
    end: Option<u16>,
    /// Make the checksum right again.
    seal: bool,
    chunk: u16,
}

fn bytes(input: &Input) -> Vec<u8> {
    let mut bytes = FILES[usize::from(input.file) % FILES.len()].to_vec();
    for (at, byte) in &input.edits {
        let at = usize::from(*at) % bytes.len();
        bytes[at] = *byte;
    }
    if let Some((at, more)) = input.insert {
        let at = usize::from(at) % bytes.len();
        bytes.splice(at..at, more.iter().copied());
    }
    if let Some(end) = input.end {
        bytes.truncate(usize::from(end) % bytes.len() + 1);
    }
    if input.seal && bytes.len() > 8 {
        let end = bytes.len() - 8;
        let sum = checksum::of(&bytes[..end]);
        bytes[end..].copy_from_slice(&sum.to_le_bytes());
    }
    bytes
}

fn load(rig: &Rig, bytes: &[u8], chunk: usize, len: Option<u64>) -> Result<Tally, Damage> {
    let options = Options { strict: true, checksum: true, len, more_follows: true };
    let terms = Terms { skip_expired: false, replace: false, now: rig.now().wall };
    let (mut scanner, mut loader) = (Scanner::new(options), Loader::new(&rig.engine, terms));
    let mut sum = Tally::default();
    for chunk in bytes.chunks(chunk).chain([&[][..]]) {
        if chunk.is_empty() {
            scanner.end();
        }
        scanner.feed(Bytes::copy_from_slice(chunk));
        while let Some(item) = scanner.next()? {
            if let Item::Keys(batch) = item {
                sum.add(loader.load(&batch)?);
            }
        }
    }
    Ok(sum)
}

/// Everything in a rig as a file; every value is checked on the way.
fn saved(rig: &Rig, compress: bool) -> Vec<u8> {
    let format = Format { version: VERSION_VALKEY_9, compress };
    let mut w = Writer::new(format, Access::Nothing, true, About::default());
    let space = &rig.engine.shared.keyspace;
    let mut held = Held::new(space);
    held.all();
    for at in 0..space.shards().len() {
        for db in 0..space.databases() {
            for e in held.shard(at).table(db).iter() {
                check_value(&e);
                w.entry(db, &e);
            }
        }
    }
    w.end();
    w.take()
}

fn content(rig: &Rig) -> Content {
    dump(&rig.engine, Wall(0))
}

fuzz_target!(|input: Input| {
    let bytes = bytes(&input);
    let whole = Rig::with(1, &[]);
    let result = load(&whole, &bytes, bytes.len().max(1), Some(bytes.len() as u64));
    let pieces = Rig::with(2, &[]);
    let in_pieces = load(&pieces, &bytes, usize::from(input.chunk) % 500 + 1, None);
    assert_eq!(result.is_ok(), in_pieces.is_ok(), "{result:?} {in_pieces:?}");
    let Ok(tally) = result else { return };
    assert_eq!(Ok(tally), in_pieces);
    let want = content(&whole);
    assert_eq!(content(&pieces), want);
    let again = Rig::with(2, &[]);
    let back = load(&again, &saved(&pieces, input.seal), 1000, None).expect("what was written can be read");
    assert_eq!(back.loaded, tally.loaded);
    assert_eq!(content(&again), want);
});
