//! Large values are freed away from the command that drops them, in slices of as many steps
//! as whoever frees them wants: nothing that a command or the clock does away with is freed
//! under the locks, and no slice frees more than it was told to.

use crate::engine::testing::Rig;

const LEN: usize = 3000;
const SLICE: usize = 100;

/// Makes a value of many elements, or of many nodes, at `k` by client 0.
fn fill(r: &mut Rig, kind: &str) {
    let texts: Vec<String> = (0..LEN).map(|n| format!("{n:05}")).collect();
    let mut words: Vec<&[u8]> = match kind {
        "set" => vec![b"SADD", b"k"],
        "list" => vec![b"RPUSH", b"k"],
        "hash" => vec![b"HSET", b"k"],
        _ => vec![b"ZADD", b"k"],
    };
    match kind {
        "stream" | "group" | "groups" => {
            r.run(0, "CONFIG SET stream-node-max-entries 1");
            texts.iter().for_each(|t| _ = r.call(0, &[b"XADD", b"k", format!("1-{t}").as_bytes(), b"f", b"v"]));
            if kind != "stream" {
                assert_eq!(r.run(0, "XGROUP CREATE k g 0"), "+OK");
                r.run(0, "XREADGROUP GROUP g alice COUNT 10000 STREAMS k >");
                // What was read is still pending.
                r.run(0, "XTRIM k MAXLEN 0");
            }
            if kind == "groups" {
                r.run(0, "XADD k 2-0 f v");
                r.run(0, "XREADGROUP GROUP g bob STREAMS k >");
            }
            return;
        }
        "text" => return drop(r.call(0, &[b"SET", b"k", &vec![b'x'; 100 << 20]])),
        "list" => drop(r.run(0, "CONFIG SET list-max-listpack-size 1")),
        "keys" => {
            return texts.iter().for_each(|t| _ = r.call(0, &[b"SET", t.as_bytes(), b"v"]));
        }
        _ => {}
    }
    let paired = matches!(kind, "hash" | "zset");
    words.extend(texts.iter().flat_map(|t| [t.as_bytes(); 2]).step_by(if paired { 1 } else { 2 }));
    r.call(0, &words);
}

/// INFO's counts of objects to be freed, and freed.
fn counts(r: &Rig) -> (u64, u64) {
    r.engine.shared.graveyard.counts()
}

/// Frees everything; returns how many slices that took.
fn bury_all(r: &Rig) -> usize {
    let grave = &r.engine.shared.graveyard;
    let mut slices = 0;
    while let Some(mut item) = grave.next(None) {
        slices += 1;
        while item.free_some(SLICE) {
            slices += 1;
        }
        grave.freed(&item);
    }
    assert_eq!((grave.effort(), grave.counts().0), (0, 0));
    slices
}

/// What is made, what does away with it, the steps to be left for later, and the objects that
/// INFO counts.
const GONE: &[(&str, &str, usize, u64)] = &[
    ("set", "DEL k", LEN, 1),
    ("set", "UNLINK k", LEN, 1),
    ("set", "SET k v", LEN, 1),
    ("set", "SPOP k 3000", LEN, 1),
    ("set", "SPOP k 2990", LEN - 10, 1),
    ("set", "SPOP k 2500", LEN - 500, 1),
    ("set", "SDIFFSTORE k a b", LEN, 1),
    ("set", "RENAME other k", LEN, 1),
    ("set", "COPY other k REPLACE", LEN, 1),
    ("set", "GEOSEARCHSTORE k a FROMLONLAT 1 1 BYRADIUS 1 km", LEN, 1),
    ("set", "SORT other STORE k", LEN, 1),
    ("hash", "SET k v GET", 0, 0),
    ("hash", "BITOP NOT k other", LEN, 1),
    ("hash", "PEXPIREAT k 1", LEN, 1),
    ("list", "DEL k", LEN, 1),
    ("list", "LTRIM k 10 19", LEN - 10, 0),
    ("list", "LTRIM k 1 0", LEN, 0),
    ("zset", "ZREMRANGEBYRANK k 5 -6", LEN - 10, 0),
    ("zset", "ZREMRANGEBYSCORE k -inf (2990", LEN - 10, 0),
    ("zset", "ZRANGESTORE k k 0 0", LEN, 1),
    ("stream", "DEL k", LEN, 1),
    ("stream", "XTRIM k MAXLEN 10", LEN - 10, 0),
    ("stream", "XTRIM k MINID 1-2990", LEN - 10, 0),
    ("stream", "XADD k MAXLEN 1 * f v", LEN, 0),
    // Pending entries are freed by 64, once for the group and once for the consumer.
    ("group", "XGROUP DESTROY k g", 2 * LEN / 64, 0),
    ("group", "XGROUP DELCONSUMER k g alice", 2 * LEN / 64, 0),
    ("groups", "XGROUP DELCONSUMER k g alice", 2 * LEN / 64, 0),
    ("keys", "FLUSHALL", LEN + 1, LEN as u64 + 1),
    ("keys", "FLUSHDB ASYNC", LEN + 1, LEN as u64 + 1),
    ("keys", "FLUSHALL SYNC", LEN + 1, 0),
    ("text", "DEL k", 1600, 0),
];

