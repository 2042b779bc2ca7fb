//! `maxmemory`: which keys go, which stay, and what a client hears of it.

use crate::{
    base::prng::Prng,
    engine::testing::Rig,
    keyspace::{Held, Keys, access::AccessPolicy, changes::Changes, event},
};
use proptest::prelude::*;

const LIMIT: u64 = 400_000;
const OOM: &str = "-OOM command not allowed when used memory > 'maxmemory'.";

fn rig(policy: &str) -> Rig {
    Rig::with(2, &[("maxmemory", &LIMIT.to_string()), ("maxmemory-policy", policy)])
}

fn set(r: &mut Rig, key: &str) -> String {
    r.run(0, &format!("SET {key} {}", "v".repeat(500)))
}

fn exists(r: &mut Rig, key: &str) -> bool {
    r.run(0, &format!("GET {key}")) != "nil"
}

fn evicted(r: &Rig) -> u64 {
    r.engine.shared.keyspace.shards().iter().map(|s| s.lock().stats().evicted).sum()
}

/// Gives an existing key an expiry, `ttl_s` from now.
fn expire(r: &Rig, key: &str, ttl_s: u64) {
    let space = &r.engine.shared.keyspace;
    let (mut held, mut rng, mut changes) = (Held::new(space), Prng::new(0), Changes::default());
    held.all();
    let mut access = AccessPolicy { lfu: false, lfu_log_factor: 10, lfu_decay_minutes: 1, touch: false, ahead_ms: 0 };
    let now = r.now().wall;
    let mut keys = Keys { held: &mut held, db: 0, now, access: &mut access, rng: &mut rng, changes: &mut changes };
    let key = keys.key(key.as_bytes());
    let mut e = keys.edit(key).expect("the key exists");
    e.entry_mut().set_expiry_ms(Some(now.0 + ttl_s * 1000));
    e.changed(event::EXPIRE);
}

#[test]
fn without_eviction_writes_are_refused_and_reads_go_on() {
    let mut r = rig("noeviction");
    let refused = (0..2000).find(|i| set(&mut r, &format!("k{i}")) == OOM).expect("the limit is reached");
    assert!(r.engine.shared.used_bytes() > LIMIT);
    assert!(exists(&mut r, "k0"));
    assert!(!exists(&mut r, &format!("k{refused}")));
    assert_eq!(evicted(&r), 0);
    assert_eq!(r.run(0, "PING"), "+PONG");
}

#[test]
fn policies_for_all_keys_never_refuse() {
    for policy in ["allkeys-lru", "allkeys-lfu", "allkeys-random"] {
        let mut r = rig(policy);
        for i in 0..3000 {
            assert_eq!(set(&mut r, &format!("k{i}")), "+OK", "{policy}");
            let used = r.engine.shared.used_bytes();
            assert!(used < LIMIT + 20_000, "{policy}: {used} after {i}");
        }
        assert!(evicted(&r) > 2000, "{policy}");
        assert!(exists(&mut r, "k2999"), "{policy}");
    }
}

#[test]
fn volatile_policies_take_only_keys_that_expire() {
    for policy in ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"] {
        let mut r = rig(policy);
        for i in 0..150 {
            set(&mut r, &format!("stays{i}"));
            set(&mut r, &format!("goes{i}"));
            expire(&r, &format!("goes{i}"), 1000);
        }
        let refused = (0..2000).find(|i| set(&mut r, &format!("more{i}")) == OOM);
        assert!(refused.is_some(), "{policy}: nothing is left to evict in the end");
        assert_eq!(evicted(&r), 150, "{policy}");
        assert!((0..150).all(|i| exists(&mut r, &format!("stays{i}"))), "{policy}");
    }
}

#[test]
fn the_next_to_expire_goes_first() {
    let mut r = rig("volatile-ttl");
    for i in 0..400 {
        set(&mut r, &format!("k{i}"));
        expire(&r, &format!("k{i}"), 1000 + 10 * i);
    }
    let more = (0..2000).find(|i| {
        set(&mut r, &format!("more{i}"));
        evicted(&r) >= 200
    });
    assert!(more.is_some());
    let gone: Vec<u64> = (0..400).filter(|i| !exists(&mut r, &format!("k{i}"))).collect();
    assert!((200..210).contains(&gone.len()), "{}", gone.len());
    assert!(gone.iter().sum::<u64>() / 200 < 130, "{gone:?}");
    assert!(gone.iter().filter(|i| **i >= 300).count() <= 5, "{gone:?}");
}

#[test]
fn hot_keys_survive() {
    for policy in ["allkeys-lru", "allkeys-lfu"] {
        let mut r = rig(policy);
        (0..20).for_each(|i| drop(set(&mut r, &format!("hot{i}"))));
        for round in 0..150 {
            r.advance_ms(1000);
            for _ in 0..3 {
                (0..20).for_each(|i| _ = exists(&mut r, &format!("hot{i}")));
            }
            (0..20).for_each(|i| drop(set(&mut r, &format!("cold{round}:{i}"))));
        }
        assert!(evicted(&r) > 2000, "{policy}");
        let left = (0..20).filter(|i| exists(&mut r, &format!("hot{i}"))).count();
        assert_eq!(left, 20, "{policy}");
    }
}

