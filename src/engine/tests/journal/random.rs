//! Replaying what random commands wrote gives the same data, on another server at another time.
//!
//! Commands of every kind are drawn from the table, by clients that wait, in transactions, while
//! the clock moves, keys and fields expire and are expired. Another server, of another number
//! of workers, with other random numbers and a clock years later, executes the journal; what
//! both hold is compared in full, again and again. Every command that may write takes part.
//! Now and then a third server executes the commands that the base of an append-only file would
//! consist of, and must then hold the same.

use crate::{
    commands::{
        ShellRequest,
        row::{Flags, Row},
        table,
    },
    engine::{
        Progress,
        testing::{
            Rig, START_MS,
            grammar::{Draw, Grammar, OUTSIDE, TALK},
        },
    },
    keyspace::Held,
    persist::aof::rebuild::{Place, part, select},
    protocol::value::Value,
};
use std::collections::BTreeSet;

const CLIENTS: usize = 4;
/// Commands between two comparisons.
const ROUND: usize = 25;

/// What changes no data, but the server, or makes the run slow.
const LEFT_OUT: &[&str] = &["reset", "flushall", "failover", "replicaof", "pfdebug", "pfselftest", "lcs"];

fn is_left_out(name: &str) -> bool {
    [OUTSIDE, TALK, LEFT_OUT].iter().any(|names| names.contains(&name))
}

/// The command a request names.
fn row(words: &[Vec<u8>]) -> Option<&'static Row> {
    let c = table::find(&words[0])?;
    Some(words.get(1).and_then(|name| c.sub(name)).unwrap_or(c).row)
}

fn is_error(v: &Value) -> bool {
    matches!(v, Value::Error(_) | Value::BulkError(_))
}

struct Stage {
    first: Rig,
    second: Rig,
    /// Commands, by name, that may write and replied no error.
    done: BTreeSet<String>,
    /// What happened since the last comparison.
    log: Vec<String>,
}

impl Stage {
    fn new(seed: u64) -> Stage {
        let directives = [
            ("databases", "3"),
            ("enable-debug-command", "yes"),
            ("set-max-intset-entries", "4"),
            ("hash-max-listpack-entries", "4"),
            ("stream-node-max-entries", "3"),
        ];
        let mut first = Rig::with(1 + (seed % 3) as usize, &directives);
        first.journal();
        let second = Rig::with(2, &directives);
        second.set_wall_ms(START_MS + 400_000_000_000);
        Stage { first, second, done: BTreeSet::new(), log: Vec::new() }
    }

    fn call(&mut self, client: usize, words: Vec<Vec<u8>>) {
        if self.first.session(client).blocked.is_some() {
            return;
        }
        let text: Vec<String> = words.iter().map(|w| format!("\"{}\"", w.escape_ascii())).collect();
        self.log.push(format!("{} {client}> {}", self.first.now().wall.0, text.join(" ")));
        let args: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let replies = self.first.call(client, &args);
        if matches!(self.first.progress(client), Progress::Shell(ShellRequest::Migrate(_))) {
            // The network decides which keys arrive.
            let draw = self.log.len();
            self.first.end_move(client, |i| !(draw + i).is_multiple_of(3));
            self.done.insert("migrate".into());
            return;
        }
        if matches!(self.first.progress(client), Progress::Close | Progress::Kill | Progress::Shell(_)) {
            self.first.disconnect(client);
            return;
        }
        if let Some(row) = row(&words).filter(|_| !replies.iter().any(is_error)) {
            self.done.insert(row.name.into());
        }
        for client in 0..CLIENTS {
            if self.first.receive(client).is_none() {
                self.first.disconnect(client);
            }
        }
    }

    /// A key as it is, under the same name or another, for a random time.
    fn restore(&mut self, u: &mut Draw, from: &[u8], to: &[u8]) {
        let Some(Value::Bulk(dump)) = self.first.call(0, &[b"DUMP", from]).pop() else { return };
        let ttl = u.choose(&["0", "0", "5", "1000", "100000"]).as_bytes().to_vec();
        let mut words = vec![b"RESTORE".to_vec(), to.to_vec(), ttl, dump];
        for option in ["REPLACE", "ABSTTL"] {
            if u.ratio(1, 2) {
                words.push(option.into());
            }
        }
        self.call(0, words);
    }

