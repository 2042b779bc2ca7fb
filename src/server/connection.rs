//! One connection: its socket, its session, and what each of them waits for.
//!
//! A connection's task sleeps in one place, [`Connection::wait`], on everything that can
//! move it: room to write, mail, a deadline, bytes to read. It reads only when it could
//! use what it reads, so a client that does not take its replies stops being read from,
//! and costs the memory of the replies to what it already asked.

use super::worker::Local;
use crate::{
    base::{clock::Clock, time::Mono},
    config::Config,
    engine::Progress,
    env::{Addr, Env, Stream},
    protocol::{Error, Output, Reply},
    session::{
        Session,
        clients::{ClientInfo, flag},
    },
};
use bytes::{Buf, BytesMut};
use std::{
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Unsent replies beyond this stop the reading of more requests, unless an output limit
/// is configured, which then decides.
const STOP_READING_BYTES: usize = 1 << 20;
/// As many bytes of replies are never too many: Valkey's output limits do not count the
/// buffer that each of its clients has from the start.
const UNLIMITED_OUTPUT_BYTES: usize = 16 << 10;
/// Requests read ahead for a client that is blocked or paused.
const READ_AHEAD_BYTES: usize = 1 << 20;
/// A partial request is given room for at least so many more bytes.
const READ_MIN_BYTES: usize = 16 << 10;

/// An empty buffer up to this size is kept for a while: whoever sent one request in pieces
/// will send more of them.
const KEEP_BYTES: usize = 32 << 10;
/// More room than this is given back once a client has been idle for so long, in ms.
pub const TRIM_BYTES: usize = 4 << 10;
pub const TRIM_IDLE_MS: u64 = 2000;
/// Growth of a client's memory beyond this is compared with `maxmemory-clients` at once. What a smaller
/// reply takes on its way evicts nobody, as in Valkey, where every client has a buffer for so much.
const GROWTH_BYTES: u64 = 16 << 10;

/// What woke a connection.
enum Event {
    /// This many bytes arrived; 0: the client will send no more.
    Read(usize),
    /// Everything written so far has left.
    Drained,
    Mail,
    Deadline,
    Broken,
}

/// Where the bytes of [`Event::Read`] are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the worker's buffer.
    Shared,
    /// In the connection's own.
    Own,
}

struct Connection<E: Env> {
    local: Rc<Local<E>>,
    stream: E::Stream,
    session: Session,
    /// Requests that have not arrived whole, or may not run yet.
    input: BytesMut,
    /// Size of the buffer behind `input`.
    room: usize,
    out: Output,
    /// What the client held when it was last compared with `maxmemory-clients`.
    weighed_bytes: u64,
    timer: Option<(Mono, Pin<Box<E::Sleep>>)>,
    /// Offset of the journal that what is in `out` waits for.
    gate: u64,
    /// Since when the output has been over its soft limit.
    soft_since: Option<Mono>,
    place: Place,
    /// The client has shut down its sending side.
    finished: bool,
}

/// Serves one connection until it ends.
pub async fn serve<E: Env>(local: Rc<Local<E>>, stream: E::Stream) {
    let config = local.engine.shared.config.get();
    let Ok(info) = greet(&local, &stream, &config) else { return };
    let info = Arc::new(info);
    if let Some(refusal) = refusal(&local, &stream, &config) {
        let mut stream = stream;
        let _ = stream.write_all(refusal.as_bytes()).await;
        return;
    }
    let shared = &local.engine.shared;
    shared.clients.insert(info.clone());
    local.worker.borrow().stats(shared).connections.add(1);
    let session = Session::new(info, config.security.requirepass.is_empty());
    let mut c = Connection {
        local: local.clone(),
        stream,
        session,
        input: BytesMut::new(),
        room: 0,
        out: Output::new(),
        weighed_bytes: 0,
        timer: None,
        gate: 0,
        soft_since: None,
        place: Place::Shared,
        finished: false,
    };
    c.run().await;
    shared.journal.leave(c.session.id());
    local.engine.disconnect(&mut c.session);
}

