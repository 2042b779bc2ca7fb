//! A naive server: what strings, bitmaps, lists, hashes, sets, sorted sets, maps, streams and
//! their groups, expiry, transactions and blocking pops do, written down without any concern for
//! speed or memory.
//!
//! Databases are `BTreeMap`s of plain values. Whatever has expired is removed whenever the
//! clock moves, so no command ever meets it. A key's version grows with each change; WATCH
//! remembers versions. A waiting client's command is simply tried again, in the order in
//! which the clients came, for each key that was touched.
//!
//! A command the model does not know is replied [`Expect::Anything`]; if it writes, the
//! model is `lost` until it is told the server's content ([`Model::adopt`]).

mod bitmaps;
mod cells;
mod expect;
mod groups;
mod hashes;
mod keys;
mod lists;
mod maps;
mod number;
mod sets;
mod sketches;
mod streams;
mod strings;
mod xinfo;
mod zrange;
mod zsets;

pub use expect::Expect;

use crate::dump::{Content, Key, Stored};
use norn::{
    commands::{
        row::{Flags, Group},
        table::{self, Command},
    },
    protocol::value::Value,
};
use std::collections::BTreeMap;

/// A command's words.
pub type Words = Vec<Vec<u8>>;

/// What became of a command.
enum Done {
    Reply(Expect),
    /// It waits for one of these keys, until a time in unix ms.
    Wait {
        keys: Vec<Vec<u8>>,
        until_ms: Option<i64>,
    },
}

/// A command's end: an error is a reply, too.
type Outcome = Result<Done, Expect>;

/// A client that waits.
struct Waiting {
    words: Words,
    db: u32,
    keys: Vec<Key>,
    until_ms: Option<i64>,
}

#[derive(Default)]
struct Client {
    db: u32,
    /// Commands queued by MULTI.
    queue: Option<Vec<Words>>,
    aborted: bool,
    /// Watched keys with the versions they had.
    watched: Vec<(Key, u64)>,
    waiting: Option<Waiting>,
    due: Vec<Expect>,
}

/// See the module.
pub struct Model {
    databases: u32,
    now_ms: i64,
    content: Content,
    versions: BTreeMap<Key, u64>,
    clients: BTreeMap<usize, Client>,
    /// Clients that wait, first come first.
    line: Vec<usize>,
    /// Keys touched by the command at hand.
    touched: Vec<Key>,
    /// The selected database.
    db: u32,
    /// A transaction runs, or somebody else's command: nothing waits.
    no_waiting: bool,
    lost: bool,
    /// Longest string.
    max_bytes: usize,
}

impl Model {
    /// An empty server.
    pub fn new(databases: u32, now_ms: u64, max_bytes: usize) -> Model {
        Model {
            databases,
            now_ms: now_ms as i64,
            content: Content::new(),
            versions: BTreeMap::new(),
            clients: BTreeMap::new(),
            line: Vec::new(),
            touched: Vec::new(),
            db: 0,
            no_waiting: false,
            lost: false,
            max_bytes,
        }
    }

    /// Everything stored.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Whether the client waits for a key.
    pub fn is_waiting(&self, client: usize) -> bool {
        self.clients.get(&client).is_some_and(|c| c.waiting.is_some())
    }

    /// Takes what a client should have received.
    pub fn due(&mut self, client: usize) -> Vec<Expect> {
        std::mem::take(&mut self.client(client).due)
    }

    /// Whether a command unknown to the model has changed the server.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// Whether the model can tell what the command changes.
    pub fn knows(words: &Words) -> bool {
        is_known(words) || !writes(words)
    }

    /// Takes over the server's content, and which clients still wait.
    pub fn adopt(&mut self, content: Content, waits: impl Fn(usize) -> bool) {
        self.content = content;
        self.lost = false;
        // Nobody knows which keys were touched.
        self.clients.values_mut().for_each(|c| c.watched.iter_mut().for_each(|w| w.1 = UNKNOWN));
        for client in std::mem::take(&mut self.line) {
            if waits(client) {
                self.line.push(client);
            } else {
                self.client(client).waiting = None;
            }
        }
    }

