//! A client's bytes, request by request.
//!
//! Requests that arrived together are parsed together; then the table buckets, then the
//! blocks of their keys are prefetched, so that the cache misses of a pipelined batch
//! overlap; then they are executed in order. A request is consumed when it has been
//! executed, so a batch that is cut short (the client blocked, paused, or has to wait
//! for its replies to leave) simply parses the rest again later.

use super::{Engine, Progress, Worker, dispatch::Request, dispatch::Step};
use crate::{
    base::{
        bytes::same,
        clock::{Clock, Ticking},
        time::Now,
    },
    commands::{
        row::{Begin, Flags, KeyFlags, Row},
        table::{COMMANDS, Command},
    },
    data::table::View,
    keyspace::{Entry, Held, object::Object, shard::Keyspace},
    protocol::{
        Error, Output, Reply, output,
        request::{Limits, Parsed, Span},
    },
    session::{Args, Session, clients::flag, state::ReplyMode},
};
use bytes::{Buf, Bytes, BytesMut};
use std::sync::atomic::Ordering::Relaxed;

/// Most requests parsed ahead of execution.
const BATCH: usize = 32;
/// How many requests ahead locks are asked for: about as long as a cache line takes to come
/// from another core, while their blocks are prefetched and while they are executed.
const GLANCE_AHEAD: usize = 4;
const EXECUTE_AHEAD: usize = 2;
/// A request at least this long gets a buffer of its own, from which values may be kept.
const OWN_BUFFER_BYTES: usize = 64 << 10;

/// One parsed request.
#[derive(Default)]
pub(super) struct Slot {
    /// Blank bytes before it.
    pub lead: usize,
    pub len: usize,
    pub spans: Vec<Span>,
    /// Whether the request came as one line of words, and those.
    inline: bool,
    words: Vec<u8>,
    pub command: Option<&'static Command>,
    /// Position and hash of the first key.
    pub first_key: Option<(usize, u64)>,
    /// The hash of an element of a large collection that was prefetched.
    element: Option<u64>,
}

/// Room for more arguments than this is given back after the request that needed it.
const KEEP_SPANS: usize = 1024;

impl Slot {
    /// Whether the request came as one line of words.
    pub fn is_inline(&self) -> bool {
        self.inline
    }

    /// Makes the slot ready for the next request.
    #[inline]
    pub fn clear(&mut self) {
        if self.spans.capacity() > KEEP_SPANS {
            self.spans = Vec::new();
        }
    }
}

/// Why parsing stopped before the batch was full.
pub(super) enum End {
    Incomplete { want: usize },
    Bad(Error),
}

impl Engine {
    /// Executes as many of the requests in `input` as possible.
    pub fn on_bytes(
        &self,
        w: &mut Worker,
        s: &mut Session,
        clock: &dyn Clock,
        input: &mut BytesMut,
        out: &mut Output,
    ) -> Progress {
        w.refresh(&self.shared);
        let clock = &Ticking::new(clock);
        let mut now = clock.base();
        let (began, commands_before) = (now.mono, w.stats(&self.shared).commands.get());
        if !input.is_empty() {
            s.info.active_ms.store(now.mono.0 / 1_000_000, Relaxed);
        }
        let config_version = self.shared.config.version();
        let mut held = Held::new(&self.shared.keyspace);
        if s.info.has_flag(flag::PAUSED) {
            s.info.set_flag(flag::PAUSED, false);
        }
        let progress = loop {
            if let Some(p) = standing(s) {
                break p;
            }
            let limits = Limits {
                max_bulk_bytes: w.config.limits.proto_max_bulk_len_bytes as usize,
                auth_required: !s.is_let_in(&w.config),
                ..Limits::default()
            };
            let (n, end, elements) = self.parse_batch(w, s, &limits, input);
            prefetch(w, s, &mut held, input, n, elements);
            let mut batch = std::mem::take(&mut w.batch);
            let mut at = 0;
            let stop = self.execute_batch(w, s, &mut held, (clock, &mut now), (input, &mut at), out, &mut batch[..n]);
            input.advance(at);
            w.batch = batch;
            match (stop, end) {
                (Some(p), _) => {
                    // What was parsed beyond the stop is parsed again.
                    s.parser.reset();
                    break p;
                }
                (None, None) => {}
                (None, Some(End::Incomplete { want })) => break Progress::Read { want },
                (None, Some(End::Bad(e))) => {
                    self.reject(w, s, &e, out);
                    input.clear();
                    break Progress::Close;
                }
            }
        };
        held.release();
        let killed = match progress {
            // Mail may end the wait, which is for the caller to see; the shell owes a reply.
            Progress::Blocked | Progress::Shell(_) | Progress::Kill => false,
            _ => s.info.mailbox.is_pending() && !self.on_mail(s, out),
        };
        s.publish();
        if self.shared.config.version() != config_version {
            // The limit may be another one now.
            self.limit_clients(now);
        }
        let stats = w.stats(&self.shared);
        stats.cycle(now.mono.0.saturating_sub(began.0), stats.commands.get().saturating_sub(commands_before));
        if killed { Progress::Kill } else { progress }
    }