fn greet<E: Env>(local: &Local<E>, stream: &E::Stream, config: &Config) -> io::Result<ClientInfo> {
    let (peer, here) = (stream.peer_addr()?, stream.local_addr()?);
    let unix = matches!(peer, Addr::Unix(_));
    if !unix {
        stream.set_nodelay(true)?;
        stream.set_keepalive(config.network.tcp_keepalive_s)?;
    }
    let now = local.now();
    let text = |a: &Addr| match a {
        Addr::Tcp(a) => a.to_string(),
        Addr::Unix(path) => format!("{path}:0"),
    };
    let info = ClientInfo {
        id: local.engine.shared.clients.next_id(),
        addr: text(&peer),
        local_addr: text(&here),
        created_ms: now.mono.0 / 1_000_000,
        worker: local.worker.borrow().index,
        descriptor: stream.descriptor(),
        ..ClientInfo::default()
    };
    info.active_ms.store(info.created_ms, Relaxed);
    info.queued.store(-1, Relaxed);
    info.set_flag(flag::UNIX_SOCKET, unix);
    Ok(info)
}

/// Why a connection is not let in, as it is told.
fn refusal<E: Env>(local: &Local<E>, stream: &E::Stream, config: &Config) -> Option<String> {
    let shared = &local.engine.shared;
    let stats = || local.worker.borrow().stats(shared).rejected_connections.add(1);
    if shared.clients.len() >= config.limits.maxclients as usize {
        stats();
        return Some("-ERR max number of clients reached\r\n".into());
    }
    let outside = matches!(stream.peer_addr(), Ok(Addr::Tcp(a)) if !a.ip().to_canonical().is_loopback());
    if outside && config.network.protected_mode && config.security.requirepass.is_empty() {
        stats();
        return Some(PROTECTED.into());
    }
    None
}

const PROTECTED: &str = "-DENIED Running in protected mode because protected mode is enabled and no password is set \
for the default user. In this mode connections are only accepted from the loopback interface. To let other hosts in, \
set a password ('requirepass'), or disable protected mode with 'CONFIG SET protected-mode no' from this machine or \
'protected-mode no' in the configuration file.\r\n";

impl<E: Env> Connection<E> {
    async fn run(&mut self) {
        let mut progress = Progress::Read { want: 1 };
        loop {
            let event = poll_fn(|cx| self.wait(cx, &progress)).await;
            let has_read = matches!(event, Event::Read(_));
            match event {
                Event::Broken => return,
                Event::Read(0) => {
                    self.finished = true;
                    // Replies to what the client sent before it closed may still be due.
                    if self.out.is_empty() || matches!(progress, Progress::Blocked | Progress::Paused { .. }) {
                        return;
                    }
                    continue;
                }
                Event::Mail => {
                    if !self.take_mail() {
                        return;
                    }
                }
                Event::Drained if matches!(progress, Progress::Close) || self.finished => return,
                Event::Deadline => self.deadline(),
                Event::Read(_) | Event::Drained => {}
            }
            if self.request_is_too_long() {
                return;
            }
            progress = self.process();
            while let Progress::Shell(request) = progress {
                let mark = self.out.mark();
                let goes_on = super::shell::perform(&self.local, request, &mut self.out, &self.session).await;
                if std::mem::take(&mut self.session.shell_is_silent) {
                    self.out.truncate(mark);
                }
                if !goes_on {
                    progress = Progress::Close;
                    break;
                }
                progress = self.process();
            }
            let own = self.session.info.journal_offset.load(Relaxed);
            self.gate = self.local.engine.shared.journal.gate(own);
            // Who exceeds a limit of its own is not a reason to evict others.
            if matches!(progress, Progress::Kill) || self.over_limit() {
                return;
            }
            if has_read {
                self.make_room(&progress);
            }
            self.room = self.room.max(self.input.capacity());
            self.mirror_input();
            self.mirror_output();
            if self.is_evicted() {
                return;
            }
        }
    }