    /// Forgets a client.
    pub fn disconnect(&mut self, client: usize) {
        self.clients.remove(&client);
        self.line.retain(|c| *c != client);
    }

    /// Whether some hash has a field whose time is up: it stays until active expiry comes.
    pub fn has_due_fields(&self) -> bool {
        let due = |at: &Option<u64>| at.is_some_and(|at| (at as i64) < self.now_ms);
        self.content.values().any(|e| matches!(&e.value, Stored::Hash(h) if h.values().any(|(_, at)| due(at))))
    }

    /// The clock has moved: keys expire, and waits end.
    pub fn advance(&mut self, ms: u64) {
        self.now_ms += ms as i64;
        let now = self.now_ms;
        let gone: Vec<Key> = self
            .content
            .iter()
            .filter(|(_, e)| e.expiry_ms.is_some_and(|at| (at as i64) < now))
            .map(|(k, _)| k.clone())
            .collect();
        for key in gone {
            self.content.remove(&key);
            *self.versions.entry(key).or_default() += 1;
        }
        for client in self.line.clone() {
            if self.client(client).waiting.as_ref().is_some_and(|w| w.until_ms.is_some_and(|at| at <= now)) {
                self.end_wait(client, Expect::Is(Value::NullArray));
            }
        }
    }

    /// Active expiry has been through all hashes.
    pub fn expire_fields(&mut self) {
        let now = self.now_ms;
        let mut touched = Vec::new();
        self.content.retain(|key, e| {
            let Stored::Hash(fields) = &mut e.value else { return true };
            let before = fields.len();
            fields.retain(|_, (_, at)| at.is_none_or(|at| at as i64 >= now));
            if fields.len() < before {
                touched.push(key.clone());
            }
            !fields.is_empty()
        });
        touched.into_iter().for_each(|key| *self.versions.entry(key).or_default() += 1);
    }

    /// A client's command; `seen` is what the server replied at once.
    pub fn command(&mut self, client: usize, words: &Words, seen: Option<&Value>) {
        let expect = self.dispatch(client, words, seen);
        if let Some(expect) = expect {
            self.client(client).due.push(expect);
        }
        self.serve();
    }

    fn client(&mut self, client: usize) -> &mut Client {
        self.clients.entry(client).or_default()
    }

    fn dispatch(&mut self, client: usize, words: &Words, seen: Option<&Value>) -> Option<Expect> {
        let name = name(words);
        let command = table::find(name.as_bytes()).filter(|c| c.row.accepts(words.len()));
        let is_sub = |sub: &Command| sub.row.accepts(words.len());
        let unknown_sub =
            command.is_some_and(|c| !c.subs().is_empty() && !words.get(1).and_then(|w| c.sub(w)).is_some_and(is_sub));
        let Some(command) = command.filter(|_| !unknown_sub) else {
            let c = self.client(client);
            c.aborted = true;
            if name == "exec" {
                // Refused for whatever reason, it still ends the transaction.
                (c.queue, c.watched) = (None, Vec::new());
            }
            return Some(Expect::error(""));
        };
        if let Some(expect) = self.control(client, &name, words, seen) {
            return Some(expect);
        }
        if let Some(queue) = &mut self.client(client).queue {
            if command.row.flags.has(Flags::NO_MULTI) {
                self.client(client).aborted = true;
                return Some(Expect::error(""));
            }
            queue.push(words.clone());
            return Some(Expect::Is(Value::Simple(b"QUEUED".to_vec())));
        }
        self.db = self.client(client).db;
        let done = self.run(words);
        self.client(client).db = self.db;
        match done.unwrap_or_else(Done::Reply) {
            Done::Reply(expect) => Some(expect),
            Done::Wait { keys, until_ms } => {
                let db = self.db;
                let keys = keys.into_iter().map(|k| (db, k)).collect();
                self.client(client).waiting = Some(Waiting { words: words.clone(), db, keys, until_ms });
                self.line.push(client);
                None
            }
        }
    }

