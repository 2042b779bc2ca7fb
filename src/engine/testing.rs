//! A server without a shell, for tests and fuzzers: an engine, its workers, any number of
//! clients, and a clock that moves only when told to.
//!
//! [`Rig::run`] sends one command of a numbered client, as a person would type it, and
//! returns what came back in a short notation:
//!
//! ```text
//! +OK   -ERR syntax error   :5   bulk text   nil   nil[]   [a :1 nil]   {k: v}   ~[a]   >[a]   ,1.5   #t
//! ```
//!
//! A client comes into being when its number is first used. A command that blocks returns
//! `(blocked)`; once somebody has served it, or the clock has passed its deadline,
//! [`Rig::mail`] returns the reply. Published messages wait in the mailbox the same way.
//! When a rig is dropped it checks that the engine has forgotten its clients and that the
//! memory account is right ([`Rig::audit`]).
//!
//! `.journal` in a script shows what has been written to the journal since it was last asked for.
//! [`Rig::script`] checks a whole dialogue, one command and its expected reply per line.
//! Tests of commands live in `engine::tests`, because a command's own layer must not name
//! the engine.

mod contents;
pub mod grammar;

use super::{Engine, Progress, Worker, replay::Replay};
use crate::{
    base::{
        clock::Clock,
        split::{quoted, split},
        time::{Mono, Now, Wall},
    },
    commands::ShellRequest,
    config::{self, Config, load::NoFiles},
    keyspace::{Entry, Held, object::Object},
    persist::snapshot::Snapshot,
    protocol::{
        Output,
        request::{Limits, Parsed, Parser},
        value::{Value, encode_command},
    },
    session::{Args, Session, clients::ClientInfo, moving::Migration, shared::Boot},
};
use bytes::{Buf, BytesMut};
use std::{
    cell::Cell,
    collections::BTreeMap,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// The time a rig starts at, unix ms: some moment in 2024.
pub const START_MS: u64 = 1_720_000_000_000;

/// A clock that stands still between readings, and unless told otherwise at each.
struct Hand {
    now: Cell<Now>,
    step_ms: Cell<u64>,
}

impl Clock for Hand {
    fn now(&self) -> Now {
        self.advance_ms(self.step_ms.get());
        self.now.get()
    }
}

impl Hand {
    fn advance_ms(&self, ms: u64) {
        let mut now = self.now.get();
        now.mono.0 += ms * 1_000_000;
        now.wall.0 += ms;
        self.now.set(now);
    }
}

/// One client's connection.
struct Client {
    session: Session,
    input: BytesMut,
    output: Output,
    /// What the engine said last.
    progress: Progress,
    /// Replies that had to leave before the engine went on.
    received: Vec<Value>,
}

/// See the module.
pub struct Rig {
    pub engine: Arc<Engine>,
    workers: Vec<Worker>,
    clients: BTreeMap<usize, Client>,
    hand: Hand,
    cursors: Vec<u64>,
    replay: Option<Replay>,
    /// The engine is at work; still set when it has panicked.
    busy: bool,
}

impl Default for Rig {
    fn default() -> Rig {
        Rig::new()
    }
}

impl Rig {
    /// A server with two workers and the default configuration.
    pub fn new() -> Rig {
        Rig::with(2, &[])
    }

    /// A server with `workers` workers and some directives set.
    pub fn with(workers: usize, directives: &[(&str, &str)]) -> Rig {
        let mut file = Vec::new();
        for (name, value) in directives {
            file.extend_from_slice(name.as_bytes());
            file.push(b' ');
            quoted(value.as_bytes(), &mut file);
            file.push(b'\n');
        }
        Rig::from_file(workers, &file)
    }

    /// A server with `workers` workers and a configuration file of this text.
    pub fn from_file(workers: usize, text: &[u8]) -> Rig {
        let mut config = Config::default();
        config::load(&mut config, text, &NoFiles).expect("known directives");
        let now = Now::at(Mono(1_000_000_000), START_MS * 1000);
        let engine = Engine::new(config, Boot { started: now, ..Boot::default() }, workers, 7);
        let workers = (0..workers).map(|i| Worker::new(&engine, i, i as u64)).collect();
        Rig {
            engine,
            workers,
            clients: BTreeMap::new(),
            hand: Hand { now: Cell::new(now), step_ms: Cell::new(0) },
            cursors: Vec::new(),
            replay: None,
            busy: false,
        }
    }

    fn connect(&mut self, client: usize) {
        if self.clients.contains_key(&client) {
            return;
        }
        let shared = &self.engine.shared;
        let info = Arc::new(ClientInfo {
            id: shared.clients.next_id(),
            addr: format!("127.0.0.1:{}", 50_000 + client),
            local_addr: "127.0.0.1:6379".into(),
            created_ms: self.now().mono.0 / 1_000_000,
            worker: client % self.workers.len(),
            ..ClientInfo::default()
        });
        shared.clients.insert(info.clone());
        let authenticated = shared.config.get().security.requirepass == config::Secret::default();
        let session = Session::new(info, authenticated);
        let progress = Progress::Read { want: 1 };
        let fresh = Client { session, input: BytesMut::new(), output: Output::new(), progress, received: Vec::new() };
        self.clients.insert(client, fresh);
    }

    /// Ends a client's connection.
    pub fn disconnect(&mut self, client: usize) {
        if let Some(mut c) = self.clients.remove(&client) {
            self.engine.disconnect(&mut c.session);
        }
    }

    /// Runs a command line (words may be quoted) and returns its replies, one per line.
    pub fn run(&mut self, client: usize, line: &str) -> String {
        let words = split(line.as_bytes()).expect("balanced quotes");
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let replies = self.call(client, &words);
        if replies.is_empty() {
            match self.progress(client) {
                Progress::Blocked => return "(blocked)".into(),
                Progress::Paused { .. } => return "(paused)".into(),
                Progress::Shell(_) => return "(shell)".into(),
                _ => {}
            }
        }
        join(&replies)
    }

    /// Runs a dialogue, one `command => reply` per line. `2> command` is sent by client 2
    /// instead of client 0, `2> .mail` shows what it received meanwhile, `.journal` and
    /// `.base` what was written, `.wait 5` moves the clock by 5 ms, and `#` begins a comment line. Several replies are separated by
    /// ` | `.
    ///
    /// # Panics
    /// At the first reply that differs from the expected one.
    #[track_caller]
    pub fn script(&mut self, dialogue: &str) {
        for line in dialogue.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
            if let Some(ms) = line.strip_prefix(".wait ") {
                self.advance_ms(ms.parse().expect("milliseconds"));
                continue;
            }
            let (command, want) = line.split_once(" =>").expect("command => reply");
            let (client, command) = match command.split_once("> ") {
                Some((n, rest)) if n.parse::<usize>().is_ok() => (n.parse().expect("a number"), rest),
                _ => (0, command),
            };
            let got = match command {
                ".mail" => self.mail(client),
                ".journal" => self.journal(),
                ".base" => lines(&self.rewrite()),
                _ => self.run(client, command),
            };
            assert_eq!(got.replace('\n', " | ").trim_end(), want.trim(), "reply to: {line}");
        }
    }

    /// What was written to the journal since the last call, one operation per line; the first
    /// call turns it on.
    pub fn journal(&mut self) -> String {
        lines(&self.take_journal())
    }

    /// As [`Rig::journal`], the bytes.
    pub fn take_journal(&mut self) -> Vec<u8> {
        let journal = &self.engine.shared.journal;
        if !journal.is_on() {
            journal.turn(true);
        }
        let mut cx = Context::from_waker(Waker::noop());
        let mut bytes = Vec::new();
        while let Poll::Ready(batch) = journal.poll_take(&mut Vec::new(), &mut cx) {
            bytes.extend_from_slice(&batch.text);
        }
        bytes
    }

    /// Executes what another server's journal holds, as at start; the first call on a server
    /// begins in database 0.
    ///
    /// # Panics
    /// If a command fails, which none of a journal does.
    pub fn replay(&mut self, journal: &[u8]) {
        let (engine, wall) = (self.engine.clone(), self.now().wall);
        let replay = self.replay.get_or_insert_with(|| Replay::new(&engine, wall, 1));
        replay.run(&engine, &mut BytesMut::from(journal)).expect("a journal");
        assert_eq!(replay.errors, 0, "{}", journal.escape_ascii());
    }

    /// Runs several command lines of one client and returns the last one's reply.
    pub fn run_all(&mut self, client: usize, lines: &[&str]) -> String {
        lines.iter().map(|line| self.run(client, line)).last().unwrap_or_default()
    }

    /// Runs a command of these arguments and returns its replies.
    pub fn call(&mut self, client: usize, args: &[&[u8]]) -> Vec<Value> {
        let mut request = Vec::new();
        encode_command(args, &mut request);
        self.send(client, &request)
    }

    /// Hands the engine bytes from a client and returns the complete replies.
    pub fn send(&mut self, client: usize, bytes: &[u8]) -> Vec<Value> {
        self.connect(client);
        self.client(client).input.extend_from_slice(bytes);
        self.go_on(client);
        self.replies(client)
    }

    /// Delivers what waits in a client's mailbox, goes on with its requests, and returns
    /// what it received, one reply or message per line; `(closed)` if it was killed.
    pub fn mail(&mut self, client: usize) -> String {
        self.receive(client).map_or_else(|| "(closed)".into(), |replies| join(&replies))
    }

    /// As [`Rig::mail`]; `None` if the client was killed.
    pub fn receive(&mut self, client: usize) -> Option<Vec<Value>> {
        self.connect(client);
        let now = self.now().mono;
        let c = self.clients.get_mut(&client).expect("connected");
        if !self.engine.on_mail(&mut c.session, &mut c.output) {
            return None;
        }
        self.engine.on_deadline(&mut c.session, now, &mut c.output);
        self.go_on(client);
        Some(self.replies(client))
    }

    fn go_on(&mut self, client: usize) {
        loop {
            let c = self.clients.get_mut(&client).expect("connected");
            let w = &mut self.workers[c.session.info.worker];
            self.busy = true;
            c.progress = self.engine.on_bytes(w, &mut c.session, &self.hand, &mut c.input, &mut c.output);
            self.busy = false;
            if !matches!(c.progress, Progress::Send) {
                return;
            }
            let replies = self.replies(client);
            self.client(client).received = replies;
        }
    }

    /// Takes the replies a client has received.
    fn replies(&mut self, client: usize) -> Vec<Value> {
        let c = self.client(client);
        let bytes = c.output.to_vec();
        c.output.advance(bytes.len());
        let broken_off = matches!(c.progress, Progress::Kill | Progress::Shell(_));
        let (mut at, mut replies) = (0, std::mem::take(&mut c.received));
        while at < bytes.len() {
            let Some((value, len)) = Value::parse(&bytes[at..]).expect("well-formed") else {
                assert!(broken_off, "a reply is incomplete");
                break;
            };
            replies.push(value);
            at += len;
        }
        replies
    }

    fn client(&mut self, client: usize) -> &mut Client {
        self.clients.get_mut(&client).expect("connected")
    }

    /// A client's session.
    pub fn session(&mut self, client: usize) -> &mut Session {
        self.connect(client);
        &mut self.client(client).session
    }

    /// What the engine wanted next when it last returned to a client.
    pub fn progress(&mut self, client: usize) -> &Progress {
        &self.client(client).progress
    }

    /// Ends the MIGRATE that a client waits for as if `arrived` of its keys had; what was to be
    /// carried.
    pub fn end_move(&mut self, client: usize, arrived: impl Fn(usize) -> bool) -> Migration {
        let (engine, now) = (self.engine.clone(), self.now());
        let c = self.clients.get_mut(&client).expect("connected");
        let asked = std::mem::replace(&mut c.progress, Progress::Read { want: 1 });
        let Progress::Shell(ShellRequest::Migrate(m)) = asked else { panic!("{asked:?}") };
        let mut m = *m;
        let keys = m.cargo.iter().enumerate().filter(|(i, _)| arrived(*i)).map(|(_, cargo)| &*cargo.key);
        let keys: Vec<&[u8]> = keys.collect();
        if let Some(claim) = m.claim.take() {
            let info = &c.session.info;
            engine.end_move(&mut self.workers[info.worker], info, now, m.db, claim, &keys).expect("nobody saves");
        }
        m
    }

    /// The clock's reading.
    pub fn now(&self) -> Now {
        self.hand.now.get()
    }

    /// From now on each reading of the clock takes that long.
    pub fn step_ms(&self, ms: u64) {
        self.hand.step_ms.set(ms);
    }

    /// Moves both clocks on.
    pub fn advance_ms(&self, ms: u64) {
        self.hand.advance_ms(ms);
    }

    /// Moves both clocks on by less than a millisecond, or more.
    pub fn advance_us(&self, us: u64) {
        let now = self.now();
        self.hand.now.set(Now::at(Mono(now.mono.0 + us * 1000), now.unix_us() + us));
    }

    /// Sets the wall clock alone, to unix ms.
    pub fn set_wall_ms(&self, ms: u64) {
        let now = self.now();
        self.hand.now.set(Now { wall: Wall(ms), ..now });
    }

    /// The end of a round of housekeeping.
    pub fn tick(&mut self) {
        let now = self.now();
        self.engine.tick(&self.workers[0], now, now);
    }

    /// Begins a snapshot of this instant, perhaps for the base of an append-only file.
    pub fn begin_snapshot(&mut self, aof_base: bool) -> Snapshot {
        self.engine.begin_snapshot(&self.engine.shared.config.get(), self.now().wall, aof_base, || {})
    }

    /// The base of an append-only file.
    pub fn rewrite(&mut self) -> Vec<u8> {
        let mut snapshot = self.begin_snapshot(true);
        while !snapshot.step(&self.engine.shared) {}
        snapshot.take(1).unwrap_or_default()
    }

    /// One tick of active expiry.
    pub fn expire_some(&mut self) {
        self.engine.expire_some(&mut self.workers[0], &self.hand, &mut self.cursors);
    }

    /// Checks the tables and values themselves, and the memory account against what the
    /// shards hold.
    ///
    /// # Panics
    /// If something is out of order.
    pub fn audit(&self) {
        let space = &self.engine.shared.keyspace;
        let mut total = 0;
        let mut held = Held::new(space);
        held.all();
        for at in 0..space.shards().len() {
            let shard = held.shard(at);
            shard.check_account();
            for db in 0..space.databases() {
                shard.table(db).check();
                shard.table(db).iter().for_each(|e| check_value(&e));
            }
            total += shard.used_bytes();
        }
        held.release();
        assert_eq!(space.used_bytes(), total as u64, "published account");
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if self.busy {
            return;
        }
        self.audit();
        let clients: Vec<usize> = self.clients.keys().copied().collect();
        clients.into_iter().for_each(|c| self.disconnect(c));
        let space = &self.engine.shared.keyspace;
        for shard in space.shards() {
            let shard = shard.lock();
            assert_eq!((shard.watched_len(), shard.waited_len()), (0, 0), "nobody is left to watch or wait");
        }
    }
}

