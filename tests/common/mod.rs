//! What the tests over real sockets share: server processes, a client, replies.
//!
//! ```ignore
//! let server = common::start(&["--maxmemory", "10mb"]);
//! let mut c = server.client();
//! assert_reply!(c, ["SET", "k", "v"], ok());
//! assert_reply!(c, ["GET", "k"], "v");
//! assert_reply!(c, ["INCR", "k"], err("ERR value is not an integer or out of range"));
//! ```

// Each test program uses its own part of this.
#![allow(dead_code, unused_imports)]

pub mod client;
pub mod mount;
pub mod place;
pub mod server;
pub mod value;

pub use client::{Client, encode};
pub use mount::Mount;
pub use place::Place;
pub use server::{Server, peer, start, subject};
pub use value::{Value, array, bulk, bulks, err, int, nil, ok, simple};

/// Sends a command whose arguments may be of different types: `cmd!(c, "SET", key, b"\x00")`.
#[macro_export]
macro_rules! cmd {
    ($client:expr, $($arg:expr),+ $(,)?) => {
        $client.cmd(&[$(AsRef::<[u8]>::as_ref(&$arg)),+])
    };
}

/// Sends a command and compares its reply with a [`Value`], or with what turns into one.
#[macro_export]
macro_rules! assert_reply {
    ($client:expr, [$($arg:expr),+ $(,)?], $want:expr $(,)?) => {{
        let got = $crate::cmd!($client, $($arg),+);
        let want = $crate::common::Value::from($want);
        assert_eq!(got, want, "reply to {}", stringify!($($arg),+));
    }};
}

/// Sends a command and checks that its reply is an error that begins so.
#[macro_export]
macro_rules! assert_error {
    ($client:expr, [$($arg:expr),+ $(,)?], $prefix:expr $(,)?) => {{
        let got = $crate::cmd!($client, $($arg),+);
        let $crate::common::Value::Error(text) = &got else {
            panic!("an error expected, got {got:?}")
        };
        let text = String::from_utf8_lossy(text);
        assert!(text.starts_with($prefix), "{text:?} does not begin with {:?}", $prefix);
    }};
}

/// Repeats `check` until it holds; panics when it has not within ten seconds.
#[track_caller]
pub fn eventually(what: &str, mut check: impl FnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !check() {
        assert!(std::time::Instant::now() < deadline, "never came true: {what}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
