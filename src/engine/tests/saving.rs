//! SAVE, BGSAVE, BGREWRITEAOF and LASTSAVE; who is refused when saving fails; SHUTDOWN.
//!
//! The saving task is played by the test: it takes up a job and says how it ended.

use crate::{
    base::time::Mono,
    commands::ShellRequest,
    engine::{Progress, testing::Rig},
    session::jobs::Job,
};
use std::{
    sync::atomic::Ordering::SeqCst,
    task::{Context, Poll, Waker},
};

/// The task takes up its next job.
fn take_up(r: &Rig) -> Option<Job> {
    match r.engine.shared.jobs.poll_next(r.now().mono, &mut Context::from_waker(Waker::noop())) {
        Poll::Ready(job) => Some(job),
        Poll::Pending => None,
    }
}

/// The job the task is at has ended.
fn end(r: &Rig, ok: bool) {
    r.engine.shared.jobs.end(ok, Mono(r.now().mono.0));
    r.engine.shared.save_failed.store(!r.engine.shared.jobs.record(Job::Save).ok, SeqCst);
}

/// A field of INFO.
fn field(r: &mut Rig, name: &str) -> String {
    let text = r.run(9, "INFO persistence");
    let found = text.split("\r\n").find_map(|l| l.strip_prefix(&format!("{name}:")));
    found.unwrap_or_else(|| panic!("no {name}")).to_owned()
}

const IN_PROGRESS: &str = "-ERR Background save already in progress";

#[test]
fn a_save_in_the_background() {
    let mut r = Rig::with(1, &[("save", "")]);
    r.script(
        "MSET a 1 b 2 => +OK
         BGSAVE => +Background saving started
         BGSAVE => -ERR Background save already in progress
         SAVE => -ERR Background save already in progress
         BGSAVE SCHEDULE => -ERR Background save already in progress
         bgsave what => -ERR syntax error
         BGSAVE SCHEDULE CANCEL => -ERR syntax error",
    );
    let about = |r: &mut Rig| {
        (field(r, "rdb_bgsave_in_progress"), field(r, "current_save_keys_total"), field(r, "rdb_last_bgsave_time_sec"))
    };
    assert_eq!(about(&mut r), ("1".into(), "2".into(), "-1".into()), "before the task has come to it");
    assert_eq!(take_up(&r), Some(Job::Save));
    assert_eq!(about(&mut r), ("1".into(), "2".into(), "-1".into()));
    assert_eq!(r.run(0, "BGSAVE"), IN_PROGRESS);
    r.advance_ms(2000);
    end(&r, true);
    assert_eq!(about(&mut r), ("0".into(), "0".into(), "2".into()));
    assert_eq!(r.run(0, "BGSAVE"), "+Background saving started");
}

#[test]
fn a_save_that_is_waited_for() {
    let mut r = Rig::with(1, &[("save", "")]);
    assert_eq!(r.run(1, "SAVE"), "(shell)");
    assert!(matches!(r.progress(1), Progress::Shell(ShellRequest::AwaitJob { .. })));
    assert_eq!(r.run(0, "SAVE"), IN_PROGRESS);
    assert_eq!(r.run(0, "BGSAVE"), IN_PROGRESS);
    assert_eq!(take_up(&r), Some(Job::Save));
    end(&r, true);
    assert_eq!(r.run(0, "BGREWRITEAOF"), "+Background append only file rewriting started");
    assert_eq!(r.run(2, "SAVE"), "(shell)", "a rewrite only delays it");
    assert_eq!((take_up(&r), end(&r, true), take_up(&r)), (Some(Job::Rewrite), (), Some(Job::Save)));
    assert_eq!(r.run(3, "MULTI"), "+OK");
    assert_eq!(r.run(3, "SAVE"), "-ERR Command not allowed inside a transaction");
}