    /// Replies what is wrong with bytes that are no request, after which nothing is understood.
    #[cold]
    fn reject(&self, w: &Worker, s: &mut Session, e: &Error, out: &mut Output) {
        w.stats(&self.shared).unexpected_errors.add(1);
        let mark = out.mark();
        self.error_reply(w, &mut Reply::new(out, s.resp3), e);
        if s.reply_mode != ReplyMode::On {
            out.truncate(mark);
        }
        s.close_after_reply = true;
    }

    /// Parses requests into the worker's slots; returns how many, why no more, and whether any
    /// looks up an element of a collection.
    pub(super) fn parse_batch(
        &self,
        w: &mut Worker,
        s: &mut Session,
        limits: &Limits,
        input: &mut BytesMut,
    ) -> (usize, Option<End>, bool) {
        // Until a client has authenticated, each request may change the limits of the next.
        let most = if s.authenticated { BATCH } else { 1 };
        if w.batch.len() < most {
            w.batch.resize_with(BATCH, Slot::default);
        }
        let (mut at, mut lead, mut n, mut elements) = (0, 0, 0, false);
        while n < most {
            let rest = &input[at..];
            let slot = &mut w.batch[n];
            slot.inline = false;
            let len = match s.parser.whole(rest, limits, &mut slot.spans) {
                Some(len) => len,
                None => match s.parser.parse(rest, limits, &mut s.spans) {
                    Parsed::Request { len } => {
                        std::mem::swap(&mut slot.spans, &mut s.spans);
                        len
                    }
                    Parsed::Inline { len } => {
                        std::mem::swap(&mut slot.spans, &mut s.spans);
                        slot.inline = true;
                        slot.words.clear();
                        slot.words.extend_from_slice(s.parser.scratch());
                        len
                    }
                    Parsed::Empty { len } => {
                        at += len;
                        lead += len;
                        continue;
                    }
                    Parsed::Incomplete { want } => {
                        if n == 0 {
                            input.advance(lead);
                        } else {
                            w.batch[n - 1].len += lead;
                        }
                        return (n, Some(End::Incomplete { want }), elements);
                    }
                    Parsed::Error(e) => return (n, Some(End::Bad(e)), elements),
                },
            };
            (slot.lead, slot.len) = (std::mem::take(&mut lead), len);
            let args = Args::new(if slot.inline { &slot.words } else { &rest[..len] }, &slot.spans);
            if !w.known.is_of(args.at(0)) {
                w.known = Known::new(args.at(0), self.find(args.at(0)));
            }
            let known = &w.known;
            elements |= known.element;
            slot.command = known.command;
            slot.first_key = (known.key_at < args.len()).then(|| {
                let hash = self.shared.keyspace.hash(args.at(known.key_at));
                self.shared.keyspace.prefetch_lock(hash);
                (known.key_at, hash)
            });
            at += len;
            n += 1;
        }
        (n, None, elements)
    }

