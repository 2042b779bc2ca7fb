//! MAXLEN and MINID, as XADD and XTRIM take them.

use super::{super::ctx::Ctx, id_arg};
use crate::{
    data::stream::{Id, Log, Trim},
    keyspace::stream::StreamMut,
    protocol::Error,
};

/// Most entries that approximate trimming removes unless LIMIT says otherwise.
const MAX_DEFAULT_LIMIT: u64 = 1_000_000;

/// What is to be trimmed; collected option by option.
#[derive(Default)]
pub struct TrimArgs {
    strategy: Option<Trim>,
    approximate: bool,
    limit: Option<u64>,
    /// The argument of the threshold.
    threshold_at: usize,
}

impl TrimArgs {
    /// Takes the option at argument `i`; returns where the next one is, or `None` if it is
    /// no option of this kind.
    pub fn option(&mut self, ctx: &Ctx, i: usize) -> Result<Option<usize>, Error> {
        let more = ctx.argc() - i - 1;
        if more == 0 {
            return Ok(None);
        }
        if ctx.is(i, "LIMIT") {
            self.limit = Some(ctx.int(i + 1)?.try_into().map_err(|_| LIMIT_NEGATIVE)?);
            return Ok(Some(i + 2));
        }
        let by_id = ctx.is(i, "MINID");
        if !by_id && !ctx.is(i, "MAXLEN") {
            return Ok(None);
        }
        if self.strategy.is_some() {
            return Err(BOTH);
        }
        let operator = more >= 2 && matches!(ctx.arg(i + 1), b"~" | b"=");
        self.approximate = operator && ctx.arg(i + 1) == b"~";
        let at = i + 1 + usize::from(operator);
        self.strategy = Some(if by_id {
            Trim::MinId(id_arg(ctx, at)?)
        } else {
            Trim::MaxLen(ctx.int(at)?.try_into().map_err(|_| MAXLEN_NEGATIVE)?)
        });
        self.threshold_at = at;
        Ok(Some(at + 1))
    }

    /// Checks the options against each other, once all have been taken.
    pub fn complete(&self, ctx: &Ctx, required: bool) -> Result<(), Error> {
        if self.strategy.is_none() && self.limit.is_some_and(|n| n > 0) {
            return Err(LIMIT_ALONE);
        }
        if self.strategy.is_none() && required {
            return Err(NO_STRATEGY);
        }
        if self.limit.is_some() && !self.approximate && !ctx.keys.access.replays() {
            return Err(LIMIT_EXACT);
        }
        Ok(())
    }

    /// Trims; returns how many entries are gone. `node_entries`: how many a node may hold.
    pub fn run(&self, node_entries: u64, stream: &mut StreamMut) -> u64 {
        let Some(strategy) = self.strategy else { return 0 };
        let limit = match (node_entries.saturating_mul(100), self.limit) {
            // In a log a limit stands beside what it came to.
            _ if !self.approximate => 0,
            (_, Some(limit)) => limit,
            (0, None) => 10_000,
            (n, None) => n.min(MAX_DEFAULT_LIMIT),
        };
        stream.trim(strategy, self.approximate, limit)
    }

    /// What the journal says instead: the length or the first id that approximate trimming
    /// came to, demanded exactly. `None` if that is what was asked.
    pub fn exactly(&self, log: &Log) -> Option<Exact> {
        let text = match self.strategy? {
            _ if !self.approximate => return None,
            Trim::MaxLen(_) => log.len().to_string(),
            Trim::MinId(_) if log.is_empty() => Id::MAX.to_string(),
            Trim::MinId(_) => log.first_id().to_string(),
        };
        Some(Exact { at: self.threshold_at, text })
    }
}

/// A threshold, and the argument that it stands in, behind an operator.
pub struct Exact {
    at: usize,
    text: String,
}

impl Exact {
    /// The arguments that change.
    pub fn replaced(&self) -> [(usize, &[u8]); 2] {
        [(self.at - 1, b"="), (self.at, self.text.as_bytes())]
    }
}

const LIMIT_NEGATIVE: Error = Error::Static("ERR The LIMIT argument must be >= 0.");
const MAXLEN_NEGATIVE: Error = Error::Static("ERR The MAXLEN argument must be >= 0.");
const BOTH: Error = Error::Static("ERR syntax error, MAXLEN and MINID options at the same time are not compatible");
const LIMIT_ALONE: Error =
    Error::Static("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy");
const NO_STRATEGY: Error = Error::Static("ERR syntax error, XTRIM must be called with a trimming strategy");
const LIMIT_EXACT: Error = Error::Static("ERR syntax error, LIMIT cannot be used without the special ~ option");
