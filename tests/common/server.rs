//! A server process of its own for a test: on a free port, in an empty directory, gone when
//! the handle is dropped.
//!
//! The binary under test is `NORN_BIN`, or else the `norn` that cargo built for this test.
//! The peer is the `redis-server` on the `PATH`. Both take Valkey's command line, so one
//! harness drives both.

use super::client::Client;
use super::value::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};
use std::{env, fs, io, io::Write, net::TcpListener, thread};

/// Ports are taken below the range from which the kernel draws those of outgoing connections.
const PORTS: std::ops::Range<u32> = 20_000..32_000;
const START_LIMIT: Duration = Duration::from_secs(60);

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A running server.
pub struct Server {
    child: Child,
    pub port: u16,
    /// Its working directory; removed on drop.
    pub dir: PathBuf,
    /// How it was started.
    command: Command,
}

/// The binary under test.
pub fn subject() -> PathBuf {
    let built = option_env!("CARGO_BIN_EXE_norn").map(PathBuf::from);
    env::var_os("NORN_BIN").map(PathBuf::from).or(built).expect("NORN_BIN names no binary")
}

/// The real server to compare with, or `None` (said aloud) when it is not installed.
/// `NORN_REQUIRE_PEERS=1` makes its absence a failure.
pub fn peer() -> Option<PathBuf> {
    let paths = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&paths).map(|dir| dir.join("redis-server")).find(|p| p.exists());
    if found.is_none() {
        let required = env::var("NORN_REQUIRE_PEERS").is_ok_and(|v| v == "1");
        assert!(!required, "NORN_REQUIRE_PEERS=1, and there is no redis-server on the PATH");
        // Past the capture of the test runner, which shows nothing of a test that passes.
        let _ = std::io::stderr().write_all(b"*** SKIPPED: there is no redis-server on the PATH\n");
    }
    found
}

/// Starts the binary under test with `options` (`["--maxmemory", "1mb"]`).
#[track_caller]
pub fn start(options: &[&str]) -> Server {
    Server::start(&subject(), options)
}

impl Server {
    /// Starts `binary` on a free port and waits until it answers.
    #[track_caller]
    pub fn start(binary: &Path, options: &[&str]) -> Server {
        let mut command = Command::new(binary);
        command.args(options);
        Server::start_with(command)
    }

    /// The same from a prepared command, to which port, directory and the like are added.
    #[track_caller]
    pub fn start_with(command: Command) -> Server {
        Server::start_prepared(command, |_| ())
    }

    /// The same, with something put into the directory first.
    #[track_caller]
    pub fn start_prepared(command: Command, prepare: impl FnOnce(&Path)) -> Server {
        let mut server = Server::start_loading(command, prepare);
        server.wait_until_ready();
        server
    }

    /// The same, but waits only until the server listens: it may still load its data.
    #[track_caller]
    pub fn start_loading(mut command: Command, prepare: impl FnOnce(&Path)) -> Server {
        let number = NEXT.fetch_add(1, Relaxed);
        let name = format!("norn-test-{}-{number}", std::process::id());
        let dir = env::temp_dir().join(name);
        fs::create_dir_all(&dir).expect("a directory for the server");
        prepare(&dir);
        let port = free_port();
        let log = fs::File::create(dir.join("stdout")).expect("a file for its output");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        command.args(["--dir", dir.to_str().expect("a plain path")]);
        command.stdin(Stdio::null()).stderr(log.try_clone().unwrap()).stdout(log);
        let child = command.spawn().unwrap_or_else(|e| panic!("cannot start {command:?}: {e}"));
        let mut server = Server { child, port, dir, command };
        server.wait_until("listen", |c| c.is_ok());
        server
    }

    /// Kills the server as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again, once it has ended, in the same directory and on the same port.
    #[track_caller]
    pub fn start_again(&mut self) {
        let log = fs::OpenOptions::new().append(true).open(self.dir.join("stdout")).expect("the file for its output");
        self.command.stderr(log.try_clone().unwrap()).stdout(log);
        self.child = self.command.spawn().unwrap_or_else(|e| panic!("cannot start {:?}: {e}", self.command));
        self.wait_until_ready();
    }

    /// Starts it again where it must not stay: what it says before it ends with a failure.
    #[track_caller]
    pub fn refuses_to_start(&mut self) -> String {
        fs::remove_file(self.dir.join("stdout")).expect("the file for its output");
        let log = fs::File::create(self.dir.join("stdout")).expect("a file for its output");
        self.command.stderr(log.try_clone().unwrap()).stdout(log);
        self.child = self.command.spawn().unwrap_or_else(|e| panic!("cannot start {:?}: {e}", self.command));
        assert_eq!(self.wait(), Some(1), "{}", self.output());
        self.output()
    }

    /// Waits until the server has loaded its data: before, it listens but refuses most commands.
    /// One that turns clients away has loaded as well.
    #[track_caller]
    fn wait_until_ready(&mut self) {
        self.wait_until("answer", |client| {
            let Ok(mut c) = client else { return false };
            let loading = |v: &Value| matches!(v, Value::Error(e) if e.starts_with(b"LOADING"));
            c.stream().write_all(b"PING\r\n").is_err()
                || !matches!(c.recv_within(START_LIMIT), Ok(Some(v)) if loading(&v))
        });
    }

    #[track_caller]
    fn wait_until(&mut self, deed: &str, done: impl Fn(io::Result<Client>) -> bool) {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the server ended with {status}:\n{}", self.output());
            }
            if done(Client::connect(self.port)) {
                return;
            }
            assert!(Instant::now() < deadline, "the server does not {deed}:\n{}", self.output());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// A new connection.
    #[track_caller]
    pub fn client(&self) -> Client {
        Client::connect(self.port).unwrap_or_else(|e| panic!("no connection: {e}"))
    }

    /// What the server has written to its standard output and error.
    pub fn output(&self) -> String {
        fs::read_to_string(self.dir.join("stdout")).unwrap_or_default()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether the process still runs.
    pub fn alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits for the process to end by itself and returns its exit code.
    #[track_caller]
    pub fn wait(&mut self) -> Option<i32> {
        let deadline = Instant::now() + START_LIMIT;
        while self.alive() {
            assert!(Instant::now() < deadline, "the server does not end:\n{}", self.output());
            thread::sleep(Duration::from_millis(10));
        }
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            let _ = std::io::stderr().write_all(format!("server log:\n{}", self.output()).as_bytes());
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// A port on which nobody listens. Each process begins its search elsewhere, so that test
/// programs running side by side seldom meet.
fn free_port() -> u16 {
    let width = PORTS.end - PORTS.start;
    let home = std::process::id().wrapping_mul(97);
    for _ in 0..width {
        let port = (PORTS.start + (home + NEXT.fetch_add(1, Relaxed)) % width) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port");
}