    /// Executes the requests of `batch`, which begin at `at` of `input`, and moves `at` behind
    /// what is done; what stopped it before the end, if anything.
    #[allow(clippy::too_many_arguments)]
    fn execute_batch(
        &self,
        w: &mut Worker,
        s: &mut Session,
        held: &mut Held,
        time: (&Ticking, &mut Now),
        (input, at): (&mut BytesMut, &mut usize),
        out: &mut Output,
        batch: &mut [Slot],
    ) -> Option<Progress> {
        let (clock, now) = time;
        for i in 0..batch.len() {
            prefetch_lock(batch, &self.shared.keyspace, i + EXECUTE_AHEAD);
            let slot = &mut batch[i];
            *at += slot.lead;
            if let Some(p) = self.hold(w, s, held, slot, (&input[*at..], *now), out) {
                return Some(p);
            }
            w.refresh(&self.shared);
            let request = |args| Request { args, command: slot.command, first_key: slot.first_key };
            let step = if slot.inline || slot.len < OWN_BUFFER_BYTES {
                let text = if slot.inline { &slot.words[..] } else { &input[*at..*at + slot.len] };
                let step = self.dispatch(w, s, held, (clock, now), &request(Args::new(text, &slot.spans)), out);
                if !matches!(step, Step::Later) {
                    *at += slot.len;
                }
                step
            } else {
                input.advance(std::mem::take(at));
                let own = input.split_to(slot.len).freeze();
                let step =
                    self.dispatch_apart(w, s, held, (clock, now), &request(Args::shared(&own, &slot.spans)), out);
                if matches!(step, Step::Later) {
                    put_back(own, input);
                }
                step
            };
            slot.clear();
            match step {
                Step::Stop(p) => return Some(p),
                Step::Later => return Some(Progress::Paused { until_ms: now.mono.0 / 1_000_000 + 1 }),
                Step::Done => {}
            }
            if s.close_after_reply {
                return Some(Progress::Close);
            }
            if out.len() > output::HIGH_BYTES
                && let Some(p) = output_is_high(w, s, out)
            {
                return Some(p);
            }
        }
        None
    }

    /// What comes before a request, which `input` begins with: a pause, or what others sent.
    #[inline]
    fn hold(
        &self,
        w: &mut Worker,
        s: &mut Session,
        held: &mut Held,
        slot: &Slot,
        (input, now): (&[u8], Now),
        out: &mut Output,
    ) -> Option<Progress> {
        // Nearly always there is no pause at all.
        if !self.shared.pause.is_off()
            && let Some(until_ms) = slot.command.and_then(|c| self.paused(w, s, c, slot.spans.len(), now))
        {
            return Some(Progress::Paused { until_ms });
        }
        if self.shared.saving.is_snapshot() && self.slot_waits(s, held, slot, input) {
            return Some(Progress::Paused { until_ms: now.mono.0 / 1_000_000 + 1 });
        }
        // What others sent before this request comes before its reply.
        if s.info.mailbox.is_pending() && !self.on_mail(s, out) {
            return Some(Progress::Kill);
        }
        None
    }

    /// Whether a request waits for the snapshot that is being made.
    #[cold]
    fn slot_waits(&self, s: &Session, held: &mut Held, slot: &Slot, input: &[u8]) -> bool {
        let Some(command) = slot.command else { return false };
        let text = if slot.inline { &slot.words } else { &input[..slot.len] };
        self.waits_for_snapshot(s, held, command, Args::new(text, &slot.spans))
    }

