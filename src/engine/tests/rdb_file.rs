//! A key space goes into a file and comes back.

use crate::{
    base::time::Wall,
    config::MaxmemoryPolicy,
    engine::{
        load::{Loader, Tally, Terms},
        testing::{Rig, START_MS},
    },
    keyspace::{Held, access::AccessPolicy},
    persist::rdb::{
        Format, VERSION,
        file::{About, Access, Damage, Item, Options, Scanner, Writer},
    },
};
use bytes::Bytes;
use proptest::prelude::*;

const TERMS: Terms = Terms { skip_expired: true, replace: false, now: Wall(START_MS) };

/// Everything a rig holds, as a file; keys in the order of their shards, so that databases
/// take turns.
fn saved(r: &Rig, format: Format, access: Access) -> Vec<u8> {
    let mut w = Writer::new(format, access, true, About::default());
    let space = &r.engine.shared.keyspace;
    let mut held = Held::new(space);
    held.all();
    let mut out = Vec::new();
    for at in 0..space.shards().len() {
        for db in 0..space.databases() {
            for e in held.shard(at).table(db).iter() {
                w.entry(db, &e);
                out.extend(w.take());
            }
        }
    }
    w.end();
    out.extend(w.take());
    out
}

/// Loads a file that comes in chunks of a size.
fn load(r: &Rig, bytes: &[u8], chunk: usize, terms: Terms) -> Result<Tally, Damage> {
    let options = Options { strict: true, checksum: true, len: Some(bytes.len() as u64), more_follows: false };
    let (mut scanner, mut sum) = (Scanner::new(options), Tally::default());
    let mut loader = Loader::new(&r.engine, terms);
    for chunk in bytes.chunks(chunk) {
        scanner.feed(Bytes::copy_from_slice(chunk));
        while let Some(item) = scanner.next()? {
            if let Item::Keys(batch) = item {
                sum.add(loader.load(&batch)?);
            }
        }
    }
    scanner.end();
    while scanner.next()?.is_some() {}
    Ok(sum)
}

/// Signatures of all values and times, in the order of the keys.
fn digest(r: &mut Rig) -> Vec<String> {
    let mut all = vec![r.run(0, "DEBUG DIGEST")];
    for db in 0..2 {
        r.run(0, &format!("SELECT {db}"));
        let keys = r.run(0, "KEYS *");
        let mut keys: Vec<&str> = keys.trim_matches(['[', ']']).split(' ').filter(|k| !k.is_empty()).collect();
        keys.sort_unstable();
        for key in keys {
            let expiry = r.run(0, &format!("PEXPIRETIME {key}"));
            all.push(format!("{db} {key} {expiry} {}", r.run(0, &format!("DEBUG DIGEST-VALUE {key}"))));
        }
    }
    r.run(0, "SELECT 0");
    all
}

fn rig() -> Rig {
    Rig::with(2, &[("enable-debug-command", "yes"), ("hash-max-listpack-entries", "8"), ("databases", "4")])
}

