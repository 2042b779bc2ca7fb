//! LCS: the longest common subsequence of two strings.
//!
//! The classic table: cell (i, j) is the length of the longest common subsequence of the
//! first i bytes of one string and the first j of the other. Walking back from the last
//! cell gives the subsequence itself; where both neighbours are equal the walk goes to the
//! smaller j, which decides among several longest ones.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        row::{Arg, Flags, KeyFlags, KeySpec, Row},
    },
    row,
};
use crate::{
    keyspace::{Key, Keys, Type, string::Str},
    protocol::{Error, Reply},
};
use bytes::Bytes;

/// This theme's command.
pub const ROWS: &[Row] = &[Row {
    since: "7.0.0",
    complexity: "O(N*M) where N and M are the lengths of s1 and s2, respectively",
    summary: "Finds the longest common subsequence of two strings.",
    keys: &[KeySpec::range(1, 1, 1, KeyFlags::RO.or(KeyFlags::ACCESS))],
    args: &[
        Arg::key("key1"),
        Arg::key("key2"),
        Arg::token("len", "LEN").optional(),
        Arg::token("idx", "IDX").optional(),
        Arg::int("min-match-len").after("MINMATCHLEN").optional(),
        Arg::token("withmatchlen", "WITHMATCHLEN").optional(),
    ],
    ..row("lcs", -3, Flags::READONLY, lcs)
}];

#[derive(Default)]
struct Options {
    len: bool,
    idx: bool,
    with_match_len: bool,
    min_match_len: u64,
}

fn lcs(ctx: &mut Ctx) -> Outcome {
    let (a, b) = (ctx.key(1), ctx.key(2));
    let (a, b) = (text_of(&mut ctx.keys, a), text_of(&mut ctx.keys, b));
    let (Some(a), Some(b)) = (a, b) else {
        return Err(Error::err("The specified keys must contain string values"));
    };
    let options = parse(ctx)?;
    let cells = (a.len() as u64 + 1) * (b.len() as u64 + 1);
    if cells * size_of::<u32>() as u64 > ctx.config.limits.proto_max_bulk_len_bytes {
        return Err(Error::LCS_MEMORY);
    }
    let table = Table::new(&a, &b);
    if options.idx {
        reply_matches(&table, &options, &mut ctx.out);
    } else if options.len {
        ctx.out.int(table.at(a.len(), b.len()).into());
    } else {
        let mut text = Vec::new();
        table.walk(|i, _| text.push(a[i]));
        text.reverse();
        ctx.out.bulk(&text);
    }
    DONE
}

/// The string at `key`, empty if there is none; `None` if it is no string.
fn text_of(keys: &mut Keys, key: Key) -> Option<Bytes> {
    match keys.read(key) {
        None => Some(Bytes::new()),
        Some(e) => (e.type_of() == Type::String).then(|| Str::of(&e).to_bytes()),
    }
}

fn parse(ctx: &Ctx) -> Result<Options, Error> {
    let (mut o, mut i) = (Options::default(), 3);
    while i < ctx.argc() {
        if ctx.is(i, "IDX") {
            o.idx = true;
        } else if ctx.is(i, "LEN") {
            o.len = true;
        } else if ctx.is(i, "WITHMATCHLEN") {
            o.with_match_len = true;
        } else if ctx.is(i, "MINMATCHLEN") && i + 1 < ctx.argc() {
            i += 1;
            o.min_match_len = ctx.int(i)?.max(0) as u64;
        } else {
            return Err(Error::SYNTAX);
        }
        i += 1;
    }
    if o.len && o.idx {
        return Err(Error::err("If you want both the length and indexes, please just use IDX."));
    }
    Ok(o)
}

struct Table<'a> {
    a: &'a [u8],
    b: &'a [u8],
    cells: Vec<u32>,
}

impl<'a> Table<'a> {
    fn new(a: &'a [u8], b: &'a [u8]) -> Table<'a> {
        let width = b.len() + 1;
        let mut cells = vec![0u32; width * (a.len() + 1)];
        for (i, x) in a.iter().enumerate() {
            let (above, row) = cells[i * width..(i + 2) * width].split_at_mut(width);
            for (j, y) in b.iter().enumerate() {
                row[j + 1] = if x == y { above[j] + 1 } else { above[j + 1].max(row[j]) };
            }
        }
        Table { a, b, cells }
    }

    /// Length of the longest common subsequence of the first `i` and the first `j` bytes.
    fn at(&self, i: usize, j: usize) -> u32 {
        self.cells[i * (self.b.len() + 1) + j]
    }

    /// Shows `f` the positions of each byte of the subsequence, from the last to the first.
    fn walk(&self, mut f: impl FnMut(usize, usize)) {
        let (mut i, mut j) = (self.a.len(), self.b.len());
        while i > 0 && j > 0 {
            if self.a[i - 1] == self.b[j - 1] {
                (i, j) = (i - 1, j - 1);
                f(i, j);
            } else if self.at(i - 1, j) > self.at(i, j - 1) {
                i -= 1;
            } else {
                j -= 1;
            }
        }
    }

    /// The stretches that are contiguous in both strings, the last one first, as their
    /// positions in either and their length.
    fn matches(&self) -> Vec<(usize, usize, usize)> {
        let mut found: Vec<(usize, usize, usize)> = Vec::new();
        self.walk(|i, j| match found.last_mut() {
            Some(m) if (m.0, m.1) == (i + 1, j + 1) => *m = (i, j, m.2 + 1),
            _ => found.push((i, j, 1)),
        });
        found
    }
}

fn reply_matches(table: &Table, o: &Options, out: &mut Reply) {
    let mut found = table.matches();
    found.retain(|m| m.2 as u64 >= o.min_match_len);
    out.map(2);
    out.bulk(b"matches");
    out.array(found.len());
    for (a, b, len) in found {
        out.array(2 + usize::from(o.with_match_len));
        for start in [a, b] {
            out.array(2);
            out.int(start as i64);
            out.int((start + len - 1) as i64);
        }
        if o.with_match_len {
            out.int(len as i64);
        }
    }
    out.bulk(b"len");
    out.int(table.at(table.a.len(), table.b.len()).into());
}
