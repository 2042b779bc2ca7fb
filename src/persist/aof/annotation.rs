//! The comment lines of an append-only file.
//!
//! ```text
//! #NORN:1,<salt>,<sum>                      first line of a file of ours
//! #TS:<unix seconds>                        Valkey's: what follows was written at that time
//! #SUM:<length>,<sum>,<durable>,<own sum>   what follows is a batch
//! #END:<length>,<sum>,<durable>,<own sum>   the file is complete, what comes next is in another
//! ```
//!
//! Numbers of ours are hexadecimal and of fixed width. `<sum>` is the CRC-32 of the batch,
//! `<durable>` the offset before which all of this file had been synced when the line was
//! written. A line's own checksum also covers its place in the file, the time stamp right before
//! it, and the salt, which is drawn for each file: so no value that a client stores can pass for
//! a line, and no line of an earlier file at the same place on the medium.
//!
//! A batch's line stands before it. So bytes that another server appended later are told from a
//! batch of ours that was torn: ours never begins with a command.

/// Length of the first line.
pub const HEADER_LEN: usize = HEADER.len() + 16 + 1 + 8 + 2;
/// Length of a batch's line.
pub const MARK_LEN: usize = 5 + 10 + 1 + 8 + 1 + 12 + 1 + 8 + 2;
/// Length of the longest time stamp.
pub const MAX_STAMP_LEN: usize = STAMP.len() + MAX_STAMP_DIGITS + 2;
/// The longest comment that Valkey's loader takes for one line, with its end.
pub const MAX_COMMENT_LEN: usize = 1023;

const HEADER: &[u8] = b"#NORN:1,";
const STAMP: &[u8] = b"#TS:";
const SUM: &[u8] = b"#SUM:";
const END: &[u8] = b"#END:";
const MAX_STAMP_DIGITS: usize = 20;

/// The checksum of a batch.
pub fn checksum(data: &[u8]) -> u32 {
    crc32fast::hash(data)
}

/// The first line of a file.
pub fn header(salt: u64) -> Vec<u8> {
    let mut line = Vec::with_capacity(HEADER_LEN);
    line.extend(HEADER);
    push_hex(&mut line, salt, 16);
    let own = checksum(&line);
    line.push(b',');
    push_hex(&mut line, own.into(), 8);
    line.extend(b"\r\n");
    line
}

/// The salt of a file, from its first [`HEADER_LEN`] bytes.
pub fn parse_header(line: &[u8]) -> Option<u64> {
    let salt = hex(line.get(HEADER.len()..HEADER.len() + 16)?)?;
    (header(salt) == line.get(..HEADER_LEN)?).then_some(salt)
}

/// Whether these bytes, as far as they go, begin a file of ours.
pub fn is_header(front: &[u8]) -> bool {
    let n = front.len().min(6);
    n > 0 && front[..n] == HEADER[..n]
}

/// Whether the rest of a first line of ours is there behind a beginning that has rotted.
pub fn was_header(line: &[u8]) -> bool {
    let rest = line.get(HEADER.len()..HEADER_LEN);
    let salt = rest.and_then(|rest| hex(&rest[..16]));
    salt.is_some_and(|salt| rest == header(salt).get(HEADER.len()..))
}

/// What a batch's line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Nothing of this log follows in this file.
    pub end: bool,
    /// Length of the batch in bytes.
    pub len: u64,
    /// Its [`checksum`].
    pub sum: u32,
    /// The file was synced at least up to this offset.
    pub durable: u64,
}

/// Where a line stands: it is valid nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub salt: u64,
    /// Offset in the file of the line, or of the time stamp before it.
    pub at: u64,
}

impl Mark {
    /// The mark of a batch.
    pub fn batch(data: &[u8], durable: u64) -> Mark {
        Mark { end: false, len: data.len() as u64, sum: checksum(data), durable }
    }

    /// The mark that ends a file.
    pub fn end(durable: u64) -> Mark {
        Mark { end: true, len: 0, sum: checksum(b""), durable }
    }

    /// Appends the line, behind a time stamp if one is given in Unix seconds.
    pub fn push(&self, place: Place, stamp_s: Option<u64>, out: &mut Vec<u8>) {
        let start = out.len();
        if let Some(seconds) = stamp_s {
            out.extend(STAMP);
            out.extend(itoa::Buffer::new().format(seconds).bytes());
            out.extend(b"\r\n");
        }
        out.extend(if self.end { END } else { SUM });
        push_hex(out, self.len, 10);
        out.push(b',');
        push_hex(out, self.sum.into(), 8);
        out.push(b',');
        push_hex(out, self.durable, 12);
        let own = place.checksum(&out[start..]);
        out.push(b',');
        push_hex(out, own.into(), 8);
        out.extend(b"\r\n");
    }