/// Checks a value that has a structure of its own.
pub fn check_value(e: &Entry) {
    match e.object() {
        Some(Object::List(list)) => list.check(),
        Some(Object::Hash(hash)) => hash.check(),
        Some(Object::Set(set)) => set.check(),
        Some(Object::ZSet(set)) => set.check(),
        Some(Object::Stream(stream)) => stream.check(),
        Some(Object::Str(_)) | None => {}
    }
}

/// Requests, one per line.
fn lines(bytes: &[u8]) -> String {
    let mut lines = Vec::new();
    each_request(bytes, |args| lines.push(args.from(0).map(text).collect::<Vec<_>>().join(" ")));
    lines.join("\n")
}

/// Shows `f` each of the requests that `bytes` consists of.
fn each_request(bytes: &[u8], mut f: impl FnMut(Args)) {
    let (mut parser, mut spans, mut rest) = (Parser::default(), Vec::new(), bytes);
    while !rest.is_empty() {
        let Parsed::Request { len } = parser.parse(rest, &Limits::default(), &mut spans) else {
            panic!("a journal holds whole requests")
        };
        f(Args::new(&rest[..len], &spans));
        rest = &rest[len..];
    }
}

fn join(replies: &[Value]) -> String {
    replies.iter().map(show).collect::<Vec<_>>().join("\n")
}

