//! Append-only files, damaged: they are loaded by the code that the server starts with, from a
//! disk in memory. Whatever was written behind checksums comes back as it was at some moment,
//! or not at all; what was let through once is the same the second time.

#![no_main]

use arbitrary::Arbitrary;
use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use norn::{
    base::time::Wall,
    engine::{
        load::{Loader, Terms},
        testing::Rig,
    },
    env::{Disk, DiskFile, Open},
    persist::{
        aof::Manifest,
        rdb::file::{Item, Options, Scanner},
    },
    protocol::request::write_request,
    server::aof::{LoadRdb, Output, Store, load},
};
use norn_fuzz::memory::{Memory, MemoryFile, run};
use std::{collections::BTreeMap, sync::LazyLock};

const PREFIX: &str = "appendonly.aof";
/// As few as will do: many servers are made.
const DATABASES: (&str, &str) = ("databases", "4");

type Contents = BTreeMap<(u32, String), String>;

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    /// Written here, then damaged.
    Ours { written: Written<'a>, damage: Damage<'a> },
    /// A file of a real server, then damaged.
    Real { file: u8, damage: Damage<'a> },
    /// Anything.
    Raw { manifest: Option<&'a [u8]>, base: &'a [u8], incr: &'a [u8], old: Option<&'a [u8]> },
}

#[derive(Arbitrary, Debug)]
struct Written<'a> {
    base: Vec<Change<'a>>,
    /// Whether the base is commands, not in the RDB format.
    text: bool,
    steps: Vec<Step<'a>>,
}

#[derive(Arbitrary, Debug)]
enum Step<'a> {
    Batch {
        changes: Vec<Change<'a>>,
        stamp_s: Option<u32>,
    },
    Sync,
    Vouch,
    /// What comes next is in another file.
    Next,
}

#[derive(Arbitrary, Debug)]
struct Change<'a> {
    kind: u8,
    key: u8,
    value: &'a [u8],
    /// In a transaction with the same on another key.
    twice: bool,
}

#[derive(Arbitrary, Debug)]
struct Damage<'a> {
    /// The file that is damaged, of those with data.
    file: u8,
    /// Bytes put in the place of others.
    edits: [Option<(u16, u8)>; 3],
    zeros: Option<(u16, u8)>,
    insert: Option<(u16, &'a [u8])>,
    end: Option<u16>,
}

/// Files of real servers: what they are called, and what is in them.
const REAL: &[(&str, &[u8])] = &[
    ("norn.incr.aof", include_bytes!("../seeds/aof_load/norn.incr.aof")),
    ("norn.base.aof", include_bytes!("../seeds/aof_load/norn.base.aof")),
    ("redis.incr.aof", include_bytes!("../seeds/aof_load/redis.incr.aof")),
    ("redis.base.aof", include_bytes!("../seeds/aof_load/redis.base.aof")),
    ("redis.old.aof", include_bytes!("../seeds/aof_load/redis.old.aof")),
];

/// What the real files hold.
static REAL_CONTENTS: LazyLock<Vec<Contents>> = LazyLock::new(|| {
    let whole = |bytes: &[u8]| loaded(&single(bytes)).expect("a whole file");
    REAL.iter().map(|(_, bytes)| whole(bytes)).collect()
});

/// A source of commands that each say what they did.
struct Source {
    rig: Rig,
    entries: u64,
}