#[test]
fn lastsave_is_when_the_last_snapshot_began() {
    let mut r = Rig::with(1, &[("save", "")]);
    let at_start = r.run(0, "LASTSAVE");
    r.advance_ms(5000);
    assert_eq!(r.run(0, "LASTSAVE"), at_start);
    r.run(0, "SET k v");
    assert_eq!(field(&mut r, "rdb_changes_since_last_save"), "1");
    let shared = &r.engine.shared;
    shared.saved(shared.total_changes(), r.now().wall);
    assert_eq!(r.run(0, "LASTSAVE"), format!(":{}", r.now().wall.0 / 1000));
    assert_eq!(field(&mut r, "rdb_changes_since_last_save"), "0");
}

#[test]
fn a_save_is_given_up() {
    let mut r = Rig::with(1, &[("save", "")]);
    let none = "-ERR Background saving is currently not in progress or scheduled";
    assert_eq!(r.run(0, "BGSAVE CANCEL"), none);
    r.script("BGSAVE => +Background saving started\nBGSAVE cancel => +Background saving cancelled");
    assert_eq!(take_up(&r), None, "the task had not come to it");
    assert_eq!(r.run(0, "BGSAVE CANCEL"), none);
    r.run(0, "BGSAVE");
    assert_eq!(take_up(&r), Some(Job::Save));
    assert_eq!(r.run(0, "BGSAVE CANCEL"), "+Background saving cancelled");
    assert!(r.engine.shared.jobs.is_cancelled());
    end(&r, false);
    assert_eq!(field(&mut r, "rdb_last_bgsave_status"), "ok");
    r.run(0, "BGREWRITEAOF");
    r.script(
        "BGSAVE SCHEDULE => +Background saving scheduled
         BGSAVE CANCEL => +Scheduled background saving cancelled",
    );
    assert_eq!((take_up(&r), end(&r, true), take_up(&r)), (Some(Job::Rewrite), (), None));
}

#[test]
fn a_save_behind_a_rewrite() {
    let mut r = Rig::with(1, &[("save", "")]);
    r.script(
        "BGREWRITEAOF => +Background append only file rewriting started
         BGREWRITEAOF => -ERR Background append only file rewriting already in progress
         BGSAVE => -ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a BGSAVE whenever possible.
         BGSAVE SCHEDULE => +Background saving scheduled
         BGSAVE SCHEDULE => +Background saving scheduled",
    );
    assert_eq!(take_up(&r), Some(Job::Rewrite));
    assert_eq!(field(&mut r, "rdb_bgsave_in_progress"), "0");
    assert_eq!(r.run(0, "BGREWRITEAOF"), "-ERR Background append only file rewriting already in progress");
    end(&r, true);
    assert_eq!(take_up(&r), Some(Job::Save));
    end(&r, true);
    assert_eq!(take_up(&r), None, "once is enough");
}

#[test]
fn a_rewrite_behind_a_save() {
    let mut r = Rig::with(1, &[("save", "")]);
    r.run(0, "BGSAVE");
    assert_eq!(r.run(0, "BGREWRITEAOF"), "+Background append only file rewriting scheduled");
    assert_eq!(take_up(&r), Some(Job::Save));
    assert_eq!(field(&mut r, "aof_rewrite_scheduled"), "1");
    assert_eq!(r.run(0, "BGREWRITEAOF"), "+Background append only file rewriting scheduled");
    end(&r, true);
    assert_eq!(take_up(&r), Some(Job::Rewrite));
}

#[test]
fn in_a_transaction_they_are_scheduled() {
    let mut r = Rig::with(1, &[("save", "")]);
    r.run_all(0, &["MULTI", "BGSAVE", "BGSAVE", "BGREWRITEAOF"]);
    let want = "[+Background saving scheduled +Background saving scheduled \
                +Background append only file rewriting scheduled]";
    assert_eq!(r.run(0, "EXEC"), want);
    assert_eq!(r.run(0, "BGSAVE CANCEL"), "+Scheduled background saving cancelled");
    r.run_all(0, &["MULTI", "BGSAVE", "EXEC"]);
    assert_eq!(r.run(0, "BGSAVE"), "+Background saving started");
    r.run_all(0, &["MULTI", "BGSAVE"]);
    assert_eq!(r.run(0, "EXEC"), format!("[{IN_PROGRESS}]"));
}

