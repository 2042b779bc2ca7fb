//! What is written down about an executed command: counters, and the logs of what stands
//! out.
//!
//! Every command pays for its counters and three comparisons with thresholds that the
//! worker keeps ready; only a command that crosses one pays for more.

use super::{Engine, Worker, monitor::is_secret};
use crate::{
    base::{clock::Clock, time::Now},
    commands::{row::Flags, table::Command},
    config::Config,
    session::{
        Args,
        clients::ClientInfo,
        commandlog::{Entry, Kind, trimmed},
        latency::Sample,
    },
};
use std::sync::atomic::Ordering::Relaxed;

/// From where on a command is worth a closer look.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thresholds {
    /// The shorter of the slow log's and the latency monitor's.
    time_ns: u64,
    request_bytes: u64,
    reply_bytes: u64,
    histograms: bool,
}

impl Thresholds {
    pub(super) fn new(c: &Config) -> Thresholds {
        let m = &c.monitoring;
        let of = |limit: i64, max_len: u64| match u64::try_from(limit) {
            Ok(limit) if max_len > 0 => limit,
            _ => u64::MAX,
        };
        let slow_us = of(m.commandlog_execution_slower_than_us, m.commandlog_slow_execution_max_len);
        let latency_ms = if m.latency_monitor_threshold_ms == 0 { u64::MAX } else { m.latency_monitor_threshold_ms };
        Thresholds {
            time_ns: slow_us.saturating_mul(1000).min(latency_ms.saturating_mul(1_000_000)),
            request_bytes: of(m.commandlog_request_larger_than_bytes, m.commandlog_large_request_max_len),
            reply_bytes: of(m.commandlog_reply_larger_than_bytes, m.commandlog_large_reply_max_len),
            histograms: m.latency_tracking,
        }
    }
}

impl Engine {
    /// Counts a command that took `ns` until now, and remembers it if it stands out.
    /// `reply_bytes` is what it wrote.
    #[inline(always)]
    pub(super) fn record(
        &self,
        w: &mut Worker,
        client: &ClientInfo,
        command: &Command,
        args: &Args,
        (ns, ended): (u64, &Now),
        reply_bytes: u64,
    ) {
        if command.row.flags.has(Flags::ADMIN) {
            // What is to be remembered is as CONFIG SET has just left it, its own call included.
            w.refresh(&self.shared);
        }
        let counters = w.stats(&self.shared);
        counters.commands.add(1);
        if w.changes.hits | w.changes.misses > 0 {
            counters.keyspace_hits.add(std::mem::take(&mut w.changes.hits));
            counters.keyspace_misses.add(std::mem::take(&mut w.changes.misses));
        }
        let t = &w.thresholds;
        let stats = &counters.per_command[command.id as usize];
        stats.called(ns);
        if t.histograms {
            w.histograms[command.id as usize].get_or_insert_with(|| stats.histogram()).record(ns);
        }
        // Only the one who runs a client's command writes here.
        client.commands.store(client.commands.load(Relaxed) + 1, Relaxed);
        let request_bytes = args.wire_bytes() as u64;
        if ns >= t.time_ns || request_bytes >= t.request_bytes || reply_bytes >= t.reply_bytes {
            self.remember(w, client, command, args, *ended, [ns / 1000, request_bytes, reply_bytes]);
        }
    }

    /// Enters a command in the logs whose thresholds it crossed. `values` are its
    /// microseconds, its size and its reply's size.
    #[cold]
    fn remember(&self, w: &Worker, client: &ClientInfo, command: &Command, args: &Args, now: Now, values: [u64; 3]) {
        let m = &w.config.monitoring;
        let event = if command.row.flags.has(Flags::FAST) { "fast-command" } else { "command" };
        self.note_latency(w, event, now, values[0] / 1000);
        if command.row.flags.has(Flags::SKIP_SLOWLOG) {
            return;
        }
        let logs = [
            (Kind::Slow, m.commandlog_execution_slower_than_us, m.commandlog_slow_execution_max_len),
            (Kind::LargeRequest, m.commandlog_request_larger_than_bytes, m.commandlog_large_request_max_len),
            (Kind::LargeReply, m.commandlog_reply_larger_than_bytes, m.commandlog_large_reply_max_len),
        ];
        for ((kind, threshold, max_len), value) in logs.into_iter().zip(values) {
            if max_len == 0 || u64::try_from(threshold).is_ok_and(|t| value < t) || threshold < 0 {
                continue;
            }
            let entry = Entry {
                id: 0,
                time_s: now.wall.0 / 1000,
                value,
                args: trimmed(args.from(0), |i| is_secret(command, *args, i)),
                addr: client.addr.clone(),
                client_name: client.names.lock().name.clone(),
            };
            self.shared.command_logs.push(kind, entry, max_len);
        }
    }

    /// Tells the latency monitor about an event, if it took long enough.
    pub(super) fn note_latency(&self, w: &Worker, event: &'static str, now: Now, latency_ms: u64) {
        let threshold_ms = w.config.monitoring.latency_monitor_threshold_ms;
        if threshold_ms > 0 && latency_ms >= threshold_ms {
            self.shared.latency.add(event, Sample { time_s: now.wall.0 / 1000, latency_ms });
        }
    }

    /// When an event begins, if the latency monitor wants to know.
    pub(super) fn begin_event(&self, w: &Worker, clock: &dyn Clock) -> Option<Now> {
        (w.config.monitoring.latency_monitor_threshold_ms > 0).then(|| clock.now())
    }

    /// Tells the latency monitor that an event has ended.
    pub(super) fn end_event(&self, w: &Worker, event: &'static str, began: Option<Now>, clock: &dyn Clock) {
        if let Some(began) = began {
            let now = clock.now();
            self.note_latency(w, event, now, now.mono.0.saturating_sub(began.mono.0) / 1_000_000);
        }
    }
}
