//! What a few clients do to a server, step by step, while a naive model watches.
//!
//! Four bytes of the input make a step: they seed a generator that draws all its details,
//! so every change of the input is a change of steps, and what is drawn is evenly spread,
//! however monotonous the input. A seed that comes again draws something else.
//!
//! After each step the replies every client received are compared with the model's, and
//! from time to time everything stored. In a *wild* script the model is left out, and all
//! commands take part: it looks only for panics and broken invariants.

use crate::{
    dump::dump,
    model::{Expect, Model, Words},
};
use arbitrary::{Arbitrary, Result, Unstructured};
use norn::{
    engine::{
        Progress,
        testing::{
            Rig, START_MS,
            grammar::{Draw, Grammar, OUTSIDE, TALK},
            show,
        },
    },
    protocol::value::Value,
};
use std::{collections::BTreeMap, fmt, sync::LazyLock};

/// Number of clients.
const CLIENTS: usize = 4;
/// Longest script.
const STEPS: usize = 400;
/// Steps after which everything is checked.
const CHECK: usize = 40;
/// Bytes of the longest string.
const MAX_BULK: usize = 1 << 20;

/// What only a wild script sends besides [`TALK`]: the model does not know who listens, and
/// `memory` and `save` are replied by a shell that a script has not.
const WILD: &[&str] = &["publish", "spublish", "memory", "save"];
/// Nobody is there to migrate to.
const NOWHERE: &[&str] = &["migrate"];

static COMMANDS: LazyLock<Grammar> =
    LazyLock::new(|| Grammar::new(|n| ![OUTSIDE, TALK, WILD, NOWHERE].iter().any(|names| names.contains(&n))));
static WILD_COMMANDS: LazyLock<Grammar> =
    LazyLock::new(|| Grammar::new(|n| !OUTSIDE.contains(&n) && !NOWHERE.contains(&n)));

/// One step.
enum Step {
    Command(usize, Words),
    /// The clock moves on by so many ms.
    Wait(u64),
    /// A tick of active expiry.
    Expire,
    Disconnect(usize),
}

/// A server's configuration and what happens to it.
pub struct Script {
    workers: usize,
    wild: bool,
    directives: Vec<(&'static str, &'static str)>,
    steps: Vec<Step>,
}

impl<'a> Arbitrary<'a> for Script {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Script> {
        let wild = u.ratio(1, 4)?;
        let mut script =
            Script { workers: u.int_in_range(1..=3)?, wild, directives: directives(u)?, steps: Vec::new() };
        let mut seeds: BTreeMap<u32, u64> = BTreeMap::new();
        while !u.is_empty() && script.steps.len() < STEPS {
            let seed = u.arbitrary()?;
            let again = seeds.entry(seed).or_insert(0);
            let mut u = Draw::new(u64::from(seed) << 32 | *again);
            *again += 1;
            script.steps.push(step(&mut u, wild));
        }
        Ok(script)
    }
}

/// Thresholds so small that encodings change often.
fn directives(u: &mut Unstructured) -> Result<Vec<(&'static str, &'static str)>> {
    let all = [
        ("list-max-listpack-size", &["1", "2", "5", "-1", "-2"][..]),
        ("hash-max-listpack-entries", &["0", "1", "4", "128"]),
        ("hash-max-listpack-value", &["1", "16", "64"]),
        ("set-max-intset-entries", &["0", "1", "4", "512"]),
        ("set-max-listpack-entries", &["0", "1", "4", "128"]),
        ("set-max-listpack-value", &["1", "16", "64"]),
        ("maxmemory-policy", &["noeviction", "allkeys-lfu"]),
        ("lazyfree-lazy-user-del", &["yes", "no"]),
    ];
    let mut chosen = vec![("databases", "3"), ("proto-max-bulk-len", "1048576")];
    for (name, values) in all {
        chosen.push((name, *u.choose(values)?));
    }
    Ok(chosen)
}

fn step(u: &mut Draw, wild: bool) -> Step {
    match u.int_in_range(0..=19) {
        0 => Step::Wait(*u.choose(&[1, 2, 10, 50, 100, 999, 1000, 5000])),
        1 => Step::Expire,
        2 if u.ratio(1, 3) => Step::Disconnect(u.int_in_range(0..=CLIENTS as i64 - 1) as usize),
        n => {
            let client = if n < 12 { 0 } else { u.int_in_range(1..=CLIENTS as i64 - 1) as usize };
            let words = if wild { WILD_COMMANDS.command(u) } else { tame(u) };
            Step::Command(client, words)
        }
    }
}

