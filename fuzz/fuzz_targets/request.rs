//! Arbitrary bytes from one client: whole or cut anywhere, they bring the same replies and
//! leave the same content; nothing panics, and memory stays in proportion.

#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use norn::{
    engine::{
        Progress,
        testing::{
            Rig,
            grammar::{Draw, Grammar},
        },
    },
    protocol::{
        request::{Limits, Parsed, Parser},
        value::{Value, encode_command},
    },
};
use norn_fuzz::{
    dump::{Content, dump},
};
use std::sync::LazyLock;

static COMMANDS: LazyLock<Grammar> = LazyLock::new(|| Grammar::new(|_| true));

/// Part of what a client sends.
#[derive(Arbitrary, Debug)]
enum Piece<'a> {
    Raw(&'a [u8]),
    /// A well-formed request of these words.
    Words(Vec<&'a [u8]>),
    /// An inline request.
    Line(&'a str),
    /// A header that promises much.
    Header(Header, i64),
    Command(Command),
    /// A long argument, so that the request gets a buffer of its own.
    Long(u8, u8),
}

#[derive(Arbitrary, Debug)]
enum Header {
    Count,
    Bulk,
}

/// A request made up from the command table.
#[derive(Debug)]
struct Command(Vec<Vec<u8>>);

impl<'a> Arbitrary<'a> for Command {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Command> {
        Ok(Command(COMMANDS.command(&mut Draw::new(u.arbitrary()?))))
    }
}

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    /// The server wants a password.
    password: bool,
    pieces: Vec<Piece<'a>>,
    /// Lengths of what arrives at once, over and over.
    cuts: Vec<u16>,
}

fuzz_target!(|input: Input| {
    let mut bytes = Vec::new();
    input.pieces.iter().for_each(|piece| piece.put(&mut bytes));
    parses_in_proportion(&bytes, input.password);
    let whole = run(&bytes, &[], input.password);
    let cut = run(&bytes, &input.cuts, input.password);
    if !tells_of_buffers(&bytes) {
        assert_eq!(whole, cut, "sent: {}", bytes.escape_ascii());
    }
});

impl Piece<'_> {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Piece::Raw(bytes) => out.extend_from_slice(bytes),
            Piece::Words(words) => encode_command(words, out),
            Piece::Line(line) => out.extend([line.as_bytes(), b"\r\n"].concat()),
            Piece::Header(Header::Count, n) => out.extend(format!("*{n}\r\n").bytes()),
            Piece::Header(Header::Bulk, n) => out.extend(format!("${n}\r\n").bytes()),
            Piece::Command(Command(words)) => {
                encode_command(&words.iter().map(Vec::as_slice).collect::<Vec<_>>(), out);
            }
            Piece::Long(byte, len) => {
                let value = vec![*byte; (64 << 10) - 128 + usize::from(*len)];
                encode_command(&[b"SET", b"long", &value], out);
            }
        }
    }
}

/// Whether a command may be among these whose replies tell how the bytes arrived.
fn tells_of_buffers(bytes: &[u8]) -> bool {
    let lower = bytes.to_ascii_lowercase();
    let has = |word: &str| memchr::memmem::find(&lower, word.as_bytes()).is_some();
    ["client", "info", "memory"].into_iter().any(has)
}

/// The parser alone keeps no more than what it was given warrants, whatever it is promised.
fn parses_in_proportion(bytes: &[u8], auth_required: bool) {
    let limits = Limits { auth_required, ..Limits::default() };
    let (mut parser, mut spans, mut at) = (Parser::new(), Vec::new(), 0);
    while let Parsed::Request { len } | Parsed::Inline { len } | Parsed::Empty { len } =
        parser.parse(&bytes[at..], &limits, &mut spans)
    {
        assert!(len > 0, "no progress");
        at += len;
    }
    // The shortest argument takes five bytes.
    assert!(spans.capacity() <= 16 + bytes.len(), "{} spans", spans.capacity());
}

/// After so many pieces the rest arrives at once.
const MOST_CUTS: usize = 500;

/// Sends the bytes in pieces; replies, whether the session goes on, and the content.
fn run(bytes: &[u8], cuts: &[u16], password: bool) -> (Vec<Value>, String, Content) {
    let secret: &[_] = if password { &[("requirepass", "p")] } else { &[] };
    let mut rig = Rig::with(1, &[secret, &[("databases", "3"), ("proto-max-bulk-len", "1048576")]].concat());
    let mut replies = rig.send(0, b"");
    let mut cuts = cuts.iter().map(|n| usize::from(*n).max(1)).cycle().take(MOST_CUTS);
    let mut rest = bytes;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(cuts.next().unwrap_or(rest.len()).min(rest.len()));
        replies.extend(rig.send(0, now));
        rest = later;
        if !matches!(rig.progress(0), Progress::Read { .. }) {
            break;
        }
    }
    let end = match rig.progress(0) {
        // How much is missing is an estimate that depends on how much was looked at.
        Progress::Read { .. } => "read".into(),
        other => format!("{other:?}"),
    };
    let content = dump(&rig.engine, rig.now().wall);
    rig.disconnect(0);
    (replies, end, content)
}
