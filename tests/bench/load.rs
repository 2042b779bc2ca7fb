//! The load: many connections, requests of one size, and next to no work for the client.
//!
//! Every request has a known length and every reply a known number of lines, so that the client
//! only fills in the digits of numbers and counts line ends. It goes round its connections:
//! reads what the one before it is owed, writes that one's next batch. While it waits for one,
//! the requests of all others lie at the server, which therefore never idles at any depth.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Digits of a number: `key:` and these are 16 bytes.
const DIGITS: usize = 12;

/// A request with numbers to be filled in, and what is known of its reply.
#[derive(Clone)]
pub struct Template {
    bytes: Vec<u8>,
    /// Where the digits of a number stand, and whether it is drawn whatever key is meant.
    places: Vec<(usize, bool)>,
    reply: Reply,
}

/// What is known of a reply: its first byte, and how many lines it has.
#[derive(Clone, Copy)]
pub struct Reply(pub u8, pub usize);

impl Reply {
    pub const OK: Reply = Reply(b'+', 1);
    pub const NUMBER: Reply = Reply(b':', 1);
    pub const TEXT: Reply = Reply(b'$', 2);

    /// An array of so many texts.
    pub const fn texts(n: usize) -> Reply {
        Reply(b'*', 1 + 2 * n)
    }
}

impl Template {
    /// `args` with `{key}` where the key belongs and `{n}` where a number drawn at random does,
    /// and the reply expected.
    pub fn new(args: &[&str], reply: Reply) -> Template {
        let mut bytes = format!("*{}\r\n", args.len());
        let mut places = Vec::new();
        for arg in args {
            let (prefix, drawn) = match *arg {
                "{key}" => ("key:", Some(false)),
                "{n}" => ("", Some(true)),
                other => (other, None),
            };
            let digits = if drawn.is_some() { DIGITS } else { 0 };
            bytes.push_str(&format!("${}\r\n{prefix}", prefix.len() + digits));
            places.extend(drawn.map(|drawn| (bytes.len(), drawn)));
            bytes.push_str(&format!("{}\r\n", "0".repeat(digits)));
        }
        Template { bytes: bytes.into(), places, reply }
    }

    pub fn get() -> Template {
        Template::new(&["GET", "{key}"], Reply::TEXT)
    }

    pub fn set() -> Template {
        Template::new(&["SET", "{key}", VALUE], Reply::OK)
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
    buffer: Box<[u8]>,
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
        Ok(Load { connections, random: 0x9e37_79b9_7f4a_7c15, buffer: vec![0; 1 << 16].into() })
    }

    /// Sends about `ops` requests (whole batches of `depth` on every connection) and reads
    /// all replies; returns how many were sent and how long it took.
    pub fn run(&mut self, template: &Template, depth: usize, ops: u64, keys: Keys) -> io::Result<(u64, Duration)> {
        let mut batch = template.bytes.repeat(depth);
        let rounds = ops.div_ceil((depth * self.connections.len()) as u64);
        let mut next = if let Keys::From(first) = keys { first } else { 0 };
        let start = Instant::now();
        for round in 0..=rounds {
            for at in 0..self.connections.len() {
                if round > 0 {
                    self.read(at, template.reply, depth)?;
                }
                if round < rounds {
                    self.fill(&mut batch, template, keys, &mut next);
                    self.connections[at].write_all(&batch)?;
                }
            }
        }
        Ok((rounds * (depth * self.connections.len()) as u64, start.elapsed()))
    }

    /// Reads `n` replies. An error would be a reply of another kind or have other lines.
    fn read(&mut self, at: usize, reply: Reply, n: usize) -> io::Result<()> {
        let (mut left, mut first) = (reply.1 * n, true);
        while left > 0 {
            let len = self.connections[at].read(&mut self.buffer)?;
            let bytes = &self.buffer[..len];
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count();
            if len == 0 || lines > left || first && bytes[0] != reply.0 {
                let shown = bytes[..len.min(100)].escape_ascii();
                return Err(io::Error::other(format!("not the replies expected: {shown}")));
            }
            (left, first) = (left - lines, false);
        }
        Ok(())
    }

    /// Writes numbers into every request of `batch`.
    fn fill(&mut self, batch: &mut [u8], template: &Template, keys: Keys, next: &mut u64) {
        for request in batch.chunks_mut(template.bytes.len()) {
            let key = match keys {
                Keys::Random(bound) => self.draw() % bound,
                Keys::From(_) => {
                    *next += 1;
                    *next - 1
                }
            };
            for (at, drawn) in &template.places {
                let mut number = if *drawn { self.draw() % 1_000_000_000 } else { key };
                for digit in request[*at..][..DIGITS].iter_mut().rev() {
                    *digit = b'0' + (number % 10) as u8;
                    number /= 10;
                }
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
