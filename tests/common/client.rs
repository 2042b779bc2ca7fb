//! A small blocking client: what a test needs to say bytes to a server and read replies.

use super::value::{Value, read};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// How long a reply may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// One connection.
pub struct Client {
    input: BufReader<TcpStream>,
}

/// Appends `args` as a request in RESP.
pub fn encode<T: AsRef<[u8]>>(args: &[T], out: &mut Vec<u8>) {
    out.extend_from_slice(format!("*{}\r\n", args.len()).as_bytes());
    for arg in args {
        let arg = arg.as_ref();
        out.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
}

impl Client {
    /// Connects to a port of this machine.
    pub fn connect(port: u16) -> io::Result<Client> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Client { input: BufReader::with_capacity(64 * 1024, stream) })
    }

    /// The socket itself, for what a well-behaved client does not do.
    pub fn stream(&mut self) -> &mut TcpStream {
        self.input.get_mut()
    }

    /// Sends one command and reads its reply.
    #[track_caller]
    pub fn cmd<T: AsRef<[u8]>>(&mut self, args: &[T]) -> Value {
        self.send(args);
        self.recv()
    }

    /// A command given as one line, its words separated by blanks.
    #[track_caller]
    pub fn line(&mut self, words: &str) -> Value {
        self.cmd(&words.split_ascii_whitespace().collect::<Vec<_>>())
    }

    /// Sends all commands in one write, then reads all replies.
    pub fn pipeline<T: AsRef<[u8]>>(&mut self, commands: &[Vec<T>]) -> io::Result<Vec<Value>> {
        let mut bytes = Vec::new();
        for command in commands {
            encode(command, &mut bytes);
        }
        self.stream().write_all(&bytes)?;
        commands.iter().map(|_| read(&mut self.input)).collect()
    }

    /// Sends a command without reading.
    #[track_caller]
    pub fn send<T: AsRef<[u8]>>(&mut self, args: &[T]) {
        let mut bytes = Vec::new();
        encode(args, &mut bytes);
        self.raw(&bytes);
    }

    /// Sends these very bytes.
    #[track_caller]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.stream().write_all(bytes).expect("the server takes bytes");
    }

    /// The next reply or push message; panics when none comes.
    #[track_caller]
    pub fn recv(&mut self) -> Value {
        read(&mut self.input).unwrap_or_else(|error| panic!("no reply: {error}"))
    }

    /// The next reply if it begins within `wait`, `None` if nothing comes, an error once the
    /// server has closed the connection.
    pub fn recv_within(&mut self, wait: Duration) -> io::Result<Option<Value>> {
        self.stream().set_read_timeout(Some(wait))?;
        let began = self.input.fill_buf().map(|bytes| !bytes.is_empty());
        self.stream().set_read_timeout(Some(PATIENCE))?;
        match began {
            Ok(true) => read(&mut self.input).map(Some),
            Ok(false) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(e) if matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// Fails if anything arrives within a short while.
    #[track_caller]
    pub fn expect_silence(&mut self) {
        match self.recv_within(Duration::from_millis(150)) {
            Ok(None) => {}
            Ok(Some(value)) => panic!("silence expected, got {value:?}"),
            Err(error) => panic!("silence expected, got {error}"),
        }
    }

    /// Reads until the server closes and returns what it said; panics if it does not close.
    #[track_caller]
    pub fn read_to_close(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self.input.read_to_end(&mut bytes) {
            Err(e) if e.kind() != io::ErrorKind::ConnectionReset => {
                panic!("the server did not close: {e}; it said {}", bytes.escape_ascii())
            }
            _ => bytes,
        }
    }

    /// Exactly `len` raw bytes of reply.
    #[track_caller]
    pub fn read_raw(&mut self, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.input.read_exact(&mut bytes).expect("as many bytes");
        bytes
    }

    /// Says that no more requests follow, and goes on reading.
    pub fn half_close(&mut self) {
        self.stream().shutdown(Shutdown::Write).expect("half close");
    }

    /// Switches to RESP3.
    #[track_caller]
    pub fn hello3(&mut self) {
        let reply = self.line("HELLO 3");
        assert!(matches!(reply, Value::Map(_)), "{reply:?}");
    }
}
