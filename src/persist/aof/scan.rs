//! Finds where commands and transactions end, in bytes that come in pieces.
//!
//! An append-only file holds each command as an array of bulk strings, with comment lines in
//! between. The scan looks at lengths and at the names MULTI and EXEC only: it is what can be
//! checked of a file that has no checksums, and it says up to where commands may be executed
//! so that no transaction is applied in part.

use super::annotation::{MAX_COMMENT_LEN, is_foreign_comment};
use bytes::BytesMut;

/// No argument can be longer, because no value can.
const MAX_ARGUMENT_BYTES: u64 = u32::MAX as u64;

/// What is wrong, and where in the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bad {
    pub at: usize,
    pub what: &'static str,
}

/// The place in a file's commands.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// Everything before is scanned.
    pos: usize,
    /// Arguments of the current command still to come.
    args_left: u64,
    /// The next argument is a command's name.
    at_name: bool,
    in_multi: bool,
    /// The name of the current command is EXEC, or whatever else ends a transaction.
    ends_multi: bool,
    /// End of the last command outside a transaction, or of the last transaction.
    whole: usize,
    commands: u64,
    /// Lines of commands.
    lines: u64,
    /// The line with the next argument's length is among them.
    length_counted: bool,
    /// Where comments are.
    comments: Vec<(usize, usize)>,
    /// The file began as one of ours.
    ours: bool,
}

/// A number's line.
enum Number {
    Value(u64, usize),
    Short,
    Bad,
}

impl Scan {
    /// A scan from a command's start. `ours`: the file began with batches of ours.
    pub fn new(ours: bool) -> Scan {
        Scan { ours, ..Scan::default() }
    }

    /// Scans on as far as `buf` goes, whose front is where it was in the last call.
    ///
    /// # Errors
    /// Bytes that no server would have written.
    pub fn advance(&mut self, buf: &[u8]) -> Result<(), Bad> {
        while let Some(&byte) = buf.get(self.pos) {
            let moved = match (self.args_left, byte) {
                (0, b'*') => self.count(buf)?,
                (0, b'#') => self.comment(buf)?,
                (0, _) => return Err(self.bad("no command starts here")),
                (_, b'$') => self.argument(buf)?,
                (_, _) => return Err(self.bad("an argument's length is missing")),
            };
            if !moved {
                break;
            }
        }
        Ok(())
    }

    /// End of what is whole: commands, transactions and comments.
    pub fn whole(&self) -> usize {
        self.whole
    }

    /// Whether a transaction has begun and not ended.
    pub fn in_multi(&self) -> bool {
        self.in_multi
    }

    /// Commands scanned to their ends.
    pub fn commands(&self) -> u64 {
        self.commands
    }

    /// Lines of commands scanned, with those of one that is not complete.
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// Where comments are that have not been taken.
    pub fn comments(&self) -> &[(usize, usize)] {
        &self.comments
    }

    /// Takes what is whole off the front of `buf`, without its comments.
    pub fn take_whole(&mut self, buf: &mut BytesMut) -> BytesMut {
        let whole = std::mem::take(&mut self.whole);
        self.pos -= whole;
        let run = buf.split_to(whole);
        if self.comments.is_empty() {
            return run;
        }
        let mut bare = BytesMut::with_capacity(run.len());
        let mut at = 0;
        // None reaches beyond what is whole, unless it stands in a transaction that is not.
        let inside = self.comments.partition_point(|(_, end)| *end <= whole);
        for (start, end) in self.comments.drain(..inside) {
            bare.extend_from_slice(&run[at..start]);
            at = end;
        }
        bare.extend_from_slice(&run[at..]);
        self.comments.iter_mut().for_each(|c| *c = (c.0 - whole, c.1 - whole));
        bare
    }

    fn bad(&self, what: &'static str) -> Bad {
        Bad { at: self.pos, what }
    }

    fn count(&mut self, buf: &[u8]) -> Result<bool, Bad> {
        match number(buf, self.pos + 1) {
            Number::Value(n @ 1.., next) => {
                (self.args_left, self.at_name, self.pos) = (n, true, next);
                self.lines += 1;
            }
            Number::Short => return Ok(false),
            _ => return Err(self.bad("a command's number of arguments is wrong")),
        }
        Ok(true)
    }

    #[inline]
    fn argument(&mut self, buf: &[u8]) -> Result<bool, Bad> {
        let (len, start) = match number(buf, self.pos + 1) {
            Number::Value(len, next) if len < MAX_ARGUMENT_BYTES => (len as usize, next),
            Number::Short => return Ok(false),
            _ => return Err(self.bad("an argument's length is wrong")),
        };
        self.lines += u64::from(!self.length_counted);
        self.length_counted = true;
        let end = start + len;
        match buf.get(end..) {
            Some([b'\r', b'\n', ..]) => {}
            None | Some([] | [b'\r']) => return Ok(false),
            Some(_) => return Err(Bad { at: end, what: "an argument does not end where it should" }),
        }
        if self.at_name {
            self.name(&buf[start..end])?;
            self.at_name = false;
        }
        self.pos = end + 2;
        self.lines += 1;
        self.length_counted = false;
        self.args_left -= 1;
        if self.args_left == 0 {
            self.end_command();
        }
        Ok(true)
    }

    /// Looks at a command's name.
    #[inline]
    fn name(&mut self, name: &[u8]) -> Result<(), Bad> {
        match name.len() {
            5 if name.eq_ignore_ascii_case(b"multi") => {
                if self.in_multi {
                    return Err(self.bad("MULTI inside a transaction"));
                }
                self.in_multi = true;
            }
            4 if name.eq_ignore_ascii_case(b"exec") => {
                if !self.in_multi {
                    return Err(self.bad("EXEC without MULTI"));
                }
                self.ends_multi = true;
            }
            7 if name.eq_ignore_ascii_case(b"discard") => self.ends_multi = true,
            _ => {}
        }
        Ok(())
    }

    #[inline]
    fn end_command(&mut self) {
        self.commands += 1;
        if self.ends_multi {
            (self.ends_multi, self.in_multi) = (false, false);
        }
        if !self.in_multi {
            self.whole = self.pos;
        }
    }

    fn comment(&mut self, buf: &[u8]) -> Result<bool, Bad> {
        let line = &buf[self.pos..];
        let room = line.len().min(MAX_COMMENT_LEN);
        let Some(end) = memchr::memchr(b'\n', &line[..room]) else {
            if room == MAX_COMMENT_LEN {
                return Err(self.bad("a comment is too long"));
            }
            return Ok(false);
        };
        if !is_foreign_comment(&line[..=end], self.ours) {
            return Err(self.bad("a comment does not belong here"));
        }
        self.comments.push((self.pos, self.pos + end + 1));
        self.pos += end + 1;
        if !self.in_multi {
            self.whole = self.pos;
        }
        Ok(true)
    }
}

/// The number in a line that begins at `at`, and where the next line begins.
#[inline]
fn number(buf: &[u8], at: usize) -> Number {
    let mut n = 0u64;
    for (i, &byte) in buf[at..].iter().enumerate().take(12) {
        match byte {
            b'0'..=b'9' => n = n * 10 + u64::from(byte - b'0'),
            b'\r' if i > 0 => {
                return match buf.get(at + i + 1) {
                    None => Number::Short,
                    Some(b'\n') => Number::Value(n, at + i + 2),
                    Some(_) => Number::Bad,
                };
            }
            _ => return Number::Bad,
        }
    }
    if buf.len() - at < 12 { Number::Short } else { Number::Bad }
}