#[test]
fn nothing_large_is_freed_by_the_command_that_drops_it() {
    for (kind, command, steps, objects) in GONE {
        let mut r = Rig::with(1, &[]);
        fill(&mut r, kind);
        r.run(0, "SET other v");
        if command.starts_with("SORT") {
            r.script("DEL other => :1\n RPUSH other 1 => :1");
        }
        // What filling left behind.
        bury_all(&r);
        let (_, freed) = counts(&r);
        r.run(0, command);
        r.audit();
        let effort = r.engine.shared.graveyard.effort() as usize;
        assert!(effort >= *steps, "{command} on a {kind} leaves {effort} steps");
        assert_eq!(counts(&r), (*objects, freed), "{command} on a {kind}");
        let slices = bury_all(&r);
        // A long text goes in one step, but not in the command's.
        assert!(slices >= if *kind == "text" { 1 } else { steps / SLICE }, "{command} on a {kind}: {slices} slices");
        assert_eq!(counts(&r), (0, freed + objects));
    }
}

#[test]
fn what_expires_is_evicted_or_belongs_to_a_transaction_is_not_freed_at_once_either() {
    let mut r = Rig::with(1, &[("lazyfree-lazy-expire", "no"), ("lazyfree-lazy-eviction", "no")]);
    fill(&mut r, "set");
    r.run(0, "PEXPIRE k 10");
    r.advance_ms(20);
    r.expire_some();
    assert_eq!(counts(&r).0, 1);
    assert_eq!(r.engine.shared.graveyard.effort() as usize, LEN);
    bury_all(&r);

    fill(&mut r, "hash");
    r.script(
        "
        CONFIG SET maxmemory 1 maxmemory-policy allkeys-lru => +OK
        SET a b => -OOM command not allowed when used memory > 'maxmemory'.
        CONFIG SET maxmemory 0 => +OK
        DBSIZE => :0
        ",
    );
    assert_eq!(r.engine.shared.graveyard.effort() as usize, LEN);
    bury_all(&r);

    fill(&mut r, "zset");
    r.script(
        "
        MULTI => +OK
        FLUSHALL SYNC => +QUEUED
        SET k v => +QUEUED
        EXEC => [+OK +OK]
        ",
    );
    assert_eq!(r.engine.shared.graveyard.effort(), 1, "the value follows its key");
    assert!(bury_all(&r) > LEN / SLICE);
}

#[test]
fn fields_that_expire_at_once_go_a_few_at_a_time() {
    let mut r = Rig::with(1, &[]);
    let hashes = 20;
    for h in 0..hashes {
        let name = format!("h{h}");
        let fields: Vec<String> = (0..1000).map(|n| n.to_string()).collect();
        let mut words: Vec<&[u8]> = vec![b"HSETEX", name.as_bytes(), b"PX", b"10", b"FIELDS", b"1000"];
        words.extend(fields.iter().flat_map(|f| [f.as_bytes(), b"v"]));
        r.call(0, &words);
    }
    r.advance_ms(20);
    let all = hashes * 1000;
    let gone = |r: &mut Rig| {
        let text = r.run(0, "INFO stats");
        let line = text.split("\r\n").find_map(|l| l.strip_prefix("expired_fields:")).expect("INFO tells");
        line.parse::<usize>().expect("a number")
    };
    let mut before = 0;
    for _ in 0..1000 {
        r.expire_some();
        let now = gone(&mut r);
        assert!(now - before <= 1000, "{} fields in one step", now - before);
        before = now;
        if now == all {
            return r.script("DBSIZE => :0");
        }
    }
    panic!("{before} of {all} fields are gone");
}