    /// Until when CLIENT PAUSE holds this command, if it does.
    fn paused(&self, w: &Worker, s: &Session, c: &Command, argc: usize, now: Now) -> Option<u64> {
        let (pause, now_ms) = (&self.shared.pause, now.mono.0 / 1_000_000);
        pause.holds(now_ms, true)?;
        if !c.row.accepts(argc) || !s.is_let_in(&w.config) {
            // It will be refused, for which nobody has to wait.
            return None;
        }
        let queue = s.transaction.as_ref().filter(|_| c.row.name == "exec").map_or(&[][..], |tx| &tx.queue);
        let writes = writes(c.row) || queue.iter().any(|q| writes(COMMANDS[q.command as usize].row));
        pause.holds(now_ms, writes)?;
        // CLIENT UNPAUSE wakes those it sees paused: so look again once it would.
        s.info.set_flag(flag::PAUSED, true);
        let until_ms = pause.holds(now_ms, writes);
        s.info.set_flag(flag::PAUSED, until_ms.is_some());
        until_ms
    }
}

/// Whether CLIENT PAUSE WRITE holds the command.
fn writes(row: &Row) -> bool {
    row.flags.any(Flags::WRITE.or(Flags::MAY_REPLICATE)) || row.subs.iter().any(writes)
}

/// Puts a request that did not run back before the rest.
#[cold]
fn put_back(request: Bytes, input: &mut BytesMut) {
    let mut all = request.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&shared[..]));
    all.unsplit(std::mem::take(input));
    *input = all;
}

/// What a session waits for before any request is looked at.
fn standing(s: &Session) -> Option<Progress> {
    if s.info.has_flag(flag::CLOSE_ASAP) {
        return Some(Progress::Kill);
    }
    if s.close_after_reply {
        return Some(Progress::Close);
    }
    s.blocked.is_some().then_some(Progress::Blocked)
}

/// Whether so many unsent replies end or suspend the session.
fn output_is_high(w: &Worker, s: &Session, out: &Output) -> Option<Progress> {
    let (subscriber, used) = (!s.subscriptions.is_empty(), out.memory_bytes() as u64);
    let hard = w.config.limits.client_output_buffer_limit.of(subscriber).hard_bytes;
    match () {
        () if hard > 0 && used > hard => Some(Progress::Kill),
        // More than all clients may hold: who is not evicted for it has to wait.
        () if w.config.clients_limit_bytes().is_some_and(|all| used > all) => Some(Progress::Send),
        () if w.config.limits_replies(subscriber) => None,
        () => Some(Progress::Send),
    }
}

/// The longest name that is remembered.
const NAME_MAX: usize = 24;

/// What is known of the request before: most have the same name.
pub(super) struct Known {
    name: [u8; NAME_MAX],
    len: usize,
    command: Option<&'static Command>,
    /// Position of the first key, when the row gives it by position; else beyond all arguments.
    key_at: usize,
    /// Whether it looks up an element of a collection.
    element: bool,
}

impl Known {
    fn new(name: &[u8], command: Option<&'static Command>) -> Self {
        let spec = command.and_then(|c| c.row.keys.first()).filter(|spec| !spec.flags.has(KeyFlags::NOT_KEY));
        let key_at = match spec.map(|spec| spec.begin) {
            Some(Begin::Index(i)) => i as usize,
            _ => usize::MAX,
        };
        let element = command.is_some_and(|c| c.row.element > 0);
        let mut known = Known { name: [0; NAME_MAX], len: name.len(), command, key_at, element };
        if let Some(start) = known.name.get_mut(..name.len()) {
            start.copy_from_slice(name);
        }
        known
    }

    /// Whether this is known of `name`.
    #[inline]
    fn is_of(&self, name: &[u8]) -> bool {
        self.name.get(..self.len).is_some_and(|known| same(known, name))
    }
}

impl Default for Known {
    fn default() -> Known {
        Known::new(b"", None)
    }
}