    /// Transactions: commands that are never queued.
    fn control(&mut self, client: usize, name: &str, words: &Words, seen: Option<&Value>) -> Option<Expect> {
        let c = self.client(client);
        Some(match name {
            "multi" | "watch" if c.queue.is_some() => {
                c.aborted = true;
                Expect::error("")
            }
            "multi" => {
                (c.queue, c.aborted) = (Some(Vec::new()), false);
                Expect::ok()
            }
            "exec" | "discard" if c.queue.is_none() => Expect::error(""),
            "discard" => {
                (c.queue, c.watched) = (None, Vec::new());
                Expect::ok()
            }
            "exec" => self.exec(client, seen),
            "watch" => {
                for key in &words[1..] {
                    let key = (self.client(client).db, key.clone());
                    let version = self.versions.get(&key).copied().unwrap_or(0);
                    let watched = &mut self.client(client).watched;
                    if watched.iter().all(|(k, _)| *k != key) {
                        watched.push((key, version));
                    }
                }
                Expect::ok()
            }
            "unwatch" if c.queue.is_none() => {
                c.watched.clear();
                Expect::ok()
            }
            "reset" => {
                *c = Client { due: std::mem::take(&mut c.due), ..Client::default() };
                Expect::Is(Value::Simple(b"RESET".to_vec()))
            }
            _ => return None,
        })
    }

    fn exec(&mut self, client: usize, seen: Option<&Value>) -> Expect {
        let c = self.client(client);
        let queue = c.queue.take().expect("MULTI is open");
        let watched = std::mem::take(&mut c.watched);
        if std::mem::take(&mut c.aborted) {
            return Expect::error("EXECABORT");
        }
        let changed = |k: &Key, v: u64| self.versions.get(k).copied().unwrap_or(0) != v;
        let nothing = Value::NullArray;
        let unsure = watched.iter().any(|(_, v)| *v == UNKNOWN) && seen == Some(&nothing);
        if unsure || watched.iter().any(|(k, v)| *v != UNKNOWN && changed(k, *v)) {
            return Expect::Is(nothing);
        }
        if queue.iter().any(|words| !is_known(words) && writes(words)) {
            self.lost = true;
            return Expect::Anything;
        }
        self.db = self.client(client).db;
        self.no_waiting = true;
        let replies = queue
            .iter()
            .map(|words| match self.run(words).unwrap_or_else(Done::Reply) {
                Done::Reply(expect) => expect,
                Done::Wait { .. } => panic!("nothing waits in a transaction"),
            })
            .collect();
        self.no_waiting = false;
        self.client(client).db = self.db;
        Expect::Array(replies)
    }

    /// Serves the clients that wait for what has been touched, and what that touches.
    fn serve(&mut self) {
        if self.lost {
            self.touched.clear();
        }
        let mut at = 0;
        while at < self.touched.len() {
            let key = self.touched[at].clone();
            at += 1;
            for client in self.line.clone() {
                let Some(w) = &self.client(client).waiting else { continue };
                if !w.keys.contains(&key) {
                    continue;
                }
                let (words, db) = (w.words.clone(), w.db);
                if !self.may_serve(&key, &words) {
                    continue;
                }
                self.db = db;
                if let Done::Reply(expect) = self.run(&words).unwrap_or_else(Done::Reply) {
                    self.end_wait(client, expect);
                }
            }
        }
        self.touched.clear();
    }

    fn end_wait(&mut self, client: usize, reply: Expect) {
        self.line.retain(|c| *c != client);
        let c = self.client(client);
        c.waiting = None;
        c.due.push(reply);
    }

