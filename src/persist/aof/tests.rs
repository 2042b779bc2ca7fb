//! Files that were torn or have rotted, read in any pieces.

use super::{
    annotation::{self, HEADER_LEN, Mark, Place},
    reader::{Damage, End, Reader},
};
use proptest::prelude::*;

const SALT: u64 = 0xfeed_beef;
const SECTOR: usize = 512;

/// A command with these arguments.
pub(crate) fn command(args: &[&[u8]]) -> Vec<u8> {
    let mut out = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        out.extend(format!("${}\r\n", arg.len()).bytes());
        out.extend(*arg);
        out.extend(b"\r\n");
    }
    out
}

/// A file as the server writes it, and what it knew.
#[derive(Clone, Debug)]
struct Log {
    bytes: Vec<u8>,
    /// Offsets at which batches end, with the header's.
    ends: Vec<usize>,
    /// Bytes that have been synced.
    durable: usize,
    /// What the commands of the batches are, each with where it ends.
    batches: Vec<Vec<u8>>,
}

impl Log {
    fn new() -> Log {
        Log { bytes: annotation::header(SALT), ends: vec![HEADER_LEN], durable: HEADER_LEN, batches: Vec::new() }
    }

    fn append(&mut self, data: &[u8], stamp_s: Option<u64>) {
        let place = Place { salt: SALT, at: self.bytes.len() as u64 };
        Mark::batch(data, self.durable as u64).push(place, stamp_s, &mut self.bytes);
        self.bytes.extend(data);
        self.ends.push(self.bytes.len());
        self.batches.push(data.to_vec());
    }

    fn close(&mut self) {
        let place = Place { salt: SALT, at: self.bytes.len() as u64 };
        Mark::end(self.durable as u64).push(place, None, &mut self.bytes);
    }

    /// The highest offset that a mark of the file vouches for.
    fn vouched(&self) -> usize {
        self.marks().map(|(_, durable)| durable).max().unwrap_or(0)
    }

    /// Where marks stand, and what they say is durable.
    fn marks(&self) -> impl Iterator<Item = (usize, usize)> {
        let at = |i: usize| Place { salt: SALT, at: self.ends[i] as u64 };
        (0..self.batches.len()).map(move |i| match annotation::find(&self.bytes[self.ends[i]..], at(i)) {
            annotation::Found::Mark(mark, _) => (self.ends[i], mark.durable as usize),
            other => panic!("{other:?}"),
        })
    }

    /// The commands of the first `n` batches.
    fn prefix(&self, n: usize) -> Vec<u8> {
        self.batches[..n].concat()
    }
}

/// What came out of a file read in pieces of these sizes, and the verdict.
fn read(bytes: &[u8], pieces: &[usize]) -> (Vec<u8>, Result<End, Damage>) {
    let (mut reader, mut out, mut rest) = (Reader::new(), Vec::new(), bytes);
    let mut sizes = pieces.iter().cycle();
    loop {
        if rest.is_empty() {
            reader.end();
        }
        loop {
            match reader.next_run() {
                Ok(Some(run)) => {
                    assert!(!run.is_empty());
                    out.extend(run);
                }
                Ok(None) => break,
                Err(e) => return (out, Err(e)),
            }
        }
        if rest.is_empty() {
            return (out, reader.finish());
        }
        let n = sizes.next().map_or(rest.len(), |n| (*n).clamp(1, rest.len()));
        reader.feed(&rest[..n]);
        rest = &rest[n..];
    }
}

fn read_whole(bytes: &[u8]) -> (Vec<u8>, Result<End, Damage>) {
    read(bytes, &[])
}

/// Commands of one batch: plain ones and transactions.
fn batch() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![prop::collection::vec(any::<u8>(), 0..40), prop::collection::vec(any::<u8>(), 500..1500)];
    let set = value.prop_map(|v| command(&[b"SET", b"k", &v]));
    let tx = prop::collection::vec(set.clone(), 1..4)
        .prop_map(|body| [command(&[b"MULTI"]), body.concat(), command(&[b"EXEC"])].concat());
    prop::collection::vec(prop_oneof![4 => set, 1 => tx], 0..4).prop_map(|list| list.concat())
}

/// A file, synced now and then.
fn log() -> impl Strategy<Value = Log> {
    prop::collection::vec((batch(), any::<bool>(), prop::option::of(0u64..1 << 40)), 1..8).prop_map(|batches| {
        let mut log = Log::new();
        for (data, sync, stamp_s) in batches {
            if sync {
                log.durable = log.bytes.len();
            }
            log.append(&data, stamp_s);
        }
        log
    })
}