#[test]
fn eviction_is_heard() {
    let policy = [("maxmemory-policy", "allkeys-random"), ("notify-keyspace-events", "Ee")];
    let mut r = Rig::with(1, &[&[("maxmemory", "100000")], &policy[..]].concat());
    r.run(1, "SUBSCRIBE __keyevent@0__:evicted");
    (0..400).for_each(|i| drop(set(&mut r, &format!("k{i}"))));
    let heard = r.mail(1);
    assert_eq!(heard.lines().count() as u64, evicted(&r));
    assert!(heard.starts_with("[message __keyevent@0__:evicted k"), "{heard}");
}

#[test]
fn a_pipeline_on_one_shard_does_not_run_past_the_limit() {
    let mut r = Rig::with(1, &[("maxmemory", "200000")]);
    let value = "v".repeat(20_000);
    let batch: String = (0..30).map(|i| format!("SET k{i} {value}\r\n")).collect();
    let replies = r.send(0, batch.as_bytes());
    let refused = replies.iter().filter(|v| v.error().is_some()).count();
    assert!((15..25).contains(&refused), "{refused}");
}

#[test]
fn what_clients_buffer_counts() {
    let mut r = rig("allkeys-lru");
    (0..100).for_each(|i| drop(set(&mut r, &format!("k{i}"))));
    assert_eq!(evicted(&r), 0);
    let info = r.session(1).info.clone();
    info.output_memory_bytes.store(LIMIT - 20_000, std::sync::atomic::Ordering::Relaxed);
    r.tick();
    set(&mut r, "one-more");
    assert!(evicted(&r) > 20);
}

#[test]
fn the_largest_client_goes_first() {
    let mut r = Rig::with(1, &[("maxmemory-clients", "1mb")]);
    for (client, bytes) in [(1, 900_000), (2, 600_000), (3, 300_000)] {
        let info = r.session(client).info.clone();
        info.output_memory_bytes.store(bytes, std::sync::atomic::Ordering::Relaxed);
    }
    r.tick();
    assert_eq!([1, 2, 3].map(|c| r.mail(c)), ["(closed)", "", ""]);
}

#[test]
fn what_clients_watch_and_hear_counts() {
    let mut r = Rig::with(1, &[]);
    let mut held = |line: &str| {
        r.run(1, line);
        r.session(1).info.memory_bytes()
    };
    let idle = held("PING");
    let watching = held("WATCH a b c");
    assert!(watching > idle + 3 * 64);
    assert_eq!(held("WATCH a"), watching);
    assert_eq!(held("UNWATCH"), idle);
    for (join, leave) in [("SUBSCRIBE", "UNSUBSCRIBE a"), ("PSUBSCRIBE", "PUNSUBSCRIBE"), ("SSUBSCRIBE", "RESET")] {
        let hearing = held(&format!("{join} a"));
        assert!(hearing > idle + 64, "{join}");
        assert_eq!(held(&format!("{join} a")), hearing);
        assert_eq!(held(leave), idle, "{leave}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// The rig checks the account against the entries when it is dropped.
    #[test]
    fn the_account_stays_right(
        seed in 0u8..8,
        ops in proptest::collection::vec((0u8..3, 0u32..120, 0usize..40_000), 1..300),
    ) {
        let policies = ["allkeys-lru", "volatile-lru", "allkeys-random", "volatile-ttl", "allkeys-lfu", "volatile-lfu", "volatile-random", "noeviction"];
        let mut r = rig(policies[seed as usize]);
        for (op, key, len) in ops {
            let key = format!("k{key}");
            match op {
                0 | 1 => drop(r.run(0, &format!("SET {key} {}", "x".repeat(len)))),
                _ if exists(&mut r, &key) => expire(&r, &key, 100),
                _ => {}
            }
        }
    }
}

#[test]
fn a_smaller_limit_evicts_clients_at_once() {
    let mut r = Rig::new();
    r.run(0, "CLIENT NO-EVICT ON");
    for client in 1..=3 {
        r.run(client, "MULTI");
        let value = "v".repeat(client * 100_000);
        assert_eq!(r.call(client, &[b"SET", b"k", value.as_bytes()]).len(), 1);
    }
    assert_eq!(r.run(0, "CONFIG SET maxmemory-clients 350k"), "+OK");
    let list = r.run(0, "CLIENT LIST");
    let has = |id: u32| list.contains(&format!("id={id} "));
    assert!(has(1) && has(2) && has(3) && !has(4), "the largest alone is gone: {list}");
    assert_eq!(r.mail(3), "(closed)");
    let info = r.run(0, "INFO stats");
    assert!(info.contains("\r\nevicted_clients:1\r\n"), "{info}");
}
