//! What the server's saving task is asked to do, what it is doing, and how it went.
//!
//! There is one task and it does one job at a time: a snapshot into the RDB file, or a
//! rewrite of the append-only file. Commands and timers ask for one that begins at once
//! ([`Jobs::start`]), for one that begins when there is nothing else to do ([`Jobs::schedule`]), or
//! wait for one ([`Jobs::demand`]) with the ticket they are given. A job that was to begin at once
//! counts as begun, although the task may not have come to it yet.

use crate::{base::sync::Mutex, base::time::Mono};
use std::{
    collections::VecDeque,
    task::{Context, Poll, Waker},
};

/// What can be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Job {
    /// A snapshot into the RDB file.
    Save,
    /// A rewrite of the append-only file.
    Rewrite,
}

/// How the jobs of one kind went.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// The last one succeeded, or there was none.
    pub ok: bool,
    /// Seconds the last one took; `None` before the first.
    pub took_s: Option<u64>,
    /// How many succeeded.
    pub count: u64,
    /// How many have failed since the last that succeeded.
    pub failed_in_a_row: u64,
    /// When the last one began, monotonic.
    pub last_try: Mono,
}

impl Default for Record {
    fn default() -> Record {
        Record { ok: true, took_s: None, count: 0, failed_in_a_row: 0, last_try: Mono(0) }
    }
}

/// A job that is being done.
#[derive(Clone, Copy, Debug)]
pub struct Running {
    pub job: Job,
    pub since: Mono,
    /// Keys there were when it began, and that have been written.
    pub keys_total: u64,
    pub keys_done: u64,
    asked: Asked,
}

/// A job that was asked for.
#[derive(Clone, Copy, Debug)]
struct Asked {
    job: Job,
    ticket: u64,
    /// It is to begin at once.
    begun: bool,
    /// Somebody waits for it, and is told if it fails: nobody else need know.
    awaited: bool,
}

#[derive(Default)]
struct State {
    /// Not taken up by the task yet, in order, each kind once.
    queue: VecDeque<Asked>,
    running: Option<Running>,
    cancelled: bool,
    /// None is to begin for now.
    held: bool,
    /// The last ticket given.
    tickets: u64,
    /// How the last jobs ended, by ticket.
    ended: VecDeque<(u64, bool)>,
    records: [Record; 2],
    task: Option<Waker>,
    waiting: Vec<Waker>,
}

/// Ends of jobs that are remembered for those who wait.
const REMEMBERED: usize = 64;

/// See the module.
#[derive(Default)]
pub struct Jobs(Mutex<State>);

impl State {
    fn add(&mut self, job: Job, begun: bool, awaited: bool) -> u64 {
        if let Some(asked) = self.queue.iter_mut().find(|a| a.job == job) {
            asked.begun |= begun;
            asked.awaited |= awaited;
            return asked.ticket;
        }
        self.tickets += 1;
        self.queue.push_back(Asked { job, ticket: self.tickets, begun, awaited });
        if let Some(w) = self.task.take() {
            w.wake();
        }
        self.tickets
    }

    /// The job that has begun, if any.
    fn begun(&self) -> Option<Asked> {
        self.running.map(|r| r.asked).or_else(|| self.queue.iter().find(|a| a.begun).copied())
    }

    fn end(&mut self, ticket: u64, ok: bool) {
        self.ended.push_back((ticket, ok));
        if self.ended.len() > REMEMBERED {
            self.ended.pop_front();
        }
        self.waiting.drain(..).for_each(Waker::wake);
    }
}

impl Jobs {
    /// Asks for a job that is to begin at once; its ticket.
    ///
    /// # Errors
    /// With the job that has begun already.
    pub fn start(&self, job: Job) -> Result<u64, Job> {
        let mut s = self.0.lock();
        match s.begun() {
            Some(busy) => Err(busy.job),
            None => Ok(s.add(job, true, false)),
        }
    }

    /// Asks for a job that is to begin when there is nothing else to do; its ticket.
    pub fn schedule(&self, job: Job) -> u64 {
        self.0.lock().add(job, false, false)
    }

    /// Asks for a job on behalf of somebody who waits for its end; its ticket. It does not count
    /// as a failure in the background.
    pub fn demand(&self, job: Job) -> u64 {
        self.0.lock().add(job, true, true)
    }

    /// Which job has begun.
    pub fn begun(&self) -> Option<Job> {
        self.0.lock().begun().map(|a| a.job)
    }

    /// What the task is at.
    pub fn running(&self) -> Option<Running> {
        self.0.lock().running
    }

