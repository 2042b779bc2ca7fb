//! The options that SET, GETEX and MSETEX share: a condition, and what becomes of the
//! expiry.
//!
//! Each option excludes its alternatives but may be repeated, and the last one counts. The
//! time is read only when the command gets to it, because what a command complains about
//! first differs.

use super::super::{ctx::Ctx, row::Arg};
use crate::{base::num::parse_i64, protocol::Error};

/// Which options a command knows besides the times.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    Set,
    GetEx,
    MsetEx,
}

/// When a value is to be set.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Condition<'a> {
    Always,
    /// NX
    Missing,
    /// XX
    Present,
    /// IFEQ
    Equals(&'a [u8]),
}

/// What becomes of the expiry.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Expiry<'a> {
    None,
    /// KEEPTTL
    Keep,
    /// PERSIST
    Persist,
    Time(Time<'a>),
}

/// A time as the client wrote it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Time<'a> {
    pub text: &'a [u8],
    pub unit: Unit,
    /// A unix time, not a distance from now.
    pub absolute: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Seconds,
    Milliseconds,
}

/// Parsed options.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    pub condition: Condition<'a>,
    /// GET
    pub get: bool,
    pub expiry: Expiry<'a>,
}

impl<'a> Options<'a> {
    /// Parses the arguments from `from` on.
    ///
    /// # Errors
    /// SYNTAX for what the command does not know or what contradicts itself.
    pub fn parse(ctx: &Ctx<'a, '_>, from: usize, dialect: Dialect) -> Result<Options<'a>, Error> {
        let mut o = Options { condition: Condition::Always, get: false, expiry: Expiry::None };
        let mut i = from;
        while i < ctx.argc() {
            let next = ctx.args.get(i + 1);
            i += match next {
                Some(value) if o.take_pair(ctx.arg(i), value, dialect) => 2,
                _ if o.take_word(ctx.arg(i), dialect) => 1,
                _ => return Err(Error::SYNTAX),
            };
        }
        Ok(o)
    }

    fn take_word(&mut self, word: &[u8], dialect: Dialect) -> bool {
        let is = |w: &str| word.eq_ignore_ascii_case(w.as_bytes());
        let sets = dialect != Dialect::GetEx;
        if sets && is("NX") {
            self.set_condition(Condition::Missing)
        } else if sets && is("XX") {
            self.set_condition(Condition::Present)
        } else if dialect == Dialect::Set && is("GET") {
            self.get = true;
            true
        } else if sets && is("KEEPTTL") {
            self.set_expiry(Expiry::Keep)
        } else if !sets && is("PERSIST") {
            self.set_expiry(Expiry::Persist)
        } else {
            false
        }
    }

    fn take_pair(&mut self, word: &[u8], value: &'a [u8], dialect: Dialect) -> bool {
        let is = |w: &str| word.eq_ignore_ascii_case(w.as_bytes());
        let (unit, absolute) = if is("EX") {
            (Unit::Seconds, false)
        } else if is("PX") {
            (Unit::Milliseconds, false)
        } else if is("EXAT") {
            (Unit::Seconds, true)
        } else if is("PXAT") {
            (Unit::Milliseconds, true)
        } else {
            return dialect == Dialect::Set && is("IFEQ") && self.set_condition(Condition::Equals(value));
        };
        self.set_expiry(Expiry::Time(Time { text: value, unit, absolute }))
    }

    fn set_condition(&mut self, c: Condition<'a>) -> bool {
        use Condition::*;
        let fits = matches!(
            (self.condition, c),
            (Always, _) | (Missing, Missing) | (Present, Present) | (Equals(_), Equals(_))
        );
        if fits {
            self.condition = c;
        }
        fits
    }

    fn set_expiry(&mut self, e: Expiry<'a>) -> bool {
        let fits = match (self.expiry, e) {
            (Expiry::None, _) => true,
            (Expiry::Time(a), Expiry::Time(b)) => (a.unit, a.absolute) == (b.unit, b.absolute),
            (a, b) => a == b,
        };
        if fits {
            self.expiry = e;
        }
        fits
    }
}

impl Time<'_> {
    /// The unix time in ms.
    ///
    /// # Errors
    /// NOT_INT, or invalid expire time if it is not positive or too large.
    pub fn resolve(&self, ctx: &Ctx) -> Result<u64, Error> {
        let n = parse_i64(self.text).ok_or(Error::NOT_INT)?;
        let per_unit = if self.unit == Unit::Seconds { 1000 } else { 1 };
        let base = if self.absolute { 0 } else { ctx.now.wall.0 as i64 };
        let at = Some(n).filter(|n| *n > 0).and_then(|n| n.checked_mul(per_unit)?.checked_add(base));
        at.map(|at| at as u64).ok_or_else(|| Error::invalid_expire(ctx.row.name))
    }
}

/// The times in COMMAND DOCS, followed by what else a command takes in their place.
pub const SECONDS: Arg = Arg::int("seconds").after("EX");
pub const MILLISECONDS: Arg = Arg::int("milliseconds").after("PX");
pub const UNIX_SECONDS: Arg = Arg::unix_time("unix-time-seconds").after("EXAT");
pub const UNIX_MILLISECONDS: Arg = Arg::unix_time("unix-time-milliseconds").after("PXAT");
