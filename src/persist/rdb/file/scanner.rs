//! Takes a file apart as its bytes arrive, without making any value.
//!
//! Chunks are fed in as they come, cut anywhere; [`Scanner::next`] hands out what has arrived
//! whole. Keys come many at a time ([`Batch`]), still in the form they have in the file,
//! so that others can decode them elsewhere. What is kept is at most the item that has not
//! arrived whole and one chunk. An item that does not fit is looked at again when what it
//! lacks for sure has arrived, and half as much again as before at least: so the total effort
//! stays in proportion to the file's size however large one value is.
//!
//! Where the length of the file is known, a claim that goes beyond its end is an error at
//! once.

use super::{
    CHECKSUM_BYTES, Damage, MAGIC_BYTES, module_name, op,
    record::{Batch, Lead},
    skip,
};
use crate::persist::{
    checksum::Checksum,
    rdb::{self, Corrupt, Reader, VERSION_VALKEY_9, kind},
};
use bytes::{Bytes, BytesMut};

/// A batch ends with the key that reaches this size.
const BATCH_BYTES: usize = 128 << 10;
/// The first version that says things about itself.
const AUX_SINCE: u16 = 7;
/// The first version with a checksum at its end.
const CHECKSUM_SINCE: u16 = 5;

/// What a file consists of.
#[derive(Clone, Debug)]
pub enum Item {
    /// The magic, with the version.
    Version(u16),
    /// What the file says about itself.
    Aux {
        name: Bytes,
        value: Bytes,
    },
    /// How many keys the database has that follows, and how many expire.
    Sizes {
        db: u32,
        keys: u64,
        expiring: u64,
    },
    /// The code of a library of functions.
    Function(Bytes),
    Keys(Batch),
    /// The end; nothing more comes.
    End(Checked),
}

/// What the checksum says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    Right,
    /// The file was written without one.
    Absent,
    /// Nobody asked.
    Unchecked,
}

/// How a file is read.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Refuse versions that neither this server nor its ancestors wrote.
    pub strict: bool,
    /// Check the checksum.
    pub checksum: bool,
    /// Length of the file, if it is known.
    pub len: Option<u64>,
    /// Other things may follow the end.
    pub more_follows: bool,
}

enum Phase {
    Magic,
    Items,
    Checksum,
    Done,
}

/// See the module.
pub struct Scanner {
    options: Options,
    phase: Phase,
    /// What has arrived and was not handed out, and where in the file that is.
    rest: Bytes,
    at: u64,
    /// How much of it there must be before another look makes sense.
    need: usize,
    ended: bool,
    version: u16,
    db: u32,
    sum: Checksum,
}

/// What a look at the next item found.
enum Seen {
    /// It belongs to a batch; how many keys it is.
    Whole(u64),
    /// It stands alone; its first byte.
    Other(u8),
    /// It cannot be read, whatever follows.
    Refused(String),
}

impl Scanner {
    /// Reads from the beginning of a file.
    pub fn new(options: Options) -> Scanner {
        Scanner {
            options,
            phase: Phase::Magic,
            rest: Bytes::new(),
            at: 0,
            need: MAGIC_BYTES,
            ended: false,
            version: 0,
            db: 0,
            sum: Checksum::default(),
        }
    }

    /// Takes in the next chunk.
    pub fn feed(&mut self, chunk: Bytes) {
        if self.rest.is_empty() {
            self.rest = chunk;
            return;
        }
        let mut rest = BytesMut::from(std::mem::take(&mut self.rest));
        if rest.capacity() - rest.len() < chunk.len() {
            rest.reserve(chunk.len().max(rest.len()));
        }
        rest.extend_from_slice(&chunk);
        self.rest = rest.freeze();
    }

    /// Says that no more chunks come: what is not whole now never will be.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// Offset of what has not been handed out: after [`Item::End`], of what follows the file.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Takes what was fed in and does not belong to the file.
    pub fn into_rest(self) -> Bytes {
        self.rest
    }