    /// Whether a job was asked for and waits for the end of another.
    pub fn is_scheduled(&self, job: Job) -> bool {
        let s = self.0.lock();
        s.queue.iter().skip(usize::from(s.running.is_none())).any(|a| a.job == job)
    }

    /// Whether a job is being done, or begins at once.
    pub fn is_under_way(&self, job: Job) -> bool {
        let s = self.0.lock();
        s.running.map(|r| r.job).or(s.queue.front().map(|a| a.job)) == Some(job)
    }

    /// Whether a job is being done or about to be.
    pub fn is_busy(&self) -> bool {
        let s = self.0.lock();
        s.running.is_some() || !s.queue.is_empty()
    }

    /// Gives a job up: `Some(true)` if it had begun, `Some(false)` if not.
    pub fn cancel(&self, job: Job) -> Option<bool> {
        let mut s = self.0.lock();
        if s.running.is_some_and(|r| r.job == job) {
            s.cancelled = true;
            return Some(true);
        }
        let at = s.queue.iter().position(|a| a.job == job)?;
        let asked = s.queue.remove(at)?;
        s.end(asked.ticket, false);
        Some(asked.begun)
    }

    /// Gives a job up that has begun, unless somebody waits for it.
    pub fn abandon(&self, job: Job) {
        if self.0.lock().begun().is_some_and(|a| a.job == job && !a.awaited) {
            self.cancel(job);
        }
    }

    /// Whether the job that is being done is to be given up.
    pub fn is_cancelled(&self) -> bool {
        self.0.lock().cancelled
    }

