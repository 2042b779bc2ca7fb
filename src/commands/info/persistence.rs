//! The section about snapshots and the append-only file.

use super::{facts::Facts, text::Text};
use crate::{
    base::time::Mono,
    session::jobs::{Job, Record},
};
use std::sync::atomic::Ordering::Relaxed;

pub fn persistence(f: &Facts, t: &mut Text) {
    let jobs = &f.shared.jobs;
    let (running, save, rewrite) = (jobs.running(), jobs.record(Job::Save), jobs.record(Job::Rewrite));
    let is = |job| running.filter(|r| r.job == job);
    let seconds = |since: Mono| f.now.mono.0.saturating_sub(since.0) as i64 / 1_000_000_000;
    let current = |job| is(job).map_or(-1, |r| seconds(r.since));
    let took = |r: &Record| r.took_s.map_or(-1, |s| s as i64);
    let word = |ok| if ok { "ok" } else { "err" };
    let (total, done) = match running.map_or((0, 0), |r| (r.keys_total, r.keys_done)) {
        // It is about to count them.
        (0, _) if jobs.begun().is_some() => (f.databases.iter().map(|d| d.keys).sum(), 0),
        counted => counted,
    };
    let (kept, peak) = (f.shared.saving.kept_bytes(), f.shared.saving.kept_peak_bytes());
    let loading = &f.shared.loading;
    let (keys_loaded, keys_expired) = loading.keys();
    t.put("loading", u8::from(loading.is_on()));
    t.put("async_loading", 0);
    // What a fork would copy is here what snapshots keep of values that change meanwhile.
    t.put("current_cow_peak", if running.is_some() { peak } else { 0 });
    t.put("current_cow_size", kept);
    t.put("current_cow_size_age", 0);
    t.put("current_fork_perc", format_args!("{:.2}", if total > 0 { done as f64 * 100.0 / total as f64 } else { 0.0 }));
    t.put("current_save_keys_processed", done);
    t.put("current_save_keys_total", total);
    t.put("rdb_changes_since_last_save", f.shared.dirty());
    t.put("rdb_bgsave_in_progress", u8::from(jobs.is_under_way(Job::Save)));
    t.put("rdb_last_save_time", f.shared.last_save_s.load(Relaxed));
    t.put("rdb_last_bgsave_status", word(save.ok));
    t.put("rdb_last_bgsave_time_sec", took(&save));
    t.put("rdb_current_bgsave_time_sec", current(Job::Save));
    t.put("rdb_saves", save.count);
    t.put("rdb_last_cow_size", peak);
    t.put("rdb_last_load_keys_expired", keys_expired);
    t.put("rdb_last_load_keys_loaded", keys_loaded);
    t.put("aof_enabled", u8::from(f.shared.journal.is_on()));
    t.put("aof_rewrite_in_progress", u8::from(jobs.is_under_way(Job::Rewrite)));
    t.put("aof_rewrite_scheduled", u8::from(jobs.is_scheduled(Job::Rewrite)));
    t.put("aof_last_rewrite_time_sec", took(&rewrite));
    t.put("aof_current_rewrite_time_sec", current(Job::Rewrite));
    t.put("aof_last_bgrewrite_status", word(rewrite.ok));
    t.put("aof_rewrites", rewrite.count);
    t.put("aof_rewrites_consecutive_failures", rewrite.failed_in_a_row);
    t.put("aof_last_cow_size", peak);
    // There are no modules.
    t.put("module_fork_in_progress", 0);
    t.put("module_fork_last_cow_size", 0);
    let aof = &f.shared.aof;
    t.put("aof_last_write_status", word(!aof.is_failing()));
    if f.shared.journal.is_on() {
        t.put("aof_current_size", aof.current_bytes.load(Relaxed));
        t.put("aof_base_size", aof.base_bytes.load(Relaxed));
        t.put("aof_pending_rewrite", 0);
        t.put("aof_buffer_length", f.shared.journal.waiting_bytes());
        t.put("aof_pending_bio_fsync", u8::from(aof.syncing.load(Relaxed)));
        t.put("aof_delayed_fsync", 0);
    }
    if loading.is_on() {
        let p = loading.progress(f.now.wall);
        t.put("loading_start_time", p.started_s);
        t.put("loading_total_bytes", p.total_bytes);
        t.put("loading_rdb_used_mem", p.saved_used_bytes);
        t.put("loading_loaded_bytes", p.loaded_bytes);
        t.put("loading_loaded_perc", format_args!("{:.2}", p.percent));
        t.put("loading_eta_seconds", p.eta_s);
    }
}
