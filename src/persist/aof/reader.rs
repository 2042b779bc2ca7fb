//! Reads one append-only file: chunks in, runs of whole commands out, at the end a verdict.
//!
//! In a file of ours, a batch is given out when all of it is there and its checksum is right.
//! What follows the first batch that is not is never given out, and only looked through for
//! marks that say it had been synced: if one does, this is rot ([`Damage`]); if none does, it is
//! what a loss of power left of writes nobody was promised, and the file may be cut there
//! ([`End::Torn`]). After power loss unsynced sectors may each be there, missing or garbage, so
//! several batches at the end may be damaged in any way, with sound ones between them.
//!
//! Other servers write no checksums, and append their commands to a file of ours if they are
//! started on it. There only the structure decides, as it does for them: bytes that are no
//! command are damage, a command or transaction that stops at the end of the file is a torn tail.

use super::{
    annotation::{self, Found, HEADER_LEN, MARK_LEN, MAX_STAMP_LEN, Mark, Place, Stamp},
    scan::{Bad, Scan},
};
use bytes::{Buf, BytesMut};
use std::fmt;

/// Bytes that were promised and are not what they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Offset in the file.
    pub at: u64,
    pub what: &'static str,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at offset {}", self.what, self.at)
    }
}

impl std::error::Error for Damage {}

/// How a file ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Everything in it was given out. `closed`: the line that ends a file is there.
    Whole { closed: bool },
    /// What follows this offset was never known to be durable, and is not whole.
    Torn { at: u64, what: &'static str },
}

/// Reads one file.
#[derive(Debug)]
pub struct Reader {
    /// The bytes from `at` on.
    buf: BytesMut,
    at: u64,
    state: State,
    /// No bytes follow those in `buf`.
    ended: bool,
    /// A mark that ends the file was the last.
    closed: bool,
    /// The highest offset that a mark of a batch given out says is durable.
    vouched: u64,
    /// Commands given out of what another server wrote.
    commands: u64,
    /// Where time stamps are and what they say, if anybody wants to know.
    stamps: Option<Vec<(u64, u64)>>,
}

#[derive(Debug)]
enum State {
    /// The first line may be ours.
    Start,
    Batches {
        salt: u64,
    },
    /// What other servers write. `salt`: the file began as one of ours.
    Foreign {
        scan: Scan,
        salt: Option<u64>,
    },
    /// Looking for marks that vouch for the batch at `from`.
    Lost {
        salt: u64,
        from: u64,
        what: &'static str,
    },
}

/// Enough for any lines of ours.
const LINES: usize = MAX_STAMP_LEN + MARK_LEN;

impl Reader {
    /// A reader of a file from its start.
    pub fn new() -> Reader {
        Reader {
            buf: BytesMut::new(),
            at: 0,
            state: State::Start,
            ended: false,
            closed: false,
            vouched: 0,
            commands: 0,
            stamps: None,
        }
    }

    /// A reader of the commands that follow something else in a file, such as an RDB preamble.
    pub fn after(at: u64) -> Reader {
        let state = State::Foreign { scan: Scan::default(), salt: None };
        Reader { at, state, ..Reader::new() }
    }

    /// Makes the reader keep time stamps for [`Reader::take_stamps`].
    pub fn keep_stamps(&mut self) {
        self.stamps = Some(Vec::new());
    }

    /// The time stamps passed since the last call, each with its offset and Unix seconds.
    pub fn take_stamps(&mut self) -> Vec<(u64, u64)> {
        self.stamps.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Offset before which everything is whole.
    pub fn whole(&self) -> u64 {
        if let State::Lost { from, .. } = self.state { from } else { self.at }
    }

    /// Takes the file's next bytes.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.buf.extend_from_slice(chunk);
    }

    /// Hears that no bytes follow; to be said before the last [`Reader::next_run`].
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Offset up to which the file has been looked at.
    pub fn offset(&self) -> u64 {
        self.at
    }

    /// Whether more of the file than its first line is known to have been durable once. Such a
    /// file was written when all before it was durable.
    pub fn is_vouched(&self) -> bool {
        self.vouched > HEADER_LEN as u64
    }

    /// Lines of commands that another server wrote, with those of one that is not complete.
    pub fn foreign_lines(&self) -> u64 {
        if let State::Foreign { scan, .. } = &self.state { scan.lines() } else { 0 }
    }

    /// The salt of a file of ours that no other server has written to: it can be gone on with.
    pub fn salt(&self) -> Option<u64> {
        match self.state {
            State::Batches { salt } | State::Lost { salt, .. } => Some(salt),
            _ => None,
        }
    }

    /// The next whole commands, without comments; `None` when more bytes are needed.
    ///
    /// # Errors
    /// The file is damaged; the reader is not to be used again.
    pub fn next_run(&mut self) -> Result<Option<BytesMut>, Damage> {
        loop {
            let run = match &mut self.state {
                State::Start => self.start()?,
                State::Batches { salt } => {
                    let salt = *salt;
                    self.batch(salt)?
                }
                State::Foreign { .. } => self.foreign()?,
                State::Lost { salt, from, what } => {
                    let lost = (*salt, *from, *what);
                    self.hunt(lost)?
                }
            };
            match run {
                Next::Run(run) => return Ok(Some(run)),
                Next::More => return Ok(None),
                Next::Again => {}
            }
        }
    }

