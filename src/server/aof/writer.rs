//! The task that writes the append-only file.
//!
//! It takes all that is in the journal at once, appends it, syncs it if the policy asks for
//! that, and says up to where replies may leave. What it could not write it keeps and tries
//! again, later and later. Under `everysec` and `no` it lets commands pile up for a moment
//! between two batches, because a batch costs the same whatever is in it.

use super::{
    output::Output,
    rewrite::{Answer, Request},
    store::Store,
};
use crate::{
    base::time::Mono,
    config::{AppendFsync, Config},
    engine::Engine,
    env::{Disk, Env, words},
    persist::aof::Manifest,
    session::journal::Batch,
};
use bytes::Bytes;
use std::{
    future::{pending, poll_fn},
    sync::{Arc, atomic::Ordering::SeqCst},
    task::{Context, Poll, Waker},
    time::Duration,
};
use tokio::sync::mpsc;

type File<E> = <<E as Env>::Disk as Disk>::File;

/// How long commands pile up unless replies wait for them.
const LINGER: Duration = Duration::from_millis(2);
/// Time between two syncs under `everysec`, and until an idle file is vouched for.
const SECOND_NS: u64 = 1_000_000_000;
/// The same under `no`. The operating system would write after as long by itself; this way the
/// file says how far it was durable, without which rot cannot be told from a torn tail.
const UNASKED_NS: u64 = 30 * SECOND_NS;
/// Until a failed write is tried again: the first time, and at most.
const RETRY_MS: (u64, u64) = (10, 1000);
/// How far commands may be ahead of the file when replies do not wait for a sync.
const SLACK_BYTES: u64 = 64 << 20;
/// A buffer larger than this is not used again.
const KEEP_BYTES: usize = 4 << 20;
/// Seconds between two lines in the log about a failure that lasts.
const LOG_EVERY_NS: u64 = 30 * SECOND_NS;

/// Commands taken from the journal, not all of them written yet.
struct Held {
    text: Bytes,
    done: usize,
    end: u64,
    ends_at_mark: bool,
    stamp_s: Option<u64>,
}

/// What the file can be relied on for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// What is synced is durable.
    Full,
    /// There is no base yet: nothing is promised, so replies need not wait.
    None,
    /// A sync has failed: replies wait for a new base.
    Lost,
}

/// See the module.
pub struct Writer<E: Env> {
    env: E,
    pub(super) engine: Arc<Engine>,
    pub(super) store: Store<E::Disk>,
    pub(super) manifest: Manifest,
    /// The file that is written to; none while the append-only file is off.
    pub(super) out: Option<Output<File<E>>>,
    /// The file to go on with from the next mark on.
    pub(super) next: Option<Output<File<E>>>,
    pub(super) trust: Trust,
    /// Between the beginning of a rewrite and its end.
    pub(super) rewriting: bool,
    held: Option<Held>,
    /// The old file is complete but for its last line.
    closing: bool,
    spare: Vec<u8>,
    /// Offset of the journal behind what is in the file.
    written: u64,
    last_sync: Mono,
    last_stamp_s: u64,
    /// Since how many attempts nothing could be written, and when to try again.
    failures: u32,
    retry_at: Mono,
    last_log: Option<Mono>,
}

impl<E: Env> Writer<E> {
    /// A writer that goes on with `out`, the last file of the manifest, if there is one.
    pub fn new(
        env: E,
        engine: Arc<Engine>,
        store: Store<E::Disk>,
        manifest: Manifest,
        out: Option<Output<File<E>>>,
    ) -> Writer<E> {
        let (now, written) = (env.mono(), engine.shared.journal.end());
        Writer {
            env,
            engine,
            store,
            manifest,
            out,
            next: None,
            trust: Trust::Full,
            rewriting: false,
            held: None,
            closing: false,
            spare: Vec::new(),
            written,
            last_sync: now,
            last_stamp_s: 0,
            failures: 0,
            retry_at: now,
            last_log: None,
        }
    }

    /// Runs until nobody can ask for anything any more.
    pub async fn run(mut self, mut requests: mpsc::UnboundedReceiver<Request>) {
        let engine = self.engine.clone();
        self.confirm();
        loop {
            let due = self.due().map(|at| self.env.sleep(Duration::from_nanos(at)));
            let (may_take, spare) = (self.held.is_none() && self.out.is_some(), &mut self.spare);
            tokio::select! {
                biased;
                request = requests.recv() => match request {
                    Some(request) => self.answer(request).await,
                    None => return,
                },
                batch = poll_fn(|cx| engine.shared.journal.poll_take(spare, cx)), if may_take => self.hold(batch),
                () = async { match due { Some(sleep) => sleep.await, None => pending().await } } => {}
            }
            self.work().await;
            if self.policy() != AppendFsync::Always && self.held.is_none() && self.out.is_some() {
                self.env.sleep(LINGER).await;
            }
        }
    }