    /// Runs a command outside of any queue.
    fn run(&mut self, words: &Words) -> Outcome {
        let name = name(words);
        if words.len() < 2 || !is_known(words) {
            return Ok(Done::Reply(self.keyless(&name, words)));
        }
        match table::find(name.as_bytes()).expect("a known command").row.group {
            Group::SortedSet => self.zsets(&name, &words[1..]),
            Group::Stream if groups::KNOWN.contains(&name.as_str()) => self.groups(&name, &words[1..]),
            Group::Stream => self.streams(&name, &words[1..]),
            Group::Bitmap => self.bitmaps(&name, &words[1..]),
            Group::String => self.strings(&name, &words[1..]),
            Group::List => self.lists(&name, &words[1..]),
            Group::Hash => self.hashes(&name, &words[1..]),
            Group::Set => self.sets(&name, &words[1..]),
            Group::HyperLogLog => self.sketches(&words[1..]),
            Group::Geo => self.maps(&name, &words[1..]),
            _ => self.keys(&name, &words[1..]),
        }
    }

    fn keyless(&mut self, name: &str, words: &Words) -> Expect {
        let db = self.db;
        match name {
            "ping" if words.len() == 1 => Expect::Is(Value::Simple(b"PONG".to_vec())),
            "unwatch" => Expect::ok(),
            "flushall" | "flushdb" if words.len() == 1 => {
                self.flush(|k| name == "flushall" || k.0 == db);
                Expect::ok()
            }
            _ => {
                self.lost |= writes(words);
                Expect::Anything
            }
        }
    }

    fn flush(&mut self, which: impl Fn(&Key) -> bool) {
        let gone: Vec<Key> = self.content.keys().filter(|k| which(k)).cloned().collect();
        gone.iter().for_each(|k| self.touch(k.clone()));
        self.content.retain(|k, _| !which(k));
    }

    fn touch(&mut self, key: Key) {
        *self.versions.entry(key.clone()).or_default() += 1;
        self.touched.push(key);
    }

    /// Whether a key is of the type that a waiting command is about.
    fn may_serve(&self, key: &Key, words: &Words) -> bool {
        let group = command_of(words).expect("it was accepted").row.group;
        match self.content.get(key).map(|e| &e.value) {
            Some(Stored::List(_)) => group == Group::List,
            Some(Stored::SortedSet(_)) => group == Group::SortedSet,
            _ => false,
        }
    }
}

/// A watched key of which it is not known whether it changed.
const UNKNOWN: u64 = u64::MAX;

fn name(words: &Words) -> String {
    String::from_utf8_lossy(&words[0]).to_ascii_lowercase()
}

fn command_of(words: &Words) -> Option<&'static Command> {
    table::find(&words[0]).filter(|c| c.row.accepts(words.len()))
}

/// Whether the command may change data.
fn writes(words: &Words) -> bool {
    let may = |c: &Command| c.row.flags.any(Flags::WRITE.or(Flags::MAY_REPLICATE));
    command_of(words).is_some_and(|c| may(c) || c.subs().iter().any(may))
}

/// Whether the model says what the command does: not what a rough trim leaves, nor which
/// members a search finds if any will do.
fn is_known(words: &Words) -> bool {
    let name = name(words);
    let known = [
        strings::KNOWN,
        bitmaps::KNOWN,
        lists::KNOWN,
        hashes::KNOWN,
        sets::KNOWN,
        zsets::KNOWN,
        maps::KNOWN,
        sketches::KNOWN,
        streams::KNOWN,
        groups::KNOWN,
        keys::KNOWN,
    ];
    let rough = name.starts_with('x') && words.iter().any(|w| w == b"~");
    let unsaid = |word: &Vec<u8>| maps::UNSAID.contains(&word.to_ascii_uppercase().as_slice());
    let any = name.starts_with("geo") && words.iter().any(unsaid);
    !rough && !any && known.iter().any(|known| known.contains(&name.as_str())) && command_of(words).is_some()
}