fn values() -> impl Strategy<Value = Vec<String>> {
    let texts = |range| prop::collection::vec("[a-z]{1,5}|-?[0-9]{1,6}", range);
    let command = prop_oneof![
        "[a-z]{0,80}|-?[0-9]{1,12}".prop_map(|t| format!("SET KEY '{t}'")),
        texts(1..30).prop_map(|t| format!("RPUSH KEY {}", t.join(" "))),
        texts(1..30).prop_map(|t| format!("SADD KEY {}", t.join(" "))),
        prop::collection::vec(any::<i32>(), 1..30)
            .prop_map(|t| { format!("SADD KEY {}", t.iter().map(i32::to_string).collect::<Vec<_>>().join(" ")) }),
        texts(1..30)
            .prop_map(|t| format!("HSET KEY {}", t.iter().map(|f| format!("{f} v")).collect::<Vec<_>>().join(" "))),
        texts(1..200).prop_map(|t| {
            format!("ZADD KEY {}", t.iter().enumerate().map(|(i, m)| format!("{i} {m}")).collect::<Vec<_>>().join(" "))
        }),
        texts(1..5)
            .prop_map(|t| format!("XADD KEY * {}", t.iter().map(|f| format!("{f} v")).collect::<Vec<_>>().join(" "))),
    ];
    let placed = (command, 0usize..40, 0u8..2, prop::option::of(1u32..1_000_000));
    prop::collection::vec(placed, 0..60).prop_map(|all| {
        let line = |(command, key, db, ttl): (String, usize, u8, Option<u32>)| {
            let mut lines = vec![format!("SELECT {db}"), command.replace("KEY", &format!("key{key}"))];
            lines.extend(ttl.map(|s| format!("EXPIRE key{key} {s}")));
            lines
        };
        all.into_iter().flat_map(line).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_key_space_comes_back(lines in values(), chunk in 1usize..5000, compress: bool, version in 10u16..=11) {
        let mut from = rig();
        lines.iter().for_each(|line| drop(from.run(0, line)));
        let file = saved(&from, Format { version, compress }, Access::Nothing);
        let mut to = rig();
        let tally = load(&to, &file, chunk, TERMS).unwrap();
        prop_assert_eq!(tally.expired + tally.empty, 0);
        prop_assert_eq!(digest(&mut to), digest(&mut from));
    }
}

fn small() -> (Rig, Vec<u8>) {
    let mut r = rig();
    r.run_all(0, &["SET a 1", "SET b 2 PX 1000", "HSET h f v", "SELECT 1", "RPUSH l a b c"]);
    let file = saved(&r, Format { version: VERSION, compress: false }, Access::Nothing);
    (r, file)
}

#[test]
fn expired_keys_are_left_out_if_so_told() {
    let (_, file) = small();
    let late = Terms { now: Wall(TERMS.now.0 + 1001), ..TERMS };
    assert_eq!(load(&rig(), &file, 100, late).unwrap(), Tally { loaded: 3, expired: 1, empty: 0 });
    let keep = Terms { skip_expired: false, ..late };
    assert_eq!(load(&rig(), &file, 100, keep).unwrap(), Tally { loaded: 4, expired: 0, empty: 0 });
}

#[test]
fn a_key_that_exists_is_an_error_or_replaced() {
    let (mut r, file) = small();
    let damage = load(&r, &file, 100, TERMS).unwrap_err();
    assert!(damage.what.contains("twice"), "{damage}");
    r.run_all(0, &["SELECT 0", "SET a 5", "SET other 6"]);
    assert_eq!(load(&r, &file, 100, Terms { replace: true, ..TERMS }).unwrap().loaded, 4);
    assert_eq!(r.run(0, "MGET a other"), "[1 6]");
}

#[test]
fn a_database_too_many_is_an_error() {
    let (_, file) = small();
    let one = Rig::with(1, &[("databases", "1")]);
    assert!(load(&one, &file, 100, TERMS).unwrap_err().what.contains("database 1"));
}

#[test]
fn nobody_hears_of_what_is_loaded() {
    let (_, file) = small();
    let mut r = rig();
    r.run_all(0, &["CONFIG SET notify-keyspace-events KEA", "SUBSCRIBE __keyevent@0__:set __keyevent@0__:new"]);
    r.run_all(1, &["WATCH a", "MULTI", "PING"]);
    load(&r, &file, 100, TERMS).unwrap();
    assert_eq!(r.run(1, "EXEC"), "[+PONG]");
    assert!(r.run(2, "INFO persistence").contains("rdb_changes_since_last_save:0"));
    assert_eq!(r.receive(0).unwrap_or_default(), vec![]);
}

#[test]
fn access_times_come_back() {
    for (policy, question) in [("allkeys-lru", "OBJECT IDLETIME k"), ("allkeys-lfu", "OBJECT FREQ k")] {
        let mut from = Rig::with(1, &[("maxmemory-policy", policy)]);
        from.run(0, "SET k v");
        from.advance_ms(100_000);
        let lfu = policy == "allkeys-lfu";
        let access = AccessPolicy { lfu, lfu_log_factor: 10, lfu_decay_minutes: 1, touch: true, ahead_ms: 0 };
        let kind = if lfu { MaxmemoryPolicy::AllkeysLfu } else { MaxmemoryPolicy::AllkeysLru };
        let now = from.now().wall;
        let file = saved(&from, Format { version: VERSION, compress: false }, Access::of(kind, access, now));
        let mut to = Rig::with(1, &[("maxmemory-policy", policy)]);
        to.advance_ms(100_000);
        load(&to, &file, 100, Terms { now, ..TERMS }).unwrap();
        assert_eq!(to.run(0, question), if lfu { ":3" } else { ":100" });
        assert_eq!(to.run(0, question), from.run(0, question));
    }
}

#[test]
fn while_loading_most_commands_have_to_wait() {
    const WAIT: &str = "-LOADING Valkey is loading the dataset in memory";
    let mut r = rig();
    r.run_all(1, &["MULTI", "SET k v"]);
    let loading = &r.engine.shared.loading;
    loading.start(TERMS.now);
    loading.file(2000);
    loading.reached(500);
    for command in ["GET k", "SET k v", "PING", "FLUSHALL", "KEYS *", "CONFIG SET repl-diskless-load disabled"] {
        assert_eq!(r.run(0, command), WAIT, "{command}");
    }
    assert_eq!(
        r.run(1, "EXEC"),
        "-EXECABORT Transaction discarded because of: LOADING Valkey is loading the dataset in memory"
    );
    assert_eq!(r.run(0, "MULTI"), "+OK");
    assert_eq!(r.run(0, "GET k"), WAIT);
    assert!(r.run(0, "EXEC").starts_with("-EXECABORT"));
    assert_eq!(r.run(0, "CONFIG SET hz 20"), "+OK");
    r.advance_ms(3000);
    let info = r.run(0, "INFO persistence");
    for line in [
        "loading:1",
        "async_loading:0",
        "loading_start_time:1720000000",
        "loading_total_bytes:2000",
        "loading_rdb_used_mem:0",
        "loading_loaded_bytes:500",
        "loading_loaded_perc:25.00",
        "loading_eta_seconds:8",
    ] {
        assert!(info.contains(line), "{line}: {info}");
    }
    r.engine.shared.loading.stop();
    assert_eq!(r.run(0, "GET k"), "nil");
    let info = r.run(0, "INFO persistence");
    assert!(info.contains("loading:0") && !info.contains("loading_eta"));
}