/// A reply in the notation of the module's head.
pub fn show(v: &Value) -> String {
    let all = |v: &[Value]| v.iter().map(show).collect::<Vec<_>>().join(" ");
    let pairs = |v: &[(Value, Value)]| {
        v.iter().map(|(k, v)| format!("{}: {}", show(k), show(v))).collect::<Vec<_>>().join(", ")
    };
    match v {
        Value::Simple(b) => format!("+{}", text(b)),
        Value::Error(b) | Value::BulkError(b) => format!("-{}", text(b)),
        Value::Int(n) => format!(":{n}"),
        Value::Bulk(b) => text(b),
        Value::NullBulk | Value::Null => "nil".into(),
        Value::NullArray => "nil[]".into(),
        Value::Bool(b) => if *b { "#t" } else { "#f" }.into(),
        Value::Double(b) => format!(",{}", text(b)),
        Value::BigNumber(b) => format!("({}", text(b)),
        Value::Verbatim(kind, b) => format!("={}:{}", text(kind), text(b)),
        Value::Array(v) => format!("[{}]", all(v)),
        Value::Set(v) => format!("~[{}]", all(v)),
        Value::Push(v) => format!(">[{}]", all(v)),
        Value::Map(v) => format!("{{{}}}", pairs(v)),
        Value::Attributed(a, v) => format!("|{{{}}} {}", pairs(a), show(v)),
    }
}

fn text(b: &[u8]) -> String {
    match std::str::from_utf8(b) {
        Ok(s) => s.into(),
        Err(_) => b.escape_ascii().to_string(),
    }
}