    /// The next item; `None` if more has to be fed in first, or after the end.
    ///
    /// # Errors
    /// If the bytes are not what they should be. Nothing can be read after that.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<Item>, Damage> {
        if self.rest.len() < self.need && !self.ended {
            return Ok(None);
        }
        match self.phase {
            Phase::Magic => self.magic(),
            Phase::Items => self.item(),
            Phase::Checksum => self.checksum(),
            Phase::Done => Ok(None),
        }
    }

    fn damage(&self, c: &Corrupt) -> Damage {
        let at = self.at + c.at as u64;
        match c.missing {
            0 => Damage::at(at, c.what),
            _ => Damage::at(at, format!("the file ends too early: {}", c.what)),
        }
    }

    /// Waits for what is missing, if it can still come.
    fn wait(&mut self, c: &Corrupt) -> Result<Option<Item>, Damage> {
        let have = self.rest.len() as u64;
        let beyond = self.options.len.is_some_and(|len| c.missing > len.saturating_sub(self.at + have));
        if c.missing == 0 || self.ended || beyond {
            return Err(self.damage(c));
        }
        self.need = have.saturating_add(c.missing.max(have / 2)) as usize;
        // The last item may be all that is left.
        if let Some(len) = self.options.len {
            self.need = self.need.min((len - self.at) as usize);
        }
        Ok(None)
    }

    /// Hands over the first `n` bytes.
    fn consume(&mut self, n: usize) -> Bytes {
        let taken = self.rest.split_to(n);
        if self.options.checksum {
            self.sum.add(&taken);
        }
        self.at += n as u64;
        self.need = 1;
        taken
    }

    fn magic(&mut self) -> Result<Option<Item>, Damage> {
        let Some(magic) = self.rest.get(..MAGIC_BYTES) else {
            return Err(Damage::at(self.rest.len() as u64, "the file ends too early: no RDB file"));
        };
        let (digits, valkey) = match (magic.strip_prefix(b"REDIS"), magic.strip_prefix(b"VALKEY")) {
            (Some(digits), _) => (digits, false),
            (_, Some(digits)) => (digits, true),
            _ => return Err(Damage::at(0, "no RDB file: wrong signature")),
        };
        let version = digits.iter().try_fold(0u16, |n, d| d.is_ascii_digit().then(|| n * 10 + u16::from(d - b'0')));
        let version = version.filter(|v| *v >= 1 && rdb::is_known(*v, self.options.strict));
        match version {
            Some(v) if (v >= VERSION_VALKEY_9) == valkey => self.version = v,
            _ => {
                let magic = String::from_utf8_lossy(magic).into_owned();
                return Err(Damage::at(0, format!("can't handle RDB format version '{magic}'")));
            }
        }
        self.consume(MAGIC_BYTES);
        self.phase = Phase::Items;
        Ok(Some(Item::Version(self.version)))
    }

    /// As many keys as there are, or one other item.
    fn item(&mut self) -> Result<Option<Item>, Damage> {
        let rest = self.rest.clone();
        let mut r = Reader::new(&rest);
        let (mut end, mut keys, first_db) = (0, 0, self.db);
        while end < BATCH_BYTES {
            match self.look(&mut r) {
                Ok(Seen::Whole(n)) => keys += n,
                // What is whole goes first.
                Ok(Seen::Other(_) | Seen::Refused(_)) if end > 0 => break,
                Err(c) if c.missing > 0 && end > 0 => break,
                Ok(Seen::Other(op)) => return self.other(op, &mut r),
                Ok(Seen::Refused(what)) => return Err(Damage::at(self.at + r.at() as u64, what)),
                Err(c) => return self.wait(&c),
            }
            end = r.at();
        }
        let at = self.at;
        Ok(Some(Item::Keys(Batch { db: first_db, at, bytes: self.consume(end), keys })))
    }

    /// Goes over one key and what says where it belongs, or says what else there is, of which
    /// only the first byte is read.
    fn look(&mut self, r: &mut Reader) -> Result<Seen, Corrupt> {
        let prefix = match Lead::read(r)? {
            Lead::Database(db) => {
                self.db = db;
                return Ok(Seen::Whole(0));
            }
            Lead::Hint => return Ok(Seen::Whole(0)),
            Lead::Other(op) => return Ok(Seen::Other(op)),
            Lead::Key(prefix) => prefix,
        };
        r.skip_text()?;
        match prefix.kind {
            kind::MODULE_PRE_GA | kind::MODULE => {
                let name = module_name(r.number()?);
                return Ok(Seen::Refused(format!("a value of the module '{name}', which is not supported")));
            }
            kind::HASH_2 if self.version < VERSION_VALKEY_9 => {
                return Ok(Seen::Refused("a hash of an unfinished release of Redis 7.4".into()));
            }
            known if skip::knows(known) => skip::body(known, r)?,
            unknown => return Ok(Seen::Refused(format!("unknown type of value or opcode {unknown}"))),
        }
        Ok(Seen::Whole(1))
    }

    /// The rest of an item that stands alone.
    fn other(&mut self, op: u8, r: &mut Reader) -> Result<Option<Item>, Damage> {
        if op == op::EOF {
            self.consume(r.at());
            return self.last();
        }
        match self.details(op, r) {
            Ok(Ok(item)) => {
                self.consume(r.at());
                Ok(Some(item))
            }
            Ok(Err(what)) => Err(Damage::at(self.at, what)),
            Err(c) => self.wait(&c),
        }
    }

    fn details(&self, op: u8, r: &mut Reader) -> Result<Result<Item, String>, Corrupt> {
        let text = |r: &mut Reader| r.text().map(|t| Bytes::copy_from_slice(&t));
        Ok(match op {
            op::AUX if self.version < AUX_SINCE => Err("an opcode that this version does not have".into()),
            op::AUX => Ok(Item::Aux { name: text(r)?, value: text(r)? }),
            op::RESIZEDB => Ok(Item::Sizes { db: self.db, keys: r.number()?, expiring: r.number()? }),
            op::FUNCTION2 => Ok(Item::Function(text(r)?)),
            op::FUNCTION_PRE_GA => Err("functions in the format of a candidate of release 7.0".into()),
            op::MODULE_AUX => {
                let name = module_name(r.number()?);
                Err(format!("data of the module '{name}', which is not supported"))
            }
            op::SLOT_IMPORT => Err("an unfinished import of slots, which is not supported".into()),
            _ => Err(format!("unknown opcode {op}")),
        })
    }

    /// What comes after the opcode that says that the end has come.
    fn last(&mut self) -> Result<Option<Item>, Damage> {
        if self.version >= CHECKSUM_SINCE {
            self.phase = Phase::Checksum;
            self.need = CHECKSUM_BYTES;
            return self.next();
        }
        self.done(Checked::Absent)
    }

    fn checksum(&mut self) -> Result<Option<Item>, Damage> {
        let stored = match Reader::new(&self.rest).array() {
            Ok(bytes) => u64::from_le_bytes(bytes),
            Err(c) => return self.wait(&c),
        };
        let sum = self.sum.value();
        let checked = match self.options.checksum {
            false => Checked::Unchecked,
            true if stored == 0 => Checked::Absent,
            true if stored == sum => Checked::Right,
            true => {
                let what = format!("wrong checksum (CRC error): the file says {stored:016x}, its content {sum:016x}");
                return Err(Damage::at(self.at, what));
            }
        };
        self.consume(CHECKSUM_BYTES);
        self.done(checked)
    }

    fn done(&mut self, checked: Checked) -> Result<Option<Item>, Damage> {
        self.phase = Phase::Done;
        let longer = !self.rest.is_empty() || self.options.len.is_some_and(|len| len > self.at);
        if longer && !self.options.more_follows {
            return Err(Damage::at(self.at, "bytes after the end"));
        }
        Ok(Some(Item::End(checked)))
    }
}
