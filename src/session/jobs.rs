//! What the server's saving task is asked to do, what it is doing, and how it went.
//!
//! There is one task and it does one job at a time: a snapshot into the RDB file, or a
//! rewrite of the append-only file. Commands and timers ask ([`Jobs::start`],
//! [`Jobs::schedule`]); whoever wants to wait for the end has a ticket.

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
    ticket: u64,
}

#[derive(Default)]
struct State {
    /// Asked for and not begun, with their tickets, in order.
    queue: VecDeque<(Job, u64)>,
    running: Option<Running>,
    cancelled: bool,
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
    fn add(&mut self, job: Job) -> u64 {
        if let Some((_, ticket)) = self.queue.iter().find(|(j, _)| *j == job) {
            return *ticket;
        }
        self.tickets += 1;
        self.queue.push_back((job, self.tickets));
        if let Some(w) = self.task.take() {
            w.wake();
        }
        self.tickets
    }
}

impl Jobs {
    /// Asks for a job that is to begin at once; its ticket.
    ///
    /// # Errors
    /// With the job that is being done, or is about to be.
    pub fn start(&self, job: Job) -> Result<u64, Job> {
        let mut s = self.0.lock();
        match s.running.map(|r| r.job).or(s.queue.front().map(|q| q.0)) {
            Some(busy) => Err(busy),
            None => Ok(s.add(job)),
        }
    }

    /// Asks for a job that is to begin when there is nothing else to do; its ticket.
    pub fn schedule(&self, job: Job) -> u64 {
        self.0.lock().add(job)
    }

    /// What is being done.
    pub fn running(&self) -> Option<Running> {
        self.0.lock().running
    }

    /// Whether a job was asked for and waits for the end of another.
    pub fn is_scheduled(&self, job: Job) -> bool {
        let s = self.0.lock();
        s.queue.iter().skip(usize::from(s.running.is_none())).any(|(j, _)| *j == job)
    }

    /// Whether a job is being done, or begins at once.
    pub fn is_under_way(&self, job: Job) -> bool {
        let s = self.0.lock();
        s.running.map(|r| r.job).or(s.queue.front().map(|q| q.0)) == Some(job)
    }

    /// Whether a job is being done or about to be.
    pub fn is_busy(&self) -> bool {
        let s = self.0.lock();
        s.running.is_some() || !s.queue.is_empty()
    }

    /// Gives a job up: `Some(true)` if it was being done, `Some(false)` if it had yet to begin.
    pub fn cancel(&self, job: Job) -> Option<bool> {
        let mut s = self.0.lock();
        if s.running.is_some_and(|r| r.job == job) {
            s.cancelled = true;
            return Some(true);
        }
        let at = s.queue.iter().position(|(j, _)| *j == job)?;
        let (_, ticket) = s.queue.remove(at)?;
        s.ended.push_back((ticket, false));
        s.waiting.drain(..).for_each(Waker::wake);
        Some(false)
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
        let Some((job, ticket)) = s.queue.pop_front() else {
            s.task = Some(cx.waker().clone());
            return Poll::Pending;
        };
        s.running = Some(Running { job, since: now, keys_total: 0, keys_done: 0, ticket });
        s.records[job as usize].last_try = now;
        s.cancelled = false;
        Poll::Ready(job)
    }

    /// For the task: how far the job has come.
    pub fn progress(&self, keys_total: u64, keys_done: u64) {
        if let Some(r) = &mut self.0.lock().running {
            (r.keys_total, r.keys_done) = (keys_total, keys_done);
        }
    }

    /// For the task: the job has ended; one given up on request does not count as a failure.
    pub fn end(&self, ok: bool, now: Mono) {
        let mut s = self.0.lock();
        let Some(r) = s.running.take() else { return };
        let cancelled = std::mem::take(&mut s.cancelled);
        let record = &mut s.records[r.job as usize];
        if ok || !cancelled {
            record.ok = ok;
            record.failed_in_a_row = if ok { 0 } else { record.failed_in_a_row + 1 };
            record.took_s = Some(now.0.saturating_sub(r.since.0) / 1_000_000_000);
        }
        record.count += u64::from(ok);
        s.ended.push_back((r.ticket, ok));
        if s.ended.len() > REMEMBERED {
            s.ended.pop_front();
        }
        s.waiting.drain(..).for_each(Waker::wake);
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
        jobs.schedule(Job::Save);
        assert!(jobs.poll_next(Mono(0), &mut cx()).is_ready());
        assert_eq!(jobs.cancel(Job::Save), Some(true));
        assert!(jobs.is_cancelled());
        jobs.end(false, Mono(1));
        let record = jobs.record(Job::Save);
        assert_eq!((record.ok, record.failed_in_a_row), (true, 0));
    }
}