    /// Receives what others sent; false if that ends the connection.
    fn take_mail(&mut self) -> bool {
        let written = self.out.total_written();
        if !self.local.engine.on_mail(&mut self.session, &mut self.out) {
            return false;
        }
        if self.out.total_written() > written {
            self.session.info.active_ms.store(self.local.env.mono().0 / 1_000_000, Relaxed);
        } else if self.room > self.input.len() + TRIM_BYTES {
            self.trim_input();
        }
        true
    }

    /// Gives back the room that an idle client does not use.
    fn trim_input(&mut self) {
        let idle_ms = (self.local.env.mono().0 / 1_000_000).saturating_sub(self.session.info.active_ms.load(Relaxed));
        if idle_ms > TRIM_IDLE_MS {
            self.input = if self.input.is_empty() { BytesMut::new() } else { BytesMut::from(&self.input[..]) };
            self.room = self.input.capacity();
        }
    }

    /// Runs the requests that have arrived.
    fn process(&mut self) -> Progress {
        let local = self.local.clone();
        if self.out.is_empty() {
            self.out.lend(local.take_spare());
        }
        let mut w = local.worker.borrow_mut();
        let place = std::mem::replace(&mut self.place, Place::Own);
        let progress = if place == Place::Shared {
            let mut shared = local.read.borrow_mut();
            let p = local.engine.on_bytes(&mut w, &mut self.session, &*local, &mut shared, &mut self.out);
            if !shared.is_empty() {
                self.keep(&shared, &p);
                shared.clear();
            }
            p
        } else {
            local.engine.on_bytes(&mut w, &mut self.session, &*local, &mut self.input, &mut self.out)
        };
        if self.input.is_empty() && self.room > KEEP_BYTES {
            (self.input, self.room) = (BytesMut::new(), 0);
        }
        progress
    }

    /// Makes room for what is missing of a request, of which more has just arrived.
    fn make_room(&mut self, progress: &Progress) {
        if let Progress::Read { want } = *progress
            && !self.input.is_empty()
            && self.input.capacity() - self.input.len() < want
        {
            self.input.reserve(want.max(READ_MIN_BYTES));
        }
    }

    /// Lets others know how much of requests waits to be executed.
    fn mirror_input(&self) {
        let (i, parsed) = (&self.session.info, self.session.parser.parsed_bytes());
        i.argv_bytes.store(parsed as u64, Relaxed);
        i.query_bytes.store((self.input.len() - parsed) as u64, Relaxed);
        i.query_free_bytes.store(self.room.saturating_sub(self.input.len()) as u64, Relaxed);
    }

    /// Lets others know how much waits to be sent.
    fn mirror_output(&self) {
        let i = &self.session.info;
        i.output_bytes.store(self.out.len() as u64, Relaxed);
        i.output_memory_bytes.store(self.out.memory_bytes() as u64, Relaxed);
    }

    /// Moves what is left in the worker's buffer to the connection's own, which is empty.
    fn keep(&mut self, rest: &[u8], p: &Progress) {
        let want = if let Progress::Read { want } = p { *want } else { 0 };
        self.input.reserve(rest.len() + want.max(READ_MIN_BYTES));
        self.input.extend_from_slice(rest);
    }

    /// Whether more of requests has arrived than the client may have waiting.
    fn request_is_too_long(&mut self) -> bool {
        let w = self.local.worker.borrow();
        let too_long = self.input.len() as u64 > w.config.limits.client_query_buffer_limit_bytes;
        if too_long {
            tracing::warn!("Closing client that reached max query buffer length: {}", self.session.info.addr);
            w.stats(&self.local.engine.shared).query_limit_disconnections.add(1);
        }
        drop(w);
        too_long || self.input.len() > READ_MIN_BYTES && self.is_evicted_for_input()
    }

