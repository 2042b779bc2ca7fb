//! What the commands that walk a collection in steps have in common: their options, the
//! loop over steps, and a reply whose cursor comes first and is known last.

use super::ctx::{Ctx, DONE, Outcome};
use crate::{
    base::{
        glob,
        num::{parse_i64, parse_u64},
    },
    data::packed::Item,
    protocol::{Error, Output, Reply},
    session::Args,
};

/// What the options ask for.
pub struct Options<'a> {
    pattern: Option<&'a [u8]>,
    /// Elements to look at, about.
    count: u64,
    /// False if NOVALUES or NOSCORES leaves out what comes with each element.
    pub values: bool,
}

impl<'a> Options<'a> {
    /// Reads the options from argument 3 on. `no_values` is the word that this command knows
    /// for leaving out values, if any.
    ///
    /// # Errors
    /// As Valkey's.
    pub fn parse(args: Args<'a>, no_values: Option<&str>) -> Result<Options<'a>, Error> {
        let mut o = Options { pattern: None, count: 10, values: true };
        let mut i = 3;
        while i < args.len() {
            let has_value = i + 1 < args.len();
            match args.at(i) {
                w if w.eq_ignore_ascii_case(b"COUNT") && has_value => {
                    let n = parse_i64(args.at(i + 1)).ok_or(Error::NOT_INT)?;
                    o.count = u64::try_from(n).ok().filter(|n| *n > 0).ok_or(Error::SYNTAX)?;
                    i += 2;
                }
                w if w.eq_ignore_ascii_case(b"MATCH") && has_value => {
                    o.pattern = Some(args.at(i + 1)).filter(|p| *p != b"*");
                    i += 2;
                }
                w if no_values.is_some_and(|word| w.eq_ignore_ascii_case(word.as_bytes())) => {
                    o.values = false;
                    i += 1;
                }
                w if w.eq_ignore_ascii_case(b"NOVALUES") => {
                    return Err(Error::Static("ERR NOVALUES option can only be used in HSCAN"));
                }
                w if w.eq_ignore_ascii_case(b"NOSCORES") => {
                    return Err(Error::Static("ERR NOSCORES option can only be used in ZSCAN"));
                }
                _ => return Err(Error::SYNTAX),
            }
        }
        Ok(o)
    }

    /// Whether the pattern, if there is one, matches the element.
    pub fn wants(&self, element: Item) -> bool {
        self.pattern.is_none_or(|p| element.with_text(|text| glob::matches_case(p, text)))
    }
}

/// The cursor, in argument 2.
///
/// # Errors
/// INVALID_CURSOR if it is no number.
pub fn cursor(ctx: &Ctx) -> Result<u64, Error> {
    parse_u64(ctx.arg(2)).ok_or(Error::INVALID_CURSOR)
}

/// Replies that there is nothing to walk over.
pub fn reply_nothing(out: &mut Reply) -> Outcome {
    out.array(2);
    out.bulk_int(0);
    out.array(0);
    DONE
}

/// Takes steps from `cursor` on and replies what they find. `step` takes one: it writes the
/// elements that the options want, adds how many replies that made and how many elements it
/// looked at to the two counters, and returns the next cursor.
pub fn reply(
    out: &mut Reply,
    mut cursor: u64,
    options: &Options,
    mut step: impl FnMut(u64, &mut Reply, &mut Tally) -> u64,
) -> Outcome {
    let mut found = Output::new();
    let mut elements = Reply::new(&mut found, out.resp3);
    let (mut tally, mut steps) = (Tally::default(), 0);
    loop {
        cursor = step(cursor, &mut elements, &mut tally);
        steps += 1;
        // Sparse tables must not turn one command into a walk over everything.
        if cursor == 0 || tally.seen >= options.count || steps > options.count.saturating_mul(10) {
            break;
        }
    }
    out.array(2);
    out.bulk_fmt(format_args!("{cursor}"));
    out.array(tally.replied);
    out.raw(&found.to_vec());
    DONE
}

/// What the steps of a walk have come to.
#[derive(Default)]
pub struct Tally {
    /// Elements looked at.
    pub seen: u64,
    /// Replies written.
    pub replied: usize,
}