    /// The mark in a line of [`MARK_LEN`] bytes at the end of `lines`, if line and place are right.
    fn parse(lines: &[u8], place: Place) -> Option<Mark> {
        let line = &lines[lines.len() - MARK_LEN..];
        let end = line.starts_with(END);
        let mark = Mark { end, len: hex(&line[5..15])?, sum: hex(&line[16..24])? as u32, durable: hex(&line[25..37])? };
        let own = u64::from(place.checksum(&lines[..lines.len() - 11]));
        let right = hex(&line[38..46])? == own && line[37] == b',' && line.ends_with(b"\r\n");
        (right && mark.durable <= place.at && !(end && mark.len > 0)).then_some(mark)
    }
}

impl Place {
    fn checksum(&self, text: &[u8]) -> u32 {
        let mut h = crc32fast::Hasher::new();
        h.update(&self.salt.to_le_bytes());
        h.update(&self.at.to_le_bytes());
        h.update(text);
        h.finalize()
    }
}

/// What bytes between two batches turn out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A mark; the lines with it are so many bytes long.
    Mark(Mark, usize),
    /// More bytes are needed.
    Incomplete,
    /// What another server wrote.
    Foreign,
    /// Nothing that anybody would have written.
    Damaged,
}

/// Looks at the bytes from `place` on, where a mark may stand.
pub fn find(bytes: &[u8], place: Place) -> Found {
    let stamp_len = match bytes.first() {
        None => return Found::Incomplete,
        Some(b'*') => return Found::Foreign,
        Some(_) => match stamp(bytes) {
            Stamp::Absent => 0,
            Stamp::Incomplete => return Found::Incomplete,
            Stamp::Damaged => return Found::Damaged,
            Stamp::Seconds(_, len) => len,
        },
    };
    let rest = &bytes[stamp_len..];
    if stamp_len > 0 && rest.starts_with(b"*") || rest.starts_with(STAMP) {
        return Found::Foreign;
    }
    let shown = rest.len().min(SUM.len());
    if rest[..shown] != SUM[..shown] && rest[..shown] != END[..shown] {
        return Found::Damaged;
    }
    if rest.len() < MARK_LEN {
        return Found::Incomplete;
    }
    let len = stamp_len + MARK_LEN;
    Mark::parse(&bytes[..len], place).map_or(Found::Damaged, |mark| Found::Mark(mark, len))
}

/// A time stamp, if the bytes begin with one.
pub enum Stamp {
    Absent,
    Incomplete,
    Damaged,
    /// Unix seconds, and the line's length.
    Seconds(u64, usize),
}

/// Looks for a time stamp at the front.
pub fn stamp(bytes: &[u8]) -> Stamp {
    let shown = bytes.len().min(STAMP.len());
    if bytes[..shown] != STAMP[..shown] {
        return Stamp::Absent;
    }
    if shown < STAMP.len() {
        return Stamp::Incomplete;
    }
    let text = &bytes[shown..];
    let digits = text.iter().take(MAX_STAMP_DIGITS + 1).take_while(|b| b.is_ascii_digit()).count();
    let seconds = std::str::from_utf8(&text[..digits]).ok().and_then(|t| t.parse().ok());
    match (&text[digits..], seconds) {
        ([b'\r', b'\n', ..], Some(seconds)) => Stamp::Seconds(seconds, shown + digits + 2),
        ([] | [b'\r'], _) if digits <= MAX_STAMP_DIGITS => Stamp::Incomplete,
        _ => Stamp::Damaged,
    }
}

/// Whether a comment between the commands of another server makes sense. In a file that began
/// as ours (`ours`) it can only be a time stamp; elsewhere any text in which nothing of ours is
/// left: a first line that has rotted must not hide what follows it.
pub fn is_foreign_comment(line: &[u8], ours: bool) -> bool {
    if ours {
        return matches!(stamp(line), Stamp::Seconds(_, len) if len == line.len());
    }
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let holds = |ours: &[u8]| text.windows(ours.len()).any(|w| w == ours);
    !text.iter().any(|b| *b < b' ' && *b != b'\t') && !holds(SUM) && !holds(END)
}