    fn step(&mut self, u: &mut Draw, grammar: &Grammar) {
        match u.int_in_range(0..=39) {
            0..=2 => self.first.advance_ms(*u.choose(&[1, 5, 10, 50, 999, 1000, 5000])),
            3 => self.first.expire_some(),
            4 => {
                let names = ["s0", "l0", "h0", "h1", "t0", "x0", "z0"];
                let (from, to) = (*u.choose(&names), *u.choose(&names));
                self.restore(u, from.as_bytes(), to.as_bytes());
            }
            5 => {
                let keys = [*u.choose(&["s0", "h0"]), *u.choose(&["l0", "t0", "x0", "z0"])];
                let words = ["MIGRATE", "h", "1", "", "0", "0", "KEYS", keys[0], keys[1]];
                self.call(0, words.map(|w| w.as_bytes().to_vec()).into());
            }
            n => {
                let client = if n < 30 { 0 } else { u.int_in_range(1..=CLIENTS as i64 - 1) as usize };
                self.call(client, grammar.command(u));
            }
        }
    }

    fn compare(&mut self) {
        let journal = self.first.take_journal();
        self.second.replay(&journal);
        let (a, b) = (self.first.contents(), self.second.contents());
        let differs = a.keys().chain(b.keys()).find(|k| a.get(k) != b.get(k));
        if let Some(key) = differs {
            panic!(
                "{key:?}\nhere:  {:?}\nthere: {:?}\n{}\njournal: {}",
                a.get(key),
                b.get(key),
                self.log.join("\n"),
                journal.escape_ascii().to_string().replace("\\r\\n*", "\n*").replace("\\r\\n", " ")
            );
        }
        let keep = self.log.len().saturating_sub(200);
        self.log.drain(..keep);
    }
}

/// Whatever is there, the commands that a base consists of rebuild it.
fn rebuild(stage: &mut Stage, seed: u64) {
    stage.first.run(9, "CONFIG SET aof-use-rdb-preamble no");
    let whole = stage.first.rewrite();
    for base in [whole, in_small_parts(&stage.first)] {
        let mut third = Rig::with(1 + (seed % 2) as usize, &[("databases", "3"), ("stream-node-max-entries", "5")]);
        third.replay(&base);
        third.audit();
        let (a, b) = (stage.first.contents(), third.contents());
        let differs = a.keys().chain(b.keys()).find(|k| a.get(*k) != b.get(*k));
        let text = || base.escape_ascii().to_string().replace("\\r\\n*", "\n*").replace("\\r\\n", " ");
        assert!(
            differs.is_none(),
            "{differs:?}\nhere:  {:?}\nthere: {:?}\n{}",
            differs.map(|k| a.get(k)),
            differs.map(|k| b.get(k)),
            text()
        );
    }
}

/// A base written in parts that are as small as they can be.
fn in_small_parts(rig: &Rig) -> Vec<u8> {
    let space = &rig.engine.shared.keyspace;
    let (mut held, mut out) = (Held::new(space), Vec::new());
    held.all();
    for (at, db) in (0..space.shards().len()).flat_map(|at| (0..space.databases()).map(move |db| (at, db))) {
        select(db, &mut out);
        for e in held.shard(at).table(db).iter() {
            let mut place = Place::Start;
            while place != Place::End {
                let before = out.len();
                place = part(&e, place, 1, &mut out);
                assert!(out.len() > before || place == Place::End, "{place:?}");
            }
        }
    }
    out
}

fn run(seed: u64, rounds: usize) -> BTreeSet<String> {
    let grammar = Grammar::new(|name| !is_left_out(name));
    let (mut u, mut stage) = (Draw::new(seed), Stage::new(seed));
    for round in 0..rounds {
        (0..ROUND).for_each(|_| stage.step(&mut u, &grammar));
        stage.compare();
        if round % 5 == 4 {
            rebuild(&mut stage, seed);
        }
    }
    stage.first.set_wall_ms(stage.second.now().wall.0);
    let digests = [&mut stage.first, &mut stage.second].map(|rig| rig.run(9, "DEBUG DIGEST"));
    assert!(!digests[0].starts_with('-') && digests[0] == digests[1], "{digests:?}");
    stage.done
}

/// Every command that may write, subcommands included.
fn writers() -> impl Iterator<Item = &'static Row> {
    let rows = table::top_level()
        .iter()
        .flat_map(|c| if c.row.subs.is_empty() { vec![c.row] } else { c.row.subs.iter().collect() });
    rows.filter(|row| row.flags.any(Flags::WRITE.or(Flags::MAY_REPLICATE)) && !is_left_out(row.name))
}

#[test]
fn a_replay_elsewhere_and_later_gives_the_same_data() {
    let mut done = BTreeSet::new();
    for seed in 0..24 {
        done.append(&mut run(seed, 40));
    }
    let missing: Vec<&str> = writers().map(|row| row.name).filter(|name| !done.contains(*name)).collect();
    assert!(missing.is_empty(), "never succeeded: {missing:?}");
}