/// What a loss of power makes of the bytes that were not synced.
fn power_loss(log: &Log, fates: &[u8], garbage: u64) -> Vec<u8> {
    let mut media = log.bytes[..log.durable].to_vec();
    let mut rng = crate::base::prng::Prng::new(garbage);
    let (mut at, mut fates) = (log.durable, fates.iter().cycle());
    while at < log.bytes.len() {
        let next = ((at / SECTOR + 1) * SECTOR).min(log.bytes.len());
        let fate = fates.next().copied().unwrap_or(0) % 3;
        if fate > 0 {
            media.resize(media.len().max(next), 0);
            media[at..next].copy_from_slice(&log.bytes[at..next]);
        }
        if fate == 2 {
            media[at..next].fill_with(|| rng.next_u64() as u8);
        }
        at = next;
    }
    media
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_whole_file_comes_out_whole(log in log(), pieces in prop::collection::vec(1usize..3000, 1..5), closed: bool) {
        let mut log = log;
        if closed {
            log.close();
        }
        let (out, end) = read(&log.bytes, &pieces);
        prop_assert_eq!(end, Ok(End::Whole { closed }));
        prop_assert_eq!(out, log.batches.concat());
    }

    #[test]
    fn a_torn_file_gives_a_prefix(
        log in log(),
        fates in prop::collection::vec(any::<u8>(), 1..20),
        garbage: u64,
        pieces in prop::collection::vec(1usize..3000, 1..5),
    ) {
        let media = power_loss(&log, &fates, garbage);
        let (out, end) = read(&media, &pieces);
        let durable = log.ends.iter().filter(|end| **end <= log.durable).count() - 1;
        let batches = (durable..=log.batches.len()).filter(|n| log.prefix(*n) == out).max();
        let n = batches.expect("what is durable, and perhaps more, comes out");
        match end.expect("nothing that was promised is damaged") {
            End::Torn { at, .. } => {
                // Empty batches leave several places to cut at.
                prop_assert!(log.ends[durable..=n].contains(&(at as usize)));
                let (again, end) = read_whole(&media[..at as usize]);
                prop_assert_eq!(end, Ok(End::Whole { closed: false }));
                prop_assert_eq!(again, out);
            }
            End::Whole { .. } => prop_assert!(log.ends[durable..=n].contains(&media.len())),
        }
    }

    #[test]
    fn a_flip_is_rot_or_cuts_what_was_not_vouched_for(log in log(), at: prop::sample::Index, bit in 0..8) {
        let at = at.index(log.bytes.len());
        let mut bytes = log.bytes.clone();
        bytes[at] ^= 1u8 << bit;
        let (out, end) = read_whole(&bytes);
        // The mark that vouches may be what is damaged.
        let vouched = log.marks().filter(|(mark, _)| *mark > at).map(|(_, durable)| durable).max().unwrap_or(0);
        let damaged = log.ends.iter().rposition(|end| *end <= at);
        match damaged {
            Some(n) => {
                prop_assert_eq!(&out, &log.prefix(n));
                if vouched > at {
                    let damage = end.expect_err("rot");
                    prop_assert_eq!(damage.at, log.ends[n] as u64);
                } else {
                    let torn = matches!(end, Ok(End::Torn { at, .. }) if at == log.ends[n] as u64);
                    let rot = matches!(end, Err(Damage { at, .. }) if at == log.ends[n] as u64);
                    prop_assert!(torn || rot && log.vouched() > log.ends[n], "{end:?}");
                }
            }
            None => {
                end.expect_err("the first line");
                prop_assert!(out.is_empty());
            }
        }
    }

    #[test]
    fn pieces_make_no_difference(
        log in log(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        skip in prop_oneof![Just(0), Just(HEADER_LEN)],
        pieces in prop::collection::vec(1usize..100, 1..5),
    ) {
        let mut bytes = log.bytes;
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        prop_assert_eq!(read(&bytes[skip..], &pieces), read_whole(&bytes[skip..]));
    }

    #[test]
    fn other_servers_files_are_cut_at_commands(data in prop::collection::vec(batch(), 1..6), cut: prop::sample::Index) {
        let (mut whole, mut bare) = (Vec::new(), Vec::new());
        // Offsets with comments and without.
        let mut ends = vec![(0, 0)];
        for batch in &data {
            whole.extend(b"#TS:1700000000 isn't checked\r\n");
            ends.push((whole.len(), bare.len()));
            whole.extend(batch);
            bare.extend(batch);
            ends.push((whole.len(), bare.len()));
        }
        let (out, end) = read_whole(&whole);
        prop_assert_eq!((&out, end), (&bare, Ok(End::Whole { closed: false })));
        let cut = cut.index(whole.len());
        let (out, end) = read(&whole[..cut], &[7]);
        prop_assert!(bare.starts_with(&out));
        let at = match end.expect("no damage") {
            End::Whole { .. } => cut,
            End::Torn { at, .. } => at as usize,
        };
        prop_assert_eq!(read_whole(&whole[..at]), (out.clone(), Ok(End::Whole { closed: false })));
        let last = ends.iter().filter(|end| end.0 <= cut).max().expect("there is 0");
        prop_assert!(out.len() >= last.1, "{} {last:?}", out.len());
    }

    #[test]
    fn any_bytes_are_read(bytes: Vec<u8>, text in "(#TS:1\r\n|\\*[12]\r\n|\\$4\r\n|EXEC\r\n|\\$5\r\nMULTI\r\n){0,12}") {
        for bytes in [bytes, text.into_bytes()] {
            let (out, end) = read(&bytes, &[3]);
            prop_assert_eq!(read_whole(&bytes), (out, end));
        }
    }
}

#[test]
fn another_server_may_have_gone_on() {
    let mut log = Log::new();
    log.append(&command(&[b"SET", b"a", b"1"]), None);
    let own = log.bytes.len();
    let theirs = [&b"#TS:1700000000\r\n"[..], &command(&[b"SELECT", b"0"]), &command(&[b"SET", b"a", b"2"])].concat();
    log.bytes.extend(&theirs);
    let (out, end) = read(&log.bytes, &[5]);
    assert_eq!(end, Ok(End::Whole { closed: false }));
    assert_eq!(out, [&log.batches.concat(), &theirs[16..]].concat());
    let cut = &log.bytes[..log.bytes.len() - 1];
    assert!(matches!(read_whole(cut).1, Ok(End::Torn { .. })));
    // Behind theirs, a line of ours has no business.
    let mut mixed = log.clone();
    mixed.append(b"", None);
    assert_eq!(read_whole(&mixed.bytes).1.unwrap_err().at, mixed.ends[2] as u64 - annotation::MARK_LEN as u64);
    let mut rotten = log.bytes.clone();
    rotten[own + 16] = b'+';
    assert!(matches!(read_whole(&rotten).1, Ok(End::Torn { at, .. }) if at == own as u64));
    let last = rotten.len() - 2;
    rotten = log.bytes.clone();
    rotten[last] = b'x';
    read_whole(&rotten).1.unwrap_err();
}

#[test]
fn a_value_cannot_pass_for_a_line() {
    let mut log = Log::new();
    let mut forged = Vec::new();
    Mark::batch(b"", 1 << 40).push(Place { salt: 0, at: 1 << 41 }, None, &mut forged);
    log.durable = 0;
    log.append(&command(&[b"SET", b"k", b"v"]), None);
    log.append(&command(&[b"SET", b"k", &forged]), None);
    let mut bytes = log.bytes.clone();
    bytes[log.ends[0]] = 0;
    assert!(matches!(read_whole(&bytes).1, Ok(End::Torn { .. })));
}

#[test]
fn format_errors_name_the_offset() {
    let set = command(&[b"SET", b"k", b"v"]);
    for (text, at, what) in [
        (&b"hello"[..], 27, "no command starts here"),
        (b"*0\r\n", 27, "a command's number of arguments is wrong"),
        (b"*x\r\n", 27, "a command's number of arguments is wrong"),
        (b"*1\r\n+OK\r\n", 31, "an argument's length is missing"),
        (b"*1\r\n$-1\r\n", 31, "an argument's length is wrong"),
        (b"*1\r\n$5\nMULTI\r\n", 31, "an argument's length is wrong"),
        (b"*1\r\n$9999999999\r\n", 31, "an argument's length is wrong"),
        (b"*1\r\n$1\r\nab\r\n", 36, "an argument does not end where it should"),
        (b"*1\r\n$4\r\nExec\r\n", 31, "EXEC without MULTI"),
        (b"*1\r\n$5\r\nMULTI\r\n*1\r\n$5\r\nmulti\r\n", 46, "MULTI inside a transaction"),
    ] {
        let (out, end) = read_whole(&[&set, text].concat());
        assert_eq!((out, end), (set.clone(), Err(Damage { at, what })), "{}", text.escape_ascii());
    }
    let (out, end) = read_whole(&[&set, &b"#"[..], &[b'x'; 2000]].concat());
    assert_eq!((out, end), (set, Err(Damage { at: 27, what: "a comment is too long" })));
}

#[test]
fn an_open_transaction_is_dropped_whole() {
    let text = [command(&[b"SET", b"a", b"1"]), command(&[b"MULTI"]), command(&[b"SET", b"a", b"2"])].concat();
    let (out, end) = read_whole(&text);
    assert_eq!(out, &text[..27]);
    assert_eq!(end, Ok(End::Torn { at: 27, what: "a transaction is not complete" }));
    let closed = [&text[..], &command(&[b"DISCARD"])].concat();
    assert_eq!(read_whole(&closed), (closed.clone(), Ok(End::Whole { closed: false })));
}