fn push_hex(out: &mut Vec<u8>, n: u64, width: u32) {
    for shift in (0..width).rev() {
        out.push(b"0123456789abcdef"[(n >> (4 * shift)) as usize & 15]);
    }
}

fn hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |n, &b| match b {
        b'0'..=b'9' => Some(n << 4 | u64::from(b - b'0')),
        b'a'..=b'f' => Some(n << 4 | u64::from(b - b'a' + 10)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PLACE: Place = Place { salt: 0x0123_4567_89ab_cdef, at: 1 << 33 };

    fn line(mark: Mark, stamp_s: Option<u64>) -> Vec<u8> {
        let mut out = Vec::new();
        mark.push(PLACE, stamp_s, &mut out);
        out
    }

    #[test]
    fn lines_look_like_this() {
        assert_eq!(header(PLACE.salt), b"#NORN:1,0123456789abcdef,6705dee6\r\n");
        let text = line(Mark::batch(b"*1\r\n$4\r\nPING\r\n", 4660), Some(1_700_000_000));
        let (stamp, mark) = text.split_at(16);
        assert_eq!(stamp, b"#TS:1700000000\r\n");
        assert_eq!(mark.len(), MARK_LEN);
        assert!(mark.starts_with(b"#SUM:000000000e,") && mark[24..].starts_with(b",000000001234,"));
        assert!(line(Mark::end(0), Some(u64::MAX)).len() <= MAX_STAMP_LEN + MARK_LEN);
    }

    #[test]
    fn what_another_server_wrote() {
        assert_eq!(find(b"*1\r\n", PLACE), Found::Foreign);
        assert_eq!(find(b"#TS:1\r\n*1\r\n", PLACE), Found::Foreign);
        assert_eq!(find(b"#TS:1\r\n#TS:2\r\n", PLACE), Found::Foreign);
        assert_eq!(find(b"#TS:1\r\n", PLACE), Found::Incomplete);
        assert_eq!(find(b"\0\0\0", PLACE), Found::Damaged);
        assert_eq!(find(b"#hello\r\n", PLACE), Found::Damaged);
        assert_eq!(find(b"#TS:1x\r\n", PLACE), Found::Damaged);
        assert!(is_foreign_comment(b"#TS:7\r\n", true) && !is_foreign_comment(b"#TS:7\n", true));
        assert!(!is_foreign_comment(b"#!\0\0\0$3\r\n", false), "zeros over the first lines");
        assert!(!is_foreign_comment(&[b"#!ORN", &line(Mark::end(0), None)[..]].concat(), false), "a line end is gone");
        assert!(is_foreign_comment(b"#hello\r\n", false) && !is_foreign_comment(&line(Mark::end(0), None), false));
    }

    proptest! {
        #[test]
        fn marks_come_back(end: bool, len in 0..1u64 << 40, sum: u32, durable in 0..=PLACE.at, stamp_s: Option<u64>) {
            let len = if end { 0 } else { len };
            let mark = Mark { end, len, sum, durable };
            let text = line(mark, stamp_s);
            prop_assert_eq!(find(&text, PLACE), Found::Mark(mark, text.len()));
            for cut in 0..text.len() {
                prop_assert_eq!(find(&text[..cut], PLACE), Found::Incomplete);
            }
            for place in [Place { at: PLACE.at + 1, ..PLACE }, Place { salt: 1, ..PLACE }] {
                prop_assert_eq!(find(&text, place), Found::Damaged);
            }
        }

        #[test]
        fn no_flip_goes_unnoticed(at in 0usize..1000, bit in 0..8, stamped: bool) {
            let mut text = line(Mark::batch(b"x", 9), stamped.then_some(1_700_000_000));
            let at = at % text.len();
            text[at] ^= 1u8 << bit;
            prop_assert!(!matches!(find(&text, PLACE), Found::Mark(..)));
            let mut first = header(7);
            let at = at % first.len();
            first[at] ^= 1u8 << bit;
            prop_assert_eq!(parse_header(&first), None);
        }

        #[test]
        fn any_bytes_are_something(bytes: Vec<u8>, text in "#?(TS|SUM|END)?:?[0-9a-f,\r\n]{0,60}") {
            let _ = (find(&bytes, PLACE), find(text.as_bytes(), PLACE), parse_header(&bytes));
        }
    }
}