    /// Whether the job with this ticket has ended, and how.
    pub fn poll_end(&self, ticket: u64, cx: &mut Context) -> Poll<bool> {
        let mut s = self.0.lock();
        match s.ended.iter().find(|(t, _)| *t == ticket) {
            Some((_, ok)) => Poll::Ready(*ok),
            None => {
                s.waiting.push(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// For the task: the next job to do.
    pub fn poll_next(&self, now: Mono, cx: &mut Context) -> Poll<Job> {
        let mut s = self.0.lock();
        let next = if s.held { None } else { s.queue.pop_front() };
        let Some(asked) = next else {
            s.task = Some(cx.waker().clone());
            return Poll::Pending;
        };
        s.running = Some(Running { job: asked.job, since: now, keys_total: 0, keys_done: 0, asked });
        s.records[asked.job as usize].last_try = now;
        s.cancelled = false;
        Poll::Ready(asked.job)
    }

    /// Lets no job begin, or lets them begin again.
    pub fn hold(&self, held: bool) {
        let mut s = self.0.lock();
        s.held = held;
        s.task.take_if(|_| !held).into_iter().for_each(Waker::wake);
    }

    /// Ready when the task is at nothing.
    pub fn poll_rest(&self, cx: &mut Context) -> Poll<()> {
        let mut s = self.0.lock();
        if s.running.is_none() {
            return Poll::Ready(());
        }
        s.waiting.push(cx.waker().clone());
        Poll::Pending
    }

    /// Ready when no job that was given up is being done any more.
    pub fn poll_given_up(&self, cx: &mut Context) -> Poll<()> {
        let mut s = self.0.lock();
        if !s.cancelled {
            return Poll::Ready(());
        }
        s.waiting.push(cx.waker().clone());
        Poll::Pending
    }

    /// For the task: how far the job has come.
    pub fn progress(&self, keys_total: u64, keys_done: u64) {
        if let Some(r) = &mut self.0.lock().running {
            (r.keys_total, r.keys_done) = (keys_total, keys_done);
        }
    }

    /// For the task: the job has ended. One given up on request does not count as a failure, nor
    /// does one that somebody waits for.
    pub fn end(&self, ok: bool, now: Mono) {
        let mut s = self.0.lock();
        let Some(r) = s.running.take() else { return };
        let cancelled = std::mem::take(&mut s.cancelled);
        let record = &mut s.records[r.job as usize];
        if ok || !cancelled && !r.asked.awaited {
            record.ok = ok;
            record.failed_in_a_row = if ok { 0 } else { record.failed_in_a_row + 1 };
        }
        if !r.asked.awaited && (ok || !cancelled) {
            record.took_s = Some(now.0.saturating_sub(r.since.0) / 1_000_000_000);
        }
        record.count += u64::from(ok);
        s.end(r.asked.ticket, ok);
    }

    /// How the jobs of one kind went.
    pub fn record(&self, job: Job) -> Record {
        self.0.lock().records[job as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cx() -> Context<'static> {
        Context::from_waker(Waker::noop())
    }

    #[test]
    fn one_job_at_a_time_and_its_end_is_told() {
        let jobs = Jobs::default();
        let ticket = jobs.start(Job::Save).unwrap();
        assert_eq!(jobs.start(Job::Save), Err(Job::Save));
        assert_eq!(jobs.poll_next(Mono(5), &mut cx()), Poll::Ready(Job::Save));
        assert_eq!(jobs.start(Job::Rewrite), Err(Job::Save));
        let later = jobs.schedule(Job::Rewrite);
        assert_eq!(jobs.schedule(Job::Rewrite), later, "once is enough");
        assert_eq!(jobs.poll_end(ticket, &mut cx()), Poll::Pending);
        jobs.end(true, Mono(3_000_000_005));
        assert_eq!(jobs.poll_end(ticket, &mut cx()), Poll::Ready(true));
        let record = jobs.record(Job::Save);
        assert_eq!((record.ok, record.took_s, record.count), (true, Some(3), 1));
        assert_eq!(jobs.poll_next(Mono(9), &mut cx()), Poll::Ready(Job::Rewrite));
        jobs.end(false, Mono(9));
        assert!(!jobs.record(Job::Rewrite).ok);
        assert_eq!(jobs.record(Job::Rewrite).failed_in_a_row, 1);
        assert_eq!(jobs.poll_end(later, &mut cx()), Poll::Ready(false));
    }

    #[test]
    fn what_was_given_up_has_not_failed() {
        let jobs = Jobs::default();
        assert_eq!(jobs.cancel(Job::Save), None);
        jobs.schedule(Job::Save);
        assert_eq!(jobs.cancel(Job::Save), Some(false));
        assert!(!jobs.is_busy());
        jobs.start(Job::Save).unwrap();
        assert_eq!(jobs.cancel(Job::Save), Some(true), "although the task has not come to it");
        assert!(!jobs.is_busy());
        jobs.schedule(Job::Save);
        assert!(jobs.poll_next(Mono(0), &mut cx()).is_ready());
        assert_eq!(jobs.cancel(Job::Save), Some(true));
        assert!(jobs.is_cancelled());
        jobs.end(false, Mono(1));
        let record = jobs.record(Job::Save);
        assert_eq!((record.ok, record.failed_in_a_row), (true, 0));
    }

    #[test]
    fn a_job_that_was_scheduled_has_not_begun() {
        let jobs = Jobs::default();
        let ticket = jobs.schedule(Job::Save);
        assert_eq!(jobs.begun(), None);
        assert_eq!(jobs.start(Job::Save), Ok(ticket), "it begins earlier than it was to");
        assert_eq!(jobs.begun(), Some(Job::Save));
        assert_eq!(jobs.cancel(Job::Save), Some(true));
    }

    #[test]
    fn what_is_held_begins_later() {
        let jobs = Jobs::default();
        jobs.hold(true);
        jobs.schedule(Job::Rewrite);
        assert!(jobs.poll_next(Mono(0), &mut cx()).is_pending());
        assert!(jobs.is_busy());
        assert!(jobs.poll_rest(&mut cx()).is_ready());
        jobs.hold(false);
        assert_eq!(jobs.poll_next(Mono(0), &mut cx()), Poll::Ready(Job::Rewrite));
    }

    #[test]
    fn who_waits_for_a_job_is_the_only_one_to_know_of_its_failure() {
        let jobs = Jobs::default();
        let ticket = jobs.demand(Job::Save);
        jobs.abandon(Job::Save);
        assert!(jobs.poll_rest(&mut cx()).is_ready());
        assert!(jobs.poll_next(Mono(0), &mut cx()).is_ready());
        assert!(jobs.poll_rest(&mut cx()).is_pending());
        jobs.abandon(Job::Save);
        assert!(!jobs.is_cancelled());
        jobs.end(false, Mono(7_000_000_000));
        assert_eq!(jobs.poll_end(ticket, &mut cx()), Poll::Ready(false));
        let record = jobs.record(Job::Save);
        assert_eq!((record.ok, record.took_s), (true, None));
        jobs.start(Job::Save).unwrap();
        assert!(jobs.poll_next(Mono(0), &mut cx()).is_ready());
        jobs.abandon(Job::Save);
        assert!(jobs.is_cancelled());
        jobs.end(false, Mono(1));
        assert!(jobs.record(Job::Save).ok);
    }
}
