use super::*;
use crate::protocol::value::encode_command;
use proptest::prelude::*;

/// What a stream of bytes amounts to.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    requests: Vec<Vec<Vec<u8>>>,
    error: Option<Error>,
    /// Bytes of an unfinished request.
    left: usize,
}

/// Feeds a parser `stream` in pieces that end at `cuts`, as a session would.
fn feed(stream: &[u8], cuts: &[usize], limits: &Limits) -> Outcome {
    let (mut parser, mut spans) = (Parser::new(), Vec::new());
    let (mut buf, mut fed) = (Vec::new(), 0);
    let mut outcome = Outcome { requests: vec![], error: None, left: 0 };
    for end in cuts.iter().copied().chain([stream.len()]) {
        let end = end.clamp(fed, stream.len());
        buf.extend_from_slice(&stream[fed..end]);
        fed = end;
        loop {
            agrees(&parser, &buf, limits);
            let (source, len) = match parser.parse(&buf, limits, &mut spans) {
                Parsed::Incomplete { want } => {
                    assert!(want > 0);
                    break;
                }
                Parsed::Error(e) => {
                    outcome.error = Some(e);
                    return outcome;
                }
                Parsed::Empty { len } => {
                    buf.drain(..len);
                    continue;
                }
                Parsed::Request { len } => (&buf[..], len),
                Parsed::Inline { len } => (parser.scratch(), len),
            };
            assert!(!spans.is_empty());
            outcome.requests.push(spans.iter().map(|s| s.of(source).to_vec()).collect());
            buf.drain(..len);
        }
    }
    outcome.left = buf.len();
    outcome
}

/// Checks that what is told at once of a request is what the parser tells step by step.
fn agrees(parser: &Parser, buf: &[u8], limits: &Limits) {
    // What stands here already must not matter.
    let (mut at_once, mut spans) = (vec![Span { start: 1, len: 2 }; buf.len() % 4], Vec::new());
    if let Some(len) = parser.whole(buf, limits, &mut at_once) {
        assert_eq!(Parser::new().parse(buf, limits, &mut spans), Parsed::Request { len });
        assert_eq!(at_once, spans);
    }
}

#[test]
fn an_ordinary_request_is_told_at_once() {
    let stream = b"*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000001\r\n$100\r\n";
    let full = [&stream[..], &[b'x'; 102]].concat();
    let (parser, mut spans) = (Parser::new(), Vec::new());
    assert_eq!(parser.whole(&full, &Limits::default(), &mut spans), Some(full.len()));
    for end in 0..full.len() {
        assert_eq!(parser.whole(&full[..end], &Limits::default(), &mut spans), None);
    }
}

fn whole(stream: &[u8]) -> Outcome {
    feed(stream, &[], &Limits::default())
}

fn requests(stream: &[u8]) -> Vec<Vec<String>> {
    let outcome = whole(stream);
    assert_eq!((outcome.error, outcome.left), (None, 0), "{}", stream.escape_ascii());
    let text = |arg: Vec<u8>| arg.escape_ascii().to_string();
    outcome.requests.into_iter().map(|r| r.into_iter().map(text).collect()).collect()
}

fn error(stream: &[u8], limits: &Limits) -> String {
    feed(stream, &[], limits).error.map(|e| e.to_string()).unwrap_or_default()
}

#[test]
fn both_forms_in_one_stream() {
    let stream = b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\nPING\n*1\r\n$0\r\n\r\nSET \"a b\" 'c'\r\n";
    assert_eq!(requests(stream), [vec!["GET", "k"], vec!["PING"], vec![""], vec!["SET", "a b", "c"]]);
}

#[test]
fn empty_requests_are_skipped() {
    assert_eq!(requests(b"\r\n\n   \r\n*0\r\n*-1\r\n*-7\r\nPING\r\n"), [vec!["PING"]]);
}

#[test]
fn what_ends_a_bulk_is_not_looked_at() {
    assert_eq!(requests(b"*1\rx$4\ryPINGzz"), [vec!["PING"]]);
}

#[test]
fn an_argument_says_exactly_what_it_lacks() {
    let (mut parser, mut spans) = (Parser::new(), Vec::new());
    let head = b"*2\r\n$3\r\nSET\r\n$100000\r\nab";
    let want = Parsed::Incomplete { want: 100_000 };
    assert_eq!(parser.parse(head, &Limits::default(), &mut spans), want);
    assert!(parser.is_mid_request());
    let mut rest = head.to_vec();
    rest.resize(head.len() + 100_000, b'\n');
    let len = rest.len();
    assert_eq!(parser.parse(&rest, &Limits::default(), &mut spans), Parsed::Request { len });
    assert_eq!(spans[1], Span { start: head.len() - 2, len: 100_000 });
}