#[test]
fn flushall_gives_a_save_up() {
    let mut r = Rig::with(1, &[("save", "")]);
    r.run(0, "BGSAVE");
    assert_eq!(take_up(&r), Some(Job::Save));
    assert_eq!(r.run(0, "FLUSHDB"), "+OK");
    assert!(!r.engine.shared.jobs.is_cancelled());
    assert_eq!(r.run(0, "FLUSHALL"), "+OK");
    assert!(r.engine.shared.jobs.is_cancelled());
    end(&r, false);
    assert_eq!(take_up(&r), None, "without save points nothing is saved in its place");
    // What is only scheduled begins later, and is of use.
    r.run_all(0, &["MULTI", "BGSAVE", "EXEC", "FLUSHALL"]);
    assert_eq!(take_up(&r), Some(Job::Save));
    end(&r, true);
    // Nobody is told that the SAVE they wait for came to nothing.
    r.run(1, "SAVE");
    assert_eq!(take_up(&r), Some(Job::Save));
    r.run(0, "FLUSHALL");
    assert!(!r.engine.shared.jobs.is_cancelled());
    end(&r, true);
    let mut r = Rig::with(1, &[("save", "900 1")]);
    r.run(0, "BGSAVE");
    assert_eq!(take_up(&r), Some(Job::Save));
    assert_eq!(r.run(0, "FLUSHALL"), "+OK");
    assert!(r.engine.shared.jobs.is_cancelled());
    end(&r, false);
    assert_eq!(take_up(&r), Some(Job::Save), "the file on disk must not bring the keys back");
}

/// Whether a client's replies wait for a snapshot that has not ended.
fn waits(r: &mut Rig, client: usize) -> bool {
    let Progress::Shell(ShellRequest::AwaitFlushed { saved: Some(ticket), .. }) = *r.progress(client) else {
        return false;
    };
    r.engine.shared.jobs.poll_end(ticket, &mut Context::from_waker(Waker::noop())).is_pending()
}

#[test]
fn the_reply_to_flushall_waits_for_an_empty_snapshot() {
    let mut r = Rig::with(1, &[("save", "900 1")]);
    assert_eq!(r.run_all(0, &["SET k v", "FLUSHALL"]), "+OK");
    assert!(waits(&mut r, 0));
    assert_eq!(take_up(&r), Some(Job::Save));
    assert!(waits(&mut r, 0));
    end(&r, false);
    assert!(!waits(&mut r, 0), "whatever becomes of it");
    assert_eq!(r.run(0, "SET k v"), "+OK", "nor does it count as a failure of the server's own");
    r.run_all(0, &["MULTI", "FLUSHALL", "SET k w"]);
    assert_eq!(r.run(0, "EXEC"), "[+OK +OK]");
    assert!(waits(&mut r, 0));
    assert_eq!(take_up(&r), Some(Job::Save));
    end(&r, true);
    r.run_all(0, &["CLIENT REPLY SKIP", "FLUSHALL"]);
    assert!(waits(&mut r, 0));
    assert_eq!(take_up(&r), Some(Job::Save));
    end(&r, true);
    // A rewrite takes its time, and the log knows already.
    r.engine.shared.journal.turn(true);
    r.run(0, "BGREWRITEAOF");
    assert_eq!(take_up(&r), Some(Job::Rewrite));
    assert_eq!(r.run(0, "FLUSHALL"), "+OK");
    assert!(!waits(&mut r, 0));
    end(&r, true);
    assert_eq!(take_up(&r), Some(Job::Save));
}

const MISCONF: &str = "-MISCONF Valkey is configured to save RDB snapshots, but it's currently unable to persist to \
                       disk. Commands that may modify the data set are disabled, because this instance is configured \
                       to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). \
                       Please check the Valkey logs for details about the RDB error.";