impl Source {
    /// Executes changes; their text.
    fn apply(&mut self, changes: &[Change]) -> Vec<u8> {
        let mut text = Vec::new();
        let mut put = |args: &[&[u8]]| write_request(&mut text, args.iter().copied());
        put(&[b"SELECT", b"0"]);
        for c in changes.iter().take(40) {
            let keys = if c.twice { &[0u8, 1][..] } else { &[0] };
            if c.twice {
                put(&[b"MULTI"]);
            }
            for n in keys {
                self.entries += 1;
                let id = format!("{}-1", self.entries);
                let (key, value) = ([b'a' + c.kind % 8, b'0' + c.key.wrapping_add(*n) % 4], c.value);
                match c.kind % 8 {
                    0 => put(&[b"SET", &key, value]),
                    1 => put(&[b"RPUSH", &key, value, b"x"]),
                    2 => put(&[b"SADD", &key, value]),
                    3 => put(&[b"HSET", &key, value, value]),
                    4 => put(&[b"ZADD", &key, b"1.5", value]),
                    5 => put(&[b"XADD", &key, id.as_bytes(), b"f", value]),
                    6 => put(&[b"SET", &key, value, b"PXAT", b"1720000005000"]),
                    _ => put(&[b"DEL", &[b'a' + c.key % 7, b'0']]),
                }
            }
            if c.twice {
                put(&[b"EXEC"]);
            }
        }
        self.rig.replay(&text);
        text
    }
}

/// The directory, and what it holds after each batch.
fn write(written: &Written) -> (Memory, Vec<Contents>) {
    let memory = Memory::default();
    let preamble = if written.text { "no" } else { "yes" };
    let mut source = Source { rig: Rig::with(1, &[DATABASES, ("aof-use-rdb-preamble", preamble)]), entries: 0 };
    source.apply(&written.base);
    let mut states = vec![source.rig.contents()];
    let store = store(&memory, &source.rig);
    let mut manifest = Manifest::default();
    let create = |name: &str| run(Output::<MemoryFile>::create(&memory, &store.path(name), 1)).expect("memory");
    let base = manifest.add_base(PREFIX, !written.text).to_owned();
    let data = Bytes::from(source.rig.rewrite());
    if written.text {
        let mut out = create(&base);
        run(out.append(&data, &mut 0, None)).expect("memory");
        run(out.end()).expect("memory");
    } else {
        memory.0.borrow_mut().insert(store.path(&base), data.into());
    }
    let mut out = create(&manifest.add_incr(PREFIX).name.clone());
    for step in written.steps.iter().take(12) {
        match step {
            Step::Batch { changes, stamp_s } => {
                let text = Bytes::from(source.apply(changes));
                run(out.append(&text, &mut 0, stamp_s.map(u64::from))).expect("memory");
                states.push(source.rig.contents());
            }
            Step::Sync => run(out.sync()).expect("memory"),
            Step::Vouch => run(out.vouch()).expect("memory"),
            Step::Next => {
                run(out.sync()).expect("memory");
                run(out.end()).expect("memory");
                run(out.sync()).expect("memory");
                out = create(&manifest.add_incr(PREFIX).name.clone());
            }
        }
    }
    memory.0.borrow_mut().insert(store.path("appendonly.aof.manifest"), manifest.format());
    (memory, states)
}

fn store(memory: &Memory, rig: &Rig) -> Store<Memory> {
    Store::new(memory.clone(), &rig.engine.shared.config.get().persistence)
}

/// A directory with one file.
fn single(bytes: &[u8]) -> Memory {
    let memory = Memory::default();
    let list = b"file appendonly.aof.1.incr.aof seq 1 type i\n".to_vec();
    memory.0.borrow_mut().extend([
        ("appendonlydir/appendonly.aof.manifest".to_owned(), list),
        ("appendonlydir/appendonly.aof.1.incr.aof".to_owned(), bytes.to_vec()),
    ]);
    memory
}