#[test]
fn a_first_line_in_pieces_leaves_nothing_behind() {
    let stream = b"*1\r\n$4\r\nPING\r\n\n*1\r\n$4\r\nPING\r\n";
    assert_eq!(feed(stream, &[2], &Limits::default()), whole(stream));
}

#[test]
fn malformed_requests() {
    let limits = Limits { max_bulk_bytes: 1000, max_args: 100, ..Limits::default() };
    for (stream, text) in [
        ("*x\r\n", "invalid multibulk length"),
        ("*\r\n", "invalid multibulk length"),
        ("*01\r\n", "invalid multibulk length"),
        ("*101\r\n", "invalid multibulk length"),
        ("*99999999999999999999\r\n", "invalid multibulk length"),
        ("*1\r\n$x\r\n", "invalid bulk length"),
        ("*1\r\n$-1\r\n", "invalid bulk length"),
        ("*1\r\n$1001\r\n", "invalid bulk length"),
        ("*1\r\n$9223372036854775807\r\n", "invalid bulk length"),
        ("*1\r\nPING\r\n", "expected '$', got 'P'"),
        ("*2\r\n$1\r\na\r\n\r\n", "expected '$', got '\r'"),
        ("SET \"a\r\n", "unbalanced quotes in request"),
    ] {
        let want = format!("ERR Protocol error: {}", text.replace('\r', " "));
        assert_eq!(error(stream.as_bytes(), &limits), want, "{stream:?}");
    }
    let huge = Limits { max_bulk_bytes: usize::MAX, ..Limits::default() };
    let stream = b"*1\r\n$9223372036854775807\r\n";
    assert_eq!(error(stream, &huge), "ERR Protocol error: invalid bulk length");
}

#[test]
fn lines_have_a_limit() {
    let limits = Limits::default();
    let cases: [(&[u8], &str); 5] = [
        (b"", "inline request"),
        (b"\0", "inline request"),
        (b"*", "mbulk count string"),
        (b"*\0", "mbulk count string"),
        (b"*1\r\n$", "bulk count string"),
    ];
    for (head, what) in cases {
        let mut stream = head.to_vec();
        stream.resize(stream.len() + (64 << 10) + 1, b'1');
        let want = format!("ERR Protocol error: too big {what}");
        assert_eq!(error(&stream, &limits), want);
        stream.extend_from_slice(b"\r\n");
        assert_eq!(error(&stream, &limits), want, "also when the line has an end");
        assert_eq!(error(&stream[..64 << 10], &limits), "");
    }
}

#[test]
fn little_room_before_authentication() {
    let limits = Limits { auth_required: true, ..Limits::default() };
    let multibulk = "ERR Protocol error: unauthenticated multibulk length";
    assert_eq!(error(b"*11\r\n", &limits), multibulk);
    assert_eq!(error(b"*10\r\n", &limits), "");
    let bulk = "ERR Protocol error: unauthenticated bulk length";
    assert_eq!(error(b"*1\r\n$16385\r\n", &limits), bulk);
    assert_eq!(error(b"*1\r\n$16384\r\n", &limits), "");
}

/// Bytes that are often almost a request.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop_oneof![Just("*1\r\n"), Just("*2\r\n"), Just("$1\r\n"), Just("$3\r\n"), Just("\r\n")]
            .prop_map(|s| s.as_bytes().to_vec()),
        2 => "[*$0-9a\"' \\r\\n\\x00-]{0,6}".prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 0..6),
        1 => proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..12), 1..5).prop_map(|args| {
            let mut out = Vec::new();
            encode_command(&args.iter().map(Vec::as_slice).collect::<Vec<_>>(), &mut out);
            out
        }),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn cuts_change_nothing(
        stream in noise(),
        mut cuts in proptest::collection::vec(0usize..80, 0..8),
        auth_required: bool,
    ) {
        // Short limits, so that noise reaches them.
        let limits = Limits { max_bulk_bytes: 99, max_args: 12, max_inline_bytes: 16, auth_required };
        cuts.sort_unstable();
        let reference = feed(&stream, &[], &limits);
        prop_assert_eq!(&feed(&stream, &cuts, &limits), &reference);
        let every_byte: Vec<usize> = (1..stream.len()).collect();
        prop_assert_eq!(&feed(&stream, &every_byte, &limits), &reference);
    }

    #[test]
    fn commands_parse_back(
        list in proptest::collection::vec(
            proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..150), 1..6), 0..6)
    ) {
        let mut stream = Vec::new();
        for args in &list {
            encode_command(&args.iter().map(Vec::as_slice).collect::<Vec<_>>(), &mut stream);
        }
        let outcome = whole(&stream);
        prop_assert_eq!(outcome.requests, list);
        prop_assert_eq!((outcome.error, outcome.left), (None, 0));
    }
}
