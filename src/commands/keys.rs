//! Finding the keys among a request's arguments, as the row describes them.

use super::row::{Begin, Find, KeyFlags, KeySpec, Row};
use crate::{base::num::parse_i64, session::Args};

/// Calls `f` with the position of each key and what is done to it.
///
/// # Errors
/// `Err(())` when the arguments do not fit the specs (a key count that is no number or
/// points past the end).
pub fn each_key(row: &Row, args: Args, mut f: impl FnMut(usize, KeyFlags)) -> Result<(), Invalid> {
    if let Some(compute) = row.computed_keys {
        compute(args).into_iter().for_each(|(i, k)| f(i, k));
        return Ok(());
    }
    let actual = row.key_flags.map(|flags| flags(args));
    for spec in row.keys {
        each_of_spec(spec, args, &mut |i, flags| f(i, actual.unwrap_or(flags)))?;
    }
    Ok(())
}

/// The arguments do not fit the command's key specs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid;

fn each_of_spec(spec: &KeySpec, args: Args, f: &mut impl FnMut(usize, KeyFlags)) -> Result<(), Invalid> {
    if spec.flags.has(KeyFlags::NOT_KEY) {
        return Ok(());
    }
    let Some(first) = begin(spec.begin, args) else { return Ok(()) };
    let (first, last, step) = match spec.find {
        Find::Range { last, step, limit } => (first, range_end(first, last, limit, args.len()), step as usize),
        Find::KeyNum { count_at, first: offset, step } => {
            let n = args.get(first + count_at as usize).and_then(parse_i64).ok_or(Invalid)?;
            let at = first + offset as usize;
            let n = usize::try_from(n).map_err(|_| Invalid)?;
            if n == 0 {
                return Ok(());
            }
            let last = (n - 1).checked_mul(step as usize).and_then(|d| d.checked_add(at)).ok_or(Invalid)?;
            if last >= args.len() {
                return Err(Invalid);
            }
            (at, last, step as usize)
        }
        Find::Unknown => return Ok(()),
    };
    let mut i = first;
    while i <= last && i < args.len() {
        f(i, spec.flags);
        i += step.max(1);
    }
    Ok(())
}

fn begin(b: Begin, args: Args) -> Option<usize> {
    match b {
        Begin::Index(i) => Some(i as usize).filter(|i| *i < args.len()),
        Begin::Keyword(word, from) => {
            let is = |i: &usize| args.at(*i).eq_ignore_ascii_case(word.as_bytes());
            let found = if from >= 0 {
                (from as usize..args.len()).find(is)
            } else {
                (0..(args.len() as i64 + i64::from(from) + 1).max(0) as usize).rev().find(is)
            };
            found.map(|i| i + 1).filter(|i| *i < args.len())
        }
        Begin::Unknown => None,
    }
}

fn range_end(first: usize, last: i16, limit: i16, n: usize) -> usize {
    if last >= 0 {
        return first + last as usize;
    }
    if limit <= 1 {
        return (n as i64 + i64::from(last)).max(0) as usize;
    }
    // Only the first 1/limit of what is left are keys.
    let left = (n as i64 - first as i64 + i64::from(last) + 1).max(0);
    (first as i64 + left / i64::from(limit) - 1).max(0) as usize
}