    /// Whether what has arrived of a long request has this client evicted before it runs.
    fn is_evicted_for_input(&mut self) -> bool {
        self.mirror_input();
        self.is_evicted()
    }

    /// Has clients evicted if this one's growth makes all of them together hold more than
    /// `maxmemory-clients`; whether this one is among them.
    fn is_evicted(&mut self) -> bool {
        let Some(limit) = self.local.worker.borrow().config.clients_limit_bytes() else { return false };
        let (engine, info) = (&self.local.engine, &self.session.info);
        let bytes = info.memory_bytes();
        let growth = bytes.saturating_sub(self.weighed_bytes);
        if growth >= GROWTH_BYTES {
            self.weighed_bytes = bytes;
            if engine.shared.add_client_bytes(growth) > limit {
                engine.limit_clients(self.local.now());
            }
        } else {
            self.weighed_bytes = self.weighed_bytes.min(bytes);
        }
        info.has_flag(flag::CLOSE_ASAP)
    }

    /// Whether more replies wait than the client may have.
    fn over_limit(&mut self) -> bool {
        let w = self.local.worker.borrow();
        let stats = w.stats(&self.local.engine.shared);
        let limit = w.config.limits.client_output_buffer_limit.of(!self.session.subscriptions.is_empty());
        let used = if self.out.len() <= UNLIMITED_OUTPUT_BYTES { 0 } else { self.out.memory_bytes() as u64 };
        let mut too_long = false;
        if limit.soft_bytes > 0 && used >= limit.soft_bytes {
            let now = self.local.env.mono();
            let since = *self.soft_since.get_or_insert(now);
            too_long = now.0 - since.0 > limit.soft_s * 1_000_000_000;
        } else {
            self.soft_since = None;
        }
        let over = limit.hard_bytes > 0 && used >= limit.hard_bytes || too_long;
        if over {
            let addr = &self.session.info.addr;
            tracing::warn!("Client addr={addr} closed for overcoming of output buffer limits.");
            stats.output_limit_disconnections.add(1);
        }
        over
    }

    /// The time that `progress` waited for has come.
    fn deadline(&mut self) {
        let now = self.local.env.mono();
        self.timer = None;
        self.local.engine.on_deadline(&mut self.session, now, &mut self.out);
    }

    /// Completes when something can move this connection.
    fn wait(&mut self, cx: &mut Context, progress: &Progress) -> Poll<Event> {
        if !self.out.is_empty() {
            match self.poll_send(cx) {
                Poll::Ready(Ok(())) => {
                    if let Some(vec) = self.out.reclaim() {
                        self.local.put_spare(vec);
                    }
                    self.mirror_output();
                    if matches!(progress, Progress::Send | Progress::Close) || self.finished {
                        return Poll::Ready(Event::Drained);
                    }
                }
                Poll::Ready(Err(_)) => return Poll::Ready(Event::Broken),
                Poll::Pending => {}
            }
        } else if matches!(progress, Progress::Send | Progress::Close) {
            return Poll::Ready(Event::Drained);
        }
        if !self.session.info.mailbox.register(cx.waker()) {
            return Poll::Ready(Event::Mail);
        }
        if self.poll_deadline(cx, progress).is_ready() {
            return Poll::Ready(Event::Deadline);
        }
        if self.may_read(progress) {
            return match self.poll_read(cx) {
                Poll::Ready(Ok(n)) => Poll::Ready(Event::Read(n)),
                Poll::Ready(Err(_)) => Poll::Ready(Event::Broken),
                Poll::Pending => Poll::Pending,
            };
        }
        Poll::Pending
    }

    fn may_read(&self, progress: &Progress) -> bool {
        let limited = || self.local.worker.borrow().config.limits_replies(false);
        // More requests would only move the point that the replies at hand wait for.
        let waits = !self.out.is_empty() && self.gate > self.local.engine.shared.journal.confirmed();
        !self.finished
            && !waits
            && match progress {
                Progress::Read { .. } => self.out.len() < STOP_READING_BYTES || limited(),
                Progress::Blocked | Progress::Paused { .. } => self.input.len() < READ_AHEAD_BYTES,
                _ => false,
            }
    }