    pub(super) fn config(&self) -> Arc<Config> {
        self.engine.shared.config.get()
    }

    fn policy(&self) -> AppendFsync {
        self.config().persistence.appendfsync
    }

    pub(super) fn random(&self) -> u64 {
        self.env.rand_u64()
    }

    /// How many nanoseconds from now there is something to do without being asked.
    fn due(&self) -> Option<u64> {
        let out = self.out.as_ref()?;
        let now = self.env.mono().0;
        // What failed may have been done meanwhile on somebody's request: then nothing is left to do
        // but to say that writes are accepted again.
        if self.held.is_some() || self.closing || self.failures > 0 {
            return Some(self.retry_at.0.saturating_sub(now));
        }
        let waits = out.is_dirty() || out.wants_vouching();
        waits.then(|| (self.last_sync.0 + self.sync_every_ns()).saturating_sub(now))
    }

    fn sync_every_ns(&self) -> u64 {
        if self.policy() == AppendFsync::Never { UNASKED_NS } else { SECOND_NS }
    }

    fn hold(&mut self, batch: Batch) {
        let now_s = self.env.wall().0 / 1000;
        let stamped = self.config().persistence.aof_timestamp_enabled && now_s > self.last_stamp_s;
        if stamped {
            self.last_stamp_s = now_s;
        }
        let (end, ends_at_mark) = (batch.end(), batch.ends_at_mark);
        self.held =
            Some(Held { text: batch.text.into(), done: 0, end, ends_at_mark, stamp_s: stamped.then_some(now_s) });
    }

    /// Writes what is held, syncs what is due.
    async fn work(&mut self) {
        if self.env.mono() < self.retry_at {
            return;
        }
        if self.write().await.is_err() {
            return;
        }
        let late = self.env.mono().0 >= self.last_sync.0 + self.sync_every_ns();
        let due = match self.policy() {
            // What could not be written for a while is late already.
            AppendFsync::Always | AppendFsync::EverySecond if self.failures > 0 => true,
            AppendFsync::Always => late || self.out.as_ref().is_some_and(Output::is_dirty),
            _ => late,
        };
        if due && !(self.rewriting && self.config().persistence.no_appendfsync_on_rewrite) {
            self.sync().await;
        }
        self.recovered();
        self.confirm();
    }

    /// Writes what is held, and goes on to the next file where that ends at a mark.
    pub(super) async fn write(&mut self) -> Result<(), String> {
        // What is held may lie behind the mark.
        if self.closing {
            self.close().await?;
        }
        if let (Some(held), Some(out)) = (&mut self.held, &mut self.out) {
            let wait_us = self.engine.shared.debug.aof_flush_sleep_us.load(SeqCst);
            if wait_us > 0 {
                self.env.sleep(Duration::from_micros(wait_us)).await;
            }
            let before = out.size();
            let appended = out.append(&held.text, &mut held.done, held.stamp_s).await;
            let grown = out.size() - before;
            self.engine.shared.aof.current_bytes.fetch_add(grown, SeqCst);
            if let Err(e) = appended {
                return Err(self.failed(&words(&e)));
            }
            let held = self.held.take().expect("it was looked at");
            self.written = held.end;
            self.closing |= held.ends_at_mark && self.next.is_some();
            self.reuse(held.text);
        }
        if self.closing {
            self.close().await?;
        }
        Ok(())
    }

    fn reuse(&mut self, text: Bytes) {
        if let Ok(text) = text.try_into_mut()
            && text.capacity() <= KEEP_BYTES
        {
            self.spare = text.into();
        }
    }

    /// Ends the old file and goes on in the next.
    async fn close(&mut self) -> Result<(), String> {
        // The last line says that all before it is durable: nothing in this file will say so later.
        self.sync().await;
        let out = self.out.as_mut().expect("there is a file");
        let ended = out.end().await;
        // A file that is not trusted is about to be replaced: its end may be missing, and nothing
        // in the next is promised until then.
        if self.trust != Trust::Lost {
            if let Err(e) = ended {
                return Err(self.failed(&words(&e)));
            }
            self.sync().await;
        }
        self.out = self.next.take();
        self.closing = false;
        Ok(())
    }

