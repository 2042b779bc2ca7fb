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
        clock::{Clock, Ticking},
        time::Now,
    },
    commands::{
        row::{Begin, Flags, KeyFlags, Row},
        table::{COMMANDS, Command},
    },
    keyspace::{Held, shard::Keyspace},
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
    /// The words of an inline request; empty for the other form.
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
        !self.words.is_empty() || self.spans.is_empty()
    }

    /// Makes the slot ready for the next request.
    #[inline]
    pub fn clear(&mut self) {
        self.command = None;
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
            let (n, end) = self.parse_batch(w, s, &limits, input);
            prefetch(w, s, &mut held, input, n);
            let mut batch = std::mem::take(&mut w.batch);
            let stop = self.execute_batch(w, s, &mut held, (clock, &mut now), input, out, &mut batch[..n]);
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
                    w.stats(&self.shared).unexpected_errors.add(1);
                    let mark = out.mark();
                    self.error_reply(w, &mut Reply::new(out, s.resp3), &e);
                    if s.reply_mode != ReplyMode::On {
                        out.truncate(mark);
                    }
                    input.clear();
                    s.close_after_reply = true;
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

    /// Parses requests into the worker's slots; returns how many, and why no more.
    pub(super) fn parse_batch(
        &self,
        w: &mut Worker,
        s: &mut Session,
        limits: &Limits,
        input: &mut BytesMut,
    ) -> (usize, Option<End>) {
        // Until a client has authenticated, each request may change the limits of the next.
        let most = if s.authenticated { BATCH } else { 1 };
        if w.batch.len() < most {
            w.batch.resize_with(BATCH, Slot::default);
        }
        let (mut at, mut lead, mut n) = (0, 0, 0);
        // Of a pipeline's requests most have the name of the one before.
        let mut last: (&[u8], Option<&'static Command>) = (b"", None);
        while n < most {
            let rest = &input[at..];
            let (len, inline) = match s.parser.parse(rest, limits, &mut s.spans) {
                Parsed::Request { len } => (len, false),
                Parsed::Inline { len } => (len, true),
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
                    return (n, Some(End::Incomplete { want }));
                }
                Parsed::Error(e) => return (n, Some(End::Bad(e))),
            };
            let slot = &mut w.batch[n];
            std::mem::swap(&mut slot.spans, &mut s.spans);
            slot.words.clear();
            if inline {
                slot.words.extend_from_slice(s.parser.scratch());
            }
            (slot.lead, slot.len) = (std::mem::take(&mut lead), len);
            let args = Args::new(if inline { &slot.words } else { &rest[..len] }, &slot.spans);
            slot.command = if args.at(0) == last.0 { last.1 } else { self.find(args.at(0)) };
            if !inline {
                let name = slot.spans[0];
                last = (&rest[name.start..name.start + name.len], slot.command);
            }
            slot.first_key =
                slot.command.and_then(|c| first_key(c.row, args)).map(|i| (i, self.shared.keyspace.hash(args.at(i))));
            if let Some((_, hash)) = slot.first_key {
                self.shared.keyspace.prefetch_lock(hash);
            }
            at += len;
            n += 1;
        }
        (n, None)
    }

    /// Executes the requests of `batch`; what stopped it before the end, if anything.
    #[allow(clippy::too_many_arguments)]
    fn execute_batch(
        &self,
        w: &mut Worker,
        s: &mut Session,
        held: &mut Held,
        time: (&Ticking, &mut Now),
        input: &mut BytesMut,
        out: &mut Output,
        batch: &mut [Slot],
    ) -> Option<Progress> {
        let (clock, now) = time;
        for i in 0..batch.len() {
            prefetch_lock(batch, &self.shared.keyspace, i + EXECUTE_AHEAD);
            let slot = &mut batch[i];
            input.advance(slot.lead);
            let held_until = slot.command.and_then(|c| self.paused(w, s, c, slot.spans.len(), *now));
            if let Some(until_ms) = held_until {
                return Some(Progress::Paused { until_ms });
            }
            if self.shared.saving.is_snapshot() && self.slot_waits(s, held, slot, input) {
                return Some(Progress::Paused { until_ms: now.mono.0 / 1_000_000 + 1 });
            }
            // What others sent before this request comes before its reply.
            if s.info.mailbox.is_pending() && !self.on_mail(s, out) {
                return Some(Progress::Kill);
            }
            w.refresh(&self.shared);
            let request = |args| Request { args, command: slot.command, first_key: slot.first_key };
            let step = if slot.is_inline() || slot.len < OWN_BUFFER_BYTES {
                let text = if slot.is_inline() { &slot.words[..] } else { &input[..slot.len] };
                let step = self.dispatch(w, s, held, (clock, now), &request(Args::new(text, &slot.spans)), out);
                if !matches!(step, Step::Later) {
                    input.advance(slot.len);
                }
                step
            } else {
                let own = input.split_to(slot.len).freeze();
                let step = self.dispatch(w, s, held, (clock, now), &request(Args::shared(&own, &slot.spans)), out);
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

    /// Whether a request waits for the snapshot that is being made.
    #[cold]
    fn slot_waits(&self, s: &Session, held: &mut Held, slot: &Slot, input: &[u8]) -> bool {
        let Some(command) = slot.command else { return false };
        let text = if slot.words.is_empty() { &input[..slot.len] } else { &slot.words };
        self.waits_for_snapshot(s, held, command, Args::new(text, &slot.spans))
    }

    /// Until when CLIENT PAUSE holds this command, if it does.
    fn paused(&self, w: &Worker, s: &Session, c: &Command, argc: usize, now: Now) -> Option<u64> {
        let (pause, now_ms) = (&self.shared.pause, now.mono.0 / 1_000_000);
        // Nearly always there is no pause at all.
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

/// Position of the first key, when the row gives it by position.
#[inline]
fn first_key(row: &Row, args: Args) -> Option<usize> {
    let spec = row.keys.first()?;
    match spec.begin {
        Begin::Index(i) if (i as usize) < args.len() && !spec.flags.has(KeyFlags::NOT_KEY) => Some(i as usize),
        _ => None,
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
pub(super) fn prefetch(w: &mut Worker, s: &Session, held: &mut Held, input: &[u8], n: usize) {
    if n < 2 {
        return;
    }
    let keys = || w.batch[..n].iter().filter_map(|b| b.first_key);
    for (_, hash) in keys() {
        held.glance(hash, |shard| shard.table(s.db).prefetch_bucket(hash));
    }
    for (i, (_, hash)) in keys().enumerate() {
        prefetch_lock(&w.batch[..n], held.space(), i + GLANCE_AHEAD);
        held.glance(hash, |shard| shard.table(s.db).prefetch_block(hash));
    }
    if w.batch[..n].iter().any(|slot| slot.command.is_some_and(|c| c.row.element > 0)) {
        prefetch_elements(&mut w.batch[..n], s.db, held, input);
    }
}

/// The same for the elements that commands will look up in large collections.
fn prefetch_elements(batch: &mut [Slot], db: u32, held: &mut Held, input: &[u8]) {
    let mut any = false;
    let mut at = 0;
    for slot in batch.iter_mut() {
        let request = &input[at + slot.lead..];
        at += slot.lead + slot.len;
        let element = slot.command.map_or(0, |c| usize::from(c.row.element));
        slot.element = None;
        let Some((key_at, hash)) = slot.first_key.filter(|_| (1..slot.spans.len()).contains(&element)) else {
            continue;
        };
        if !slot.words.is_empty() {
            continue;
        }
        let args = Args::new(request, &slot.spans);
        held.glance(hash, |shard| {
            let entry = shard.table(db).get(hash, args.at(key_at));
            slot.element = entry.and_then(|e| e.object()?.prefetch_bucket(args.at(element)));
        });
        any |= slot.element.is_some();
    }
    if any {
        prefetch_element_blocks(batch, db, held, input);
    }
}

/// Asks for the blocks of elements whose buckets were asked for.
fn prefetch_element_blocks(batch: &[Slot], db: u32, held: &mut Held, input: &[u8]) {
    let mut at = 0;
    for slot in batch {
        let request = &input[at + slot.lead..];
        at += slot.lead + slot.len;
        let (Some((key_at, hash)), Some(element)) = (slot.first_key, slot.element) else { continue };
        let key = Args::new(request, &slot.spans).at(key_at);
        held.glance(hash, |shard| {
            if let Some(e) = shard.table(db).get(hash, key)
                && let Some(object) = e.object()
            {
                object.prefetch_block(element);
            }
        });
    }
}
