//! The load: many connections, requests of one size, and next to no work for the client.
//!
//! Every request and every reply has a known length, so that the client only fills in the
//! digits of random keys and counts bytes. It goes round its connections: reads what the
//! one before it is owed, writes that one's next batch. While it waits for one, the
//! requests of all others lie at the server, which therefore never idles at any depth.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Digits of the number in a key: `key:` and these are 16 bytes.
const DIGITS: usize = 12;

/// A request whose key's digits are filled in, and the length of its reply.
#[derive(Clone)]
pub struct Template {
    bytes: Vec<u8>,
    /// Where the digits stand.
    digits_at: usize,
    reply_len: usize,
    reply_start: u8,
}

impl Template {
    /// `args` with `{key}` where the key belongs, and the reply expected.
    pub fn new(args: &[&str], reply: &str) -> Template {
        let mut bytes = format!("*{}\r\n", args.len());
        let mut digits_at = 0;
        for arg in args {
            let zeros = format!("key:{:0DIGITS$}", 0);
            let arg = if *arg == "{key}" { zeros.as_str() } else { arg };
            bytes.push_str(&format!("${}\r\n", arg.len()));
            if arg == zeros {
                digits_at = bytes.len() + "key:".len();
            }
            bytes.push_str(&format!("{arg}\r\n"));
        }
        Template { bytes: bytes.into(), digits_at, reply_len: reply.len(), reply_start: reply.as_bytes()[0] }
    }

    pub fn get() -> Template {
        Template::new(&["GET", "{key}"], &format!("$16\r\n{VALUE}\r\n"))
    }

    pub fn set() -> Template {
        Template::new(&["SET", "{key}", VALUE], "+OK\r\n")
    }
}

/// The value of 16 bytes that every key holds.
const VALUE: &str = "value:0123456789";

/// Which keys a run names.
#[derive(Clone, Copy)]
pub enum Keys {
    /// Each of so many with the same probability.
    Random(u64),
    /// This one and those that follow.
    From(u64),
}

/// The connections of one client to one server.
pub struct Load {
    connections: Vec<TcpStream>,
    /// State of a xorshift generator.
    random: u64,
}

impl Load {
    pub fn connect(port: u16, connections: usize) -> io::Result<Load> {
        let open = |_| {
            let stream = TcpStream::connect(("127.0.0.1", port))?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_secs(30)))?;
            Ok(stream)
        };
        let connections = (0..connections).map(open).collect::<io::Result<_>>()?;
        Ok(Load { connections, random: 0x9e37_79b9_7f4a_7c15 })
    }

    /// Sends about `ops` requests (whole batches of `depth` on every connection) and reads
    /// all replies; returns how many were sent and how long it took.
    pub fn run(&mut self, template: &Template, depth: usize, ops: u64, keys: Keys) -> io::Result<(u64, Duration)> {
        let mut batch = template.bytes.repeat(depth);
        let mut replies = vec![0; template.reply_len * depth];
        let rounds = ops.div_ceil((depth * self.connections.len()) as u64);
        let mut next = if let Keys::From(first) = keys { first } else { 0 };
        let start = Instant::now();
        for round in 0..=rounds {
            for at in 0..self.connections.len() {
                if round > 0 {
                    self.connections[at].read_exact(&mut replies)?;
                    check(template, &replies)?;
                }
                if round < rounds {
                    self.fill(&mut batch, template, keys, &mut next);
                    self.connections[at].write_all(&batch)?;
                }
            }
        }
        Ok((rounds * (depth * self.connections.len()) as u64, start.elapsed()))
    }

    /// Writes a key's number into every request of `batch`.
    fn fill(&mut self, batch: &mut [u8], template: &Template, keys: Keys, next: &mut u64) {
        for request in batch.chunks_mut(template.bytes.len()) {
            let mut number = match keys {
                Keys::Random(bound) => self.draw() % bound,
                Keys::From(_) => {
                    *next += 1;
                    *next - 1
                }
            };
            for digit in request[template.digits_at..][..DIGITS].iter_mut().rev() {
                *digit = b'0' + (number % 10) as u8;
                number /= 10;
            }
        }
    }

    fn draw(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }
}

/// That these are replies of the expected kind: an error or a missing key would shift them.
fn check(template: &Template, replies: &[u8]) -> io::Result<()> {
    let good = |reply: &[u8]| reply[0] == template.reply_start && reply.ends_with(b"\r\n");
    if replies.chunks(template.reply_len).all(good) {
        return Ok(());
    }
    let shown = replies[..replies.len().min(100)].escape_ascii();
    Err(io::Error::other(format!("not the replies expected: {shown}")))
}