    /// Syncs the file, if it is worth it, and vouches for what that made durable if nothing
    /// else is about to.
    pub(super) async fn sync(&mut self) {
        let Some(out) = &mut self.out else { return };
        if self.trust == Trust::Lost {
            return;
        }
        if out.is_dirty() {
            let status = &self.engine.shared.aof;
            status.syncing.store(true, SeqCst);
            let synced = out.sync().await;
            status.syncing.store(false, SeqCst);
            self.last_sync = self.env.mono();
            match synced {
                Ok(()) => status.synced.store(self.written, SeqCst),
                Err(e) => self.mistrust(&words(&e)).await,
            }
        } else if out.wants_vouching() && self.held.is_none() {
            self.last_sync = self.env.mono();
            // If it cannot be written now, the next batch's line says the same.
            let _ = out.vouch().await;
        }
    }

    /// A sync failed in a former process: nothing is promised, nor vouched for, before a rewrite.
    pub(super) async fn inherit_mistrust(&mut self) {
        self.out.iter_mut().for_each(|out| out.promise(0));
        self.mistrust("a sync failed before the server was started again").await;
    }

    /// A sync has failed: see the head of [`super`].
    pub(super) async fn mistrust(&mut self, why: &str) {
        tracing::warn!("Fail to fsync the AOF file: {why}. It is not trusted any more and will be rewritten");
        self.trust = Trust::Lost;
        self.engine.shared.aof.set_error(Some(why));
        self.engine.shared.aof.set_wants_rewrite(true);
        self.engine.shared.journal.set_failing(true);
        if let Err(e) = self.store.leave_mistrust().await {
            tracing::warn!("Can't leave word of it: {}", words(&e));
        }
    }

    fn failed(&mut self, why: &str) -> String {
        let now = self.env.mono();
        if self.last_log.is_none_or(|at| now.0 - at.0 >= LOG_EVERY_NS) {
            tracing::warn!("Error writing to the AOF file: {why}");
            self.last_log = Some(now);
        }
        self.engine.shared.aof.set_error(Some(why));
        self.engine.shared.journal.set_failing(true);
        let wait_ms = RETRY_MS.1.min(RETRY_MS.0 << self.failures.min(10));
        self.retry_at = Mono(now.0 + wait_ms * 1_000_000);
        self.failures += 1;
        why.into()
    }

    pub(super) fn recovered(&mut self) {
        if self.failures > 0 {
            tracing::info!("AOF write error looks solved. The server can write again.");
            (self.failures, self.last_log) = (0, None);
        }
        if self.trust != Trust::Lost && self.engine.shared.aof.is_failing() {
            self.engine.shared.aof.set_error(None);
            self.engine.shared.journal.set_failing(false);
        }
    }

    /// Says up to where replies may leave.
    pub(super) fn confirm(&mut self) {
        let shared = &self.engine.shared;
        shared.aof.written.store(self.written, SeqCst);
        let clean = self.out.as_ref().is_none_or(|out| !out.is_dirty());
        let upto = match (self.trust, self.policy()) {
            (Trust::None, _) => u64::MAX,
            (Trust::Lost, AppendFsync::Always) => return,
            (Trust::Full, AppendFsync::Always) if !clean => return,
            (Trust::Full, AppendFsync::Always) => self.written,
            (_, _) => self.written + SLACK_BYTES,
        };
        if shared.journal.is_on() && upto != shared.journal.confirmed() {
            shared.journal.confirm(upto);
        }
    }

    /// Writes everything that is in the journal.
    pub(super) async fn drain(&mut self) -> Result<(), String> {
        self.write().await?;
        let mut cx = Context::from_waker(Waker::noop());
        while self.out.is_some() {
            let engine = self.engine.clone();
            let Poll::Ready(batch) = engine.shared.journal.poll_take(&mut self.spare, &mut cx) else { break };
            self.hold(batch);
            self.write().await?;
        }
        Ok(())
    }

    /// Gives up what could not be written, with all that is known about failures.
    pub(super) fn forget(&mut self) {
        (self.held, self.closing, self.trust, self.failures) = (None, false, Trust::Full, 0);
        self.engine.shared.aof.set_wants_rewrite(false);
        self.recovered();
    }

    /// Carries out a request.
    async fn answer(&mut self, request: Request) {
        let (answer, result): (Answer, _) = match request {
            Request::Begin(answer) => (answer, self.begin_rewrite().await),
            Request::Finish { temp, rdb, answer } => (answer, self.finish_rewrite(&temp, rdb).await),
            Request::Abort(answer) => (answer, self.abort_rewrite().await),
            Request::Flush(answer) => (answer, self.flush().await),
            Request::Stop(answer) => (answer, self.stop().await),
            Request::Tidy(answer) => (answer, self.tidy().await),
        };
        // Who asked may be gone.
        let _ = answer.send(result);
    }
}