/// A command of which the model knows at least whether it waits.
fn tame(u: &mut Draw) -> Words {
    loop {
        let words = COMMANDS.command(u);
        let reads = [&b"XREAD"[..], b"XREADGROUP"].contains(&words[0].as_slice());
        if !reads || !words.iter().any(|w| w == b"BLOCK") {
            return words;
        }
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "{} workers, {:?}{}", self.workers, self.directives, if self.wild { ", wild" } else { "" })?;
        self.steps.iter().try_for_each(|step| writeln!(f, "  {step:?}"))
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Step::Wait(ms) => write!(f, ".wait {ms}"),
            Step::Expire => write!(f, ".expire"),
            Step::Disconnect(client) => write!(f, "{client}> .disconnect"),
            Step::Command(client, words) => {
                write!(f, "{client}>")?;
                words.iter().try_for_each(|w| write!(f, " \"{}\"", w.escape_ascii()))
            }
        }
    }
}

impl Script {
    /// Plays the script.
    ///
    /// # Panics
    /// If server and model disagree, or something is out of order in the server.
    pub fn play(&self) {
        let rig = Rig::with(self.workers, &self.directives);
        if self.wild {
            self.play_wild(rig);
        } else {
            let databases = rig.engine.shared.keyspace.databases();
            let mut stage = Stage { rig, model: Model::new(databases, START_MS, MAX_BULK) };
            for (n, step) in self.steps.iter().enumerate() {
                stage.step(step);
                if n % CHECK == CHECK - 1 {
                    stage.check();
                }
            }
            stage.check();
            (0..CLIENTS).for_each(|client| stage.rig.disconnect(client));
        }
    }

    fn play_wild(&self, mut rig: Rig) {
        for (n, step) in self.steps.iter().enumerate() {
            match step {
                Step::Wait(ms) => rig.advance_ms(*ms),
                Step::Expire => rig.expire_some(),
                Step::Disconnect(client) => rig.disconnect(*client),
                Step::Command(client, words) => {
                    let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
                    rig.call(*client, &words);
                    if matches!(rig.progress(*client), Progress::Close | Progress::Kill | Progress::Shell(_)) {
                        rig.disconnect(*client);
                    }
                }
            }
            for client in 0..CLIENTS {
                if rig.receive(client).is_none() {
                    rig.disconnect(client);
                }
            }
            if n % CHECK == CHECK - 1 {
                rig.audit();
            }
        }
    }
}

/// A server and its model.
struct Stage {
    rig: Rig,
    model: Model,
}

impl Stage {
    fn step(&mut self, step: &Step) {
        let mut seen = vec![Vec::new(); CLIENTS];
        match step {
            Step::Wait(ms) => {
                self.rig.advance_ms(*ms);
                self.model.advance(*ms);
                self.expire_fields();
            }
            Step::Expire => self.rig.expire_some(),
            Step::Disconnect(client) => {
                self.rig.disconnect(*client);
                self.model.disconnect(*client);
            }
            Step::Command(client, words) => {
                // What a waiting client sends would be read later: somebody else sends it.
                let others = (*client..CLIENTS).chain(0..CLIENTS);
                if let Some(client) = others.into_iter().find(|c| !self.model.is_waiting(*c)) {
                    if !Model::knows(words) {
                        // The model will have to believe what it finds afterwards.
                        self.check();
                    }
                    let args: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
                    seen[client] = self.rig.call(client, &args);
                    self.model.command(client, words, seen[client].first());
                }
            }
        }
        self.compare(seen, step);
    }

    /// Fields whose time is up are hidden until somebody removes them; the model knows none.
    fn expire_fields(&mut self) {
        if self.model.has_due_fields() {
            self.rig.expire_some();
            self.model.expire_fields();
        }
    }

    /// Compares what each client received at once, and by mail, with what the model says.
    fn compare(&mut self, seen: Vec<Vec<Value>>, step: &Step) {
        let mut all = Vec::new();
        for (client, mut seen) in seen.into_iter().enumerate() {
            seen.extend(self.rig.receive(client).expect("nobody is killed"));
            all.push(seen);
        }
        let lost = self.model.is_lost();
        if lost {
            let content = dump(&self.rig.engine, self.rig.now().wall);
            let waits: Vec<bool> = (0..CLIENTS).map(|c| matches!(self.rig.progress(c), Progress::Blocked)).collect();
            self.model.adopt(content, |client| waits[client]);
        }
        for (client, seen) in all.into_iter().enumerate() {
            let due = self.model.due(client);
            let fits = due.len() == seen.len() && due.iter().zip(&seen).all(|(e, v)| e.allows(v));
            if !fits && !lost {
                let due: Vec<String> = due.iter().map(Expect::show).collect();
                let seen: Vec<String> = seen.iter().map(show).collect();
                panic!("{step:?}\nclient {client} should receive {due:?} and received {seen:?}");
            }
            let waits = matches!(self.rig.progress(client), Progress::Blocked);
            assert_eq!(waits, self.model.is_waiting(client), "whether client {client} waits after {step:?}");
        }
    }

    /// Compares everything stored.
    fn check(&mut self) {
        self.rig.audit();
        let content = dump(&self.rig.engine, self.rig.now().wall);
        let model = self.model.content();
        for (key, item) in model {
            assert_eq!(content.get(key), Some(item), "what {key:?} holds");
        }
        assert_eq!(content.len(), model.len(), "{:?} and {:?}", content.keys(), model.keys());
    }
}