    /// The verdict, after the file's last byte was fed and [`Reader::next_run`] wants more.
    ///
    /// # Errors
    /// The file is damaged.
    pub fn finish(&self) -> Result<End, Damage> {
        let torn = |what| End::Torn { at: self.at, what };
        Ok(match &self.state {
            State::Start | State::Batches { .. } if self.buf.is_empty() => End::Whole { closed: self.closed },
            State::Start => torn("the first line is not complete"),
            State::Batches { .. } => torn("a batch is not complete"),
            State::Foreign { scan, .. } if scan.in_multi() => torn("a transaction is not complete"),
            State::Foreign { .. } if self.buf.is_empty() => End::Whole { closed: false },
            State::Foreign { .. } => torn("a command is not complete"),
            State::Lost { from, what, .. } => End::Torn { at: *from, what },
        })
    }

    /// Removes bytes from the front.
    fn skip(&mut self, n: usize) {
        self.buf.advance(n);
        self.at += n as u64;
    }

    fn start(&mut self) -> Result<Next, Damage> {
        if self.buf.is_empty() {
            return Ok(Next::More);
        }
        let damaged = Damage { at: 0, what: "the first line is damaged" };
        // What has rotted in it shows only in all of it.
        if self.buf.len() < HEADER_LEN && !self.ended {
            return Ok(Next::More);
        }
        if !annotation::is_header(&self.buf) {
            if annotation::was_header(&self.buf) {
                return Err(damaged);
            }
            self.state = State::Foreign { scan: Scan::default(), salt: None };
            return Ok(Next::Again);
        }
        if self.buf.len() < HEADER_LEN {
            return Ok(Next::More);
        }
        // The first line was durable before the file was listed, so nothing can have torn it.
        let salt = annotation::parse_header(&self.buf).ok_or(damaged)?;
        self.skip(HEADER_LEN);
        self.state = State::Batches { salt };
        Ok(Next::Again)
    }

    fn batch(&mut self, salt: u64) -> Result<Next, Damage> {
        let place = Place { salt, at: self.at };
        let (mark, lines) = match annotation::find(&self.buf, place) {
            Found::Mark(mark, lines) => (mark, lines),
            Found::Incomplete => return Ok(Next::More),
            Found::Foreign => {
                self.state = State::Foreign { scan: Scan::new(true), salt: Some(salt) };
                return Ok(Next::Again);
            }
            Found::Damaged => return Ok(self.lose(salt, self.at, "no batch starts here")),
        };
        let Some(batch) = self.buf[lines..].get(..mark.len as usize) else {
            // Whether bytes are missing or a later mark vouches for them shows at the end.
            return Ok(Next::More);
        };
        if annotation::checksum(batch) != mark.sum {
            return Ok(self.lose(salt, self.at, "a batch does not match its checksum"));
        }
        self.note_stamp(self.at, 0);
        (self.closed, self.vouched) = (mark.end, self.vouched.max(mark.durable));
        self.skip(lines);
        self.at += mark.len;
        let run = self.buf.split_to(mark.len as usize);
        Ok(if run.is_empty() { Next::Again } else { Next::Run(run) })
    }

    fn foreign(&mut self) -> Result<Next, Damage> {
        let State::Foreign { scan, salt } = &mut self.state else { unreachable!("the caller looked") };
        let scanned = scan.advance(&self.buf);
        let (whole, new) = (scan.whole(), scan.commands() > 0);
        match (scanned, *salt) {
            // Bytes of a torn batch that look like the start of a command.
            (Err(bad), Some(salt)) if self.commands == 0 && !new => return Ok(self.lose(salt, self.at, bad.what)),
            (Err(Bad { at, what }), _) if whole == 0 => return Err(Damage { at: self.at + at as u64, what }),
            // An error behind whole commands comes again when they are gone.
            _ => {}
        }
        self.closed = false;
        if whole == 0 {
            return Ok(Next::More);
        }
        self.commands = scan.commands();
        if self.stamps.is_some() {
            let inside: Vec<usize> = scan.comments().iter().map(|c| c.0).filter(|at| *at < whole).collect();
            inside.into_iter().for_each(|at| self.note_stamp(self.at + at as u64, at));
        }
        let State::Foreign { scan, .. } = &mut self.state else { unreachable!("it has not changed") };
        self.at += whole as u64;
        let run = scan.take_whole(&mut self.buf);
        Ok(if run.is_empty() { Next::Again } else { Next::Run(run) })
    }

    /// Keeps a time stamp that begins at an index of the buffer.
    fn note_stamp(&mut self, at: u64, index: usize) {
        if let Some(stamps) = &mut self.stamps
            && let Stamp::Seconds(seconds, _) = annotation::stamp(&self.buf[index..])
        {
            stamps.push((at, seconds));
        }
    }

    fn lose(&mut self, salt: u64, from: u64, what: &'static str) -> Next {
        self.state = State::Lost { salt, from, what };
        Next::Again
    }

    /// Looks for a mark that says the lost bytes had been durable.
    fn hunt(&mut self, (salt, from, what): (u64, u64, &'static str)) -> Result<Next, Damage> {
        while let Some(i) = memchr::memchr(b'#', &self.buf) {
            self.skip(i);
            match annotation::find(&self.buf, Place { salt, at: self.at }) {
                Found::Mark(Mark { durable, .. }, _) if durable > from => return Err(Damage { at: from, what }),
                Found::Incomplete if self.buf.len() < LINES => return Ok(Next::More),
                _ => self.skip(1),
            }
        }
        let rest = self.buf.len();
        self.skip(rest);
        Ok(Next::More)
    }
}

impl Default for Reader {
    fn default() -> Reader {
        Reader::new()
    }
}

/// What a step came to.
enum Next {
    Run(BytesMut),
    More,
    Again,
}