    fn poll_deadline(&mut self, cx: &mut Context, progress: &Progress) -> Poll<()> {
        let at = match progress {
            Progress::Blocked => self.session.blocked.as_ref().and_then(|b| b.deadline),
            Progress::Paused { until_ms } => Some(Mono(until_ms * 1_000_000)),
            _ => None,
        };
        // A soft output limit has to be noticed although nothing else happens.
        let soft = self.soft_since.map(|t| Mono(t.0 + 1_000_000_000));
        let Some(at) = [at, soft].into_iter().flatten().min() else {
            self.timer = None;
            return Poll::Pending;
        };
        if self.timer.as_ref().is_none_or(|(t, _)| *t != at) {
            let left = at.0.saturating_sub(self.local.env.mono().0);
            // Timers count whole milliseconds; waking early would only mean waiting again.
            let left = Duration::from_nanos(left).max(Duration::from_millis(u64::from(left > 0)));
            self.timer = Some((at, Box::pin(self.local.env.sleep(left))));
        }
        let (_, sleep) = self.timer.as_mut().expect("just set");
        sleep.as_mut().poll(cx)
    }

    fn poll_read(&mut self, cx: &mut Context) -> Poll<io::Result<usize>> {
        let n = if self.input.is_empty() {
            self.place = Place::Shared;
            let mut shared = self.local.read.borrow_mut();
            shared.clear();
            shared.reserve(READ_MIN_BYTES);
            std::task::ready!(pin!(self.stream.read_buf(&mut *shared)).poll(cx))?
        } else {
            self.place = Place::Own;
            // More room than the request needs would double a large buffer.
            if self.input.len() == self.input.capacity() {
                self.input.reserve(READ_MIN_BYTES);
            }
            std::task::ready!(pin!(self.stream.read_buf(&mut self.input)).poll(cx))?
        };
        let w = self.local.worker.borrow();
        let stats = w.stats(&self.local.engine.shared);
        stats.reads.add(1);
        stats.net_in_bytes.add(n as u64);
        count(&self.session.info.net_in_bytes, n);
        Poll::Ready(Ok(n))
    }

    /// Sends, once the journal has come as far as the replies have to wait for.
    fn poll_send(&mut self, cx: &mut Context) -> Poll<io::Result<()>> {
        let own = self.session.info.journal_offset.load(Relaxed);
        std::task::ready!(self.local.engine.shared.journal.poll_open(self.session.id(), self.gate, own, cx));
        self.poll_write(cx)
    }

    fn poll_write(&mut self, cx: &mut Context) -> Poll<io::Result<()>> {
        while self.out.has_remaining() {
            let n = if self.out.chunk().len() == self.out.remaining() {
                // One piece: the plain call is cheaper than the vectored one.
                let n = std::task::ready!(Pin::new(&mut self.stream).poll_write(cx, self.out.chunk()))?;
                self.out.advance(n);
                n
            } else {
                std::task::ready!(pin!(self.stream.write_buf(&mut self.out)).poll(cx))?
            };
            if n == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let w = self.local.worker.borrow();
            let stats = w.stats(&self.local.engine.shared);
            stats.writes.add(1);
            stats.net_out_bytes.add(n as u64);
            count(&self.session.info.net_out_bytes, n);
        }
        Poll::Ready(Ok(()))
    }
}

/// Adds to what only the connection's own task writes, so that no locked instruction is needed.
fn count(sum: &AtomicU64, n: usize) {
    sum.store(sum.load(Relaxed) + n as u64, Relaxed);
}

/// Replies an error from outside the engine.
pub fn reply_error(out: &mut Output, resp3: bool, text: String) {
    Reply::new(out, resp3).error(&Error::new(text));
}