/// Asks for the lock that the request at `i` needs, which another worker may have taken since.
#[inline]
fn prefetch_lock(batch: &[Slot], space: &Keyspace, i: usize) {
    if let Some((_, hash)) = batch.get(i).and_then(|slot| slot.first_key) {
        space.prefetch_lock(hash);
    }
}

/// Asks for the cache lines that the batch is about to need.
pub(super) fn prefetch(w: &mut Worker, s: &Session, held: &mut Held, input: &[u8], n: usize, elements: bool) {
    if n < 2 {
        return;
    }
    let hashes = || w.batch[..n].iter().filter_map(|b| b.first_key).map(|(_, hash)| hash);
    if hashes().next().is_none() {
        return;
    }
    if let Some(shard) = held.whole() {
        let table = shard.table(s.db);
        distinct(hashes()).for_each(|hash| table.prefetch_bucket(hash));
        distinct(hashes()).for_each(|hash| table.prefetch_block(hash));
    } else {
        for hash in hashes() {
            held.glance(hash, |shard| shard.table(s.db).prefetch_bucket(hash));
        }
        for (i, hash) in hashes().enumerate() {
            prefetch_lock(&w.batch[..n], held.space(), i + GLANCE_AHEAD);
            held.glance(hash, |shard| shard.table(s.db).prefetch_block(hash));
        }
    }
    if elements {
        prefetch_elements(&mut w.batch[..n], s.db, held, input);
    }
}

/// Without those that equal the one before: what was asked for need not be asked for again.
fn distinct(hashes: impl Iterator<Item = u64>) -> impl Iterator<Item = u64> {
    let mut last = None;
    hashes.filter(move |hash| last.replace(*hash) != Some(*hash))
}

/// The same for the elements that commands will look up in large collections.
fn prefetch_elements(batch: &mut [Slot], db: u32, held: &mut Held, input: &[u8]) {
    let Some(shard) = held.whole() else {
        return prefetch_elements_in(batch, input, |hash, key, see| {
            held.glance(hash, |shard| {
                shard.table(db).get(hash, key).as_ref().and_then(|e| e.object()).map(see);
            });
        });
    };
    // Who names the key of the request before means the same value. (These are hints: other
    // keys of the same hash do no harm.)
    let (table, mut last) = (shard.table(db), None::<(u64, Option<View<Entry>>)>);
    prefetch_elements_in(batch, input, |hash, key, see| {
        let (_, entry) = match &mut last {
            Some(found) if found.0 == hash => found,
            other => other.insert((hash, table.get(hash, key))),
        };
        entry.as_ref().and_then(|e| e.object()).map(see);
    });
}

/// `show` shows the large value of a key, if it has one.
fn prefetch_elements_in(batch: &mut [Slot], input: &[u8], mut show: impl FnMut(u64, &[u8], &mut dyn FnMut(&Object))) {
    let (mut any, mut at) = (false, 0);
    for slot in &mut *batch {
        let request = &input[at + slot.lead..];
        at += slot.lead + slot.len;
        slot.element = None;
        let element = slot.command.map_or(0, |c| usize::from(c.row.element));
        let Some((key_at, hash)) = slot.first_key.filter(|_| (1..slot.spans.len()).contains(&element)) else {
            continue;
        };
        if slot.inline {
            continue;
        }
        let args = Args::new(request, &slot.spans);
        show(hash, args.at(key_at), &mut |object| slot.element = object.prefetch_bucket(args.at(element)));
        any |= slot.element.is_some();
    }
    if !any {
        return;
    }
    // Then the blocks of elements whose buckets were asked for.
    let mut at = 0;
    for slot in batch {
        let request = &input[at + slot.lead..];
        at += slot.lead + slot.len;
        if let (Some((key_at, hash)), Some(element)) = (slot.first_key, slot.element) {
            let key = Args::new(request, &slot.spans).at(key_at);
            show(hash, key, &mut |object| object.prefetch_block(element));
        }
    }
}
