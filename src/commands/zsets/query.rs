//! What ZRANGE and its kin ask for.

use super::{
    super::{args::span, ctx::Ctx},
    NOT_LEX, NOT_SCORES,
};
use crate::{
    data::zset::range::{LexRange, ScoreRange},
    keyspace::zset::ZsetRef,
    protocol::Error,
};
use std::ops::Range;

/// By what a range is given.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Rank,
    Score,
    Lex,
}

/// The two ends of a range.
enum Ends<'a> {
    Ranks(i64, i64),
    Scores(ScoreRange),
    Names(LexRange<'a>),
}

/// A range of a sorted set, and how to show it.
pub(super) struct Query<'a> {
    ends: Ends<'a>,
    /// The highest first.
    pub reverse: bool,
    /// How many members to pass over, and how many to show then, if not all.
    offset: i64,
    limit: Option<usize>,
    /// Scores are wanted, too.
    pub scores: bool,
}

impl<'a> Query<'a> {
    /// Parses `key start stop` from argument `at` on and the options after that. A command
    /// may leave no choice of kind or direction; one that stores takes no WITHSCORES.
    ///
    /// # Errors
    /// As Valkey's.
    pub fn parse(
        ctx: &Ctx<'a, '_>,
        at: usize,
        stores: bool,
        by: Option<By>,
        reverse: Option<bool>,
    ) -> Result<Query<'a>, Error> {
        let (mut scores, mut window, mut i) = (false, (0, -1), at + 3);
        let (mut chosen, mut backwards) = (by, reverse);
        while i < ctx.argc() {
            if !stores && ctx.is(i, "WITHSCORES") {
                scores = true;
            } else if ctx.is(i, "LIMIT") && i + 2 < ctx.argc() {
                window = (ctx.int(i + 1)?, ctx.int(i + 2)?);
                i += 2;
            } else if reverse.is_none() && ctx.is(i, "REV") {
                backwards = Some(true);
            } else if chosen.is_none() && ctx.is(i, "BYLEX") {
                chosen = Some(By::Lex);
            } else if chosen.is_none() && ctx.is(i, "BYSCORE") {
                chosen = Some(By::Score);
            } else {
                return Err(Error::SYNTAX);
            }
            i += 1;
        }
        let (by, reverse) = (chosen.unwrap_or(By::Rank), backwards.unwrap_or(false));
        if window.1 != -1 && by == By::Rank {
            return Err(Error::Static(
                "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
            ));
        }
        if scores && by == By::Lex {
            return Err(Error::Static("ERR syntax error, WITHSCORES not supported in combination with BYLEX"));
        }
        let (start, stop) = (ctx.arg(at + 1), ctx.arg(at + 2));
        let (min, max) = if reverse { (stop, start) } else { (start, stop) };
        let ends = match by {
            By::Rank => Ends::Ranks(ctx.int(at + 1)?, ctx.int(at + 2)?),
            By::Score => Ends::Scores(ScoreRange::parse(min, max).ok_or(NOT_SCORES)?),
            By::Lex => Ends::Names(LexRange::parse(min, max).ok_or(NOT_LEX)?),
        };
        Ok(Query { ends, reverse, offset: window.0, limit: usize::try_from(window.1).ok(), scores })
    }

    /// The ranks of the members asked for, counted from the lowest.
    pub fn ranks(&self, set: ZsetRef) -> Range<usize> {
        let range = match &self.ends {
            Ends::Ranks(start, stop) => {
                let len = set.len();
                let span = span(*start, *stop, len);
                return if self.reverse { len - span.end..len - span.start } else { span };
            }
            Ends::Scores(range) => set.score_range(range),
            Ends::Names(range) => set.lex_range(range, self.reverse),
        };
        // Passing over a negative number of members never ends before the last.
        let skip = usize::try_from(self.offset).unwrap_or(usize::MAX).min(range.len());
        let take = self.limit.unwrap_or(usize::MAX).min(range.len() - skip);
        if self.reverse {
            let end = range.end - skip;
            end - take..end
        } else {
            let start = range.start + skip;
            start..start + take
        }
    }
}