/// Damages a file; whether checksums must notice whatever it changed.
fn harm(memory: &Memory, d: &Damage) -> bool {
    let mut files = memory.0.borrow_mut();
    let count = files.len() - 1;
    // The manifest comes last.
    let Some((_, data)) = files.iter_mut().nth(usize::from(d.file) % count) else { return true };
    let at = |at: u16, len: usize| usize::from(at) % len.max(1);
    let len = data.len();
    for (place, byte) in d.edits.iter().flatten().filter(|_| len > 0) {
        data[at(*place, len)] = *byte;
    }
    if let Some((place, n)) = d.zeros {
        let start = at(place, len);
        data[start..len.min(start + usize::from(n))].fill(0);
    }
    if let Some((place, more)) = d.insert {
        let place = at(place, len + 1);
        data.splice(place..place, more.iter().copied());
    }
    if let Some(end) = d.end {
        data.truncate(at(end, data.len() + 1));
    }
    let last = usize::from(d.file) % count == count - 1;
    // Nobody can tell an emptied file from one that another server made and never wrote to, nor
    // what is inserted as whole commands from what another server went on with.
    (!data.is_empty() || last) && d.insert.is_none_or(|(_, more)| !more.contains(&b'*'))
}

/// RDB parts, on this thread.
struct Rdb<'a> {
    memory: &'a Memory,
    rig: &'a Rig,
}

impl LoadRdb for Rdb<'_> {
    async fn load_rdb(&mut self, path: &str) -> Result<u64, String> {
        let file = self.memory.open(path, Open::Read).await.map_err(|e| e.to_string())?;
        let len = file.size().await.map_err(|e| e.to_string())?;
        let data = file.read_at(0, len as usize).await.map_err(|e| e.to_string())?;
        let mut scanner = Scanner::new(Options { strict: true, checksum: true, len: Some(len), more_follows: true });
        let terms = Terms { skip_expired: false, replace: false, now: Wall(0) };
        let mut loader = Loader::new(&self.rig.engine, terms);
        scanner.feed(data);
        scanner.end();
        while let Some(item) = scanner.next().map_err(|e| e.to_string())? {
            match item {
                Item::Keys(batch) => drop(loader.load(&batch).map_err(|e| e.to_string())?),
                Item::End(_) => return Ok(scanner.at()),
                _ => {}
            }
        }
        Err("no end".into())
    }

    fn progress(&mut self, _bytes: u64) {}
}

/// What a server holds that starts on these files.
fn loaded(memory: &Memory) -> Result<Contents, String> {
    let rig = Rig::with(1, &[DATABASES, ("proto-max-bulk-len", "1048576")]);
    let store = store(memory, &rig);
    run(load(memory, &rig.engine, &store, &mut Rdb { memory, rig: &rig }))?;
    rig.audit();
    Ok(rig.contents())
}

fuzz_target!(|input: Input| {
    let (memory, states) = match &input {
        Input::Ours { written, damage } => {
            let (memory, states) = write(written);
            let covered = harm(&memory, damage);
            (memory, covered.then_some(states))
        }
        Input::Real { file, damage } => {
            let n = usize::from(*file) % REAL.len();
            let (name, bytes) = REAL[n];
            let memory = single(bytes);
            let covered = harm(&memory, damage);
            let whole = loaded(&memory);
            if covered
                && name == "norn.base.aof"
                && let Ok(contents) = &whole
            {
                // It is one batch.
                assert!(contents.is_empty() || *contents == REAL_CONTENTS[n]);
            }
            (memory, None)
        }
        Input::Raw { manifest, base, incr, old } => {
            let memory = Memory::default();
            let list = b"file b seq 1 type b\nfile i seq 1 type i\n";
            let put = |path: &str, data: &[u8]| drop(memory.0.borrow_mut().insert(path.into(), data.to_vec()));
            if manifest.is_some() || old.is_none() {
                put("appendonlydir/appendonly.aof.manifest", manifest.unwrap_or(list));
            }
            put("appendonlydir/b", base);
            put("appendonlydir/i", incr);
            if let Some(old) = old {
                put("appendonly.aof", old);
            }
            (memory, None)
        }
    };
    let Ok(contents) = loaded(&memory) else { return };
    if let Some(states) = states {
        assert!(states.contains(&contents), "never so: {contents:?}");
    }
    assert_eq!(loaded(&memory).as_ref(), Ok(&contents), "the second time");
});