#[test]
fn who_is_refused_when_saving_fails() {
    let mut r = Rig::with(1, &[("save", "900 1")]);
    r.run_all(0, &["SET k v", "BGSAVE"]);
    r.run_all(2, &["MULTI", "SET k w"]);
    assert_eq!(take_up(&r), Some(Job::Save));
    end(&r, false);
    assert_eq!(field(&mut r, "rdb_last_bgsave_status"), "err");
    for line in ["SET k w", "DEL none", "FLUSHALL", "PING", "PING x"] {
        assert_eq!(r.run(0, line), MISCONF, "{line}");
    }
    r.script(
        "GET k => v
         PUBLISH c x => :0
         MULTI => +OK
         GET k => +QUEUED
         EXEC => [v]
         MULTI => +OK",
    );
    assert_eq!(r.run(0, "SET k w"), MISCONF);
    assert_eq!(r.run(0, "EXEC"), "-EXECABORT Transaction discarded because of previous errors.");
    let aborted = MISCONF.replace("-MISCONF ", "-EXECABORT Transaction discarded because of: MISCONF ");
    assert_eq!(r.run(2, "EXEC"), aborted);
    assert_eq!(r.run(0, "CONFIG SET stop-writes-on-bgsave-error no"), "+OK");
    assert_eq!(r.run(0, "SET k w"), "+OK");
    assert_eq!(r.run(0, "CONFIG SET stop-writes-on-bgsave-error yes save ''"), "+OK");
    assert_eq!(r.run(0, "PING"), "+PONG", "who asked for no snapshots misses none");
    assert_eq!(r.run(0, "CONFIG SET save '900 1'"), "+OK");
    assert_eq!(r.run(0, "PING"), MISCONF);
    assert_eq!(r.run(0, "BGSAVE"), "+Background saving started");
    assert_eq!(take_up(&r), Some(Job::Save));
    end(&r, true);
    assert_eq!(r.run(0, "PING"), "+PONG");
    r.run(1, "SAVE");
    assert_eq!(take_up(&r), Some(Job::Save));
    end(&r, false);
    assert_eq!(r.run(0, "PING"), "+PONG", "who asked is told, and nobody else");
}

#[test]
fn of_two_failures_the_snapshots_is_told() {
    let mut r = Rig::with(1, &[("save", "900 1")]);
    r.engine.shared.aof.set_error(Some("No space left on device"));
    assert_eq!(r.run(0, "SET k v"), "-MISCONF Errors writing to the AOF file: No space left on device");
    assert_eq!(r.run(0, "PING"), "-MISCONF Errors writing to the AOF file: No space left on device");
    assert_eq!(r.run(0, "GET k"), "nil");
    r.engine.shared.save_failed.store(true, SeqCst);
    assert_eq!(r.run(0, "SET k v"), MISCONF);
}

#[test]
fn shutdown_and_its_arguments() {
    let mut r = Rig::new();
    for line in
        ["SHUTDOWN what", "SHUTDOWN SAVE NOSAVE", "SHUTDOWN ABORT NOW", "SHUTDOWN FORCE ABORT", "SHUTDOWN SAVE x"]
    {
        assert_eq!(r.run(0, line), "-ERR syntax error", "{line}");
    }
    let asked = [
        ("SHUTDOWN", None, false),
        ("SHUTDOWN NOSAVE", Some(false), false),
        ("SHUTDOWN save", Some(true), false),
        ("SHUTDOWN NOW FORCE", None, true),
        ("SHUTDOWN FORCE SAVE NOW", Some(true), true),
        ("SHUTDOWN NOSAVE NOSAVE", Some(false), false),
    ];
    for (client, (line, want_save, want_force)) in asked.into_iter().enumerate() {
        assert_eq!(r.run(client + 1, line), "(shell)");
        let Progress::Shell(ShellRequest::Shutdown { save, force }) = r.progress(client + 1) else {
            panic!("{line} asks the shell")
        };
        assert_eq!((*save, *force), (want_save, want_force), "{line}");
    }
    assert_eq!(r.run(0, "SHUTDOWN ABORT"), "-ERR No shutdown in progress.");
    r.engine.shared.begin_shutdown();
    r.script("SHUTDOWN ABORT => +OK\nSHUTDOWN ABORT => -ERR No shutdown in progress.\nMULTI => +OK");
    assert_eq!(r.run(0, "SHUTDOWN"), "-ERR Command not allowed inside a transaction");
}
