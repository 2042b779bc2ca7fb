//! Sorted sets, as vectors in order. What is drawn at random is not said here, nor what a
//! range of names means among different scores. Scores are compared as numbers: how they are
//! written is for other tests.

use super::{
    Done, Expect, Model, Outcome,
    expect::bulk,
    lists::range,
    number::{float, int, timeout_ms},
    strings::number,
    zrange::{Bounds, Query},
};
use crate::dump::{Item, Scored, Stored};
use norn::protocol::value::Value;

pub const KNOWN: &[&str] = &[
    "zadd",
    "zincrby",
    "zrem",
    "zscore",
    "zmscore",
    "zrank",
    "zrevrank",
    "zcard",
    "zcount",
    "zlexcount",
    "zrange",
    "zrevrange",
    "zrangebyscore",
    "zrevrangebyscore",
    "zrangebylex",
    "zrevrangebylex",
    "zremrangebyrank",
    "zremrangebyscore",
    "zpopmin",
    "zpopmax",
    "zmpop",
    "bzpopmin",
    "bzpopmax",
    "bzmpop",
    "zunion",
    "zinter",
    "zdiff",
    "zunionstore",
    "zinterstore",
    "zdiffstore",
    "zintercard",
];

/// ZADD's flags.
#[derive(Clone, Copy, Default)]
pub(super) struct Flags {
    pub nx: bool,
    pub xx: bool,
    gt: bool,
    lt: bool,
    pub ch: bool,
    incr: bool,
}

impl Model {
    pub(super) fn zsets(&mut self, name: &str, args: &[Vec<u8>]) -> Outcome {
        let key = &args[0];
        Ok(Done::Reply(match name {
            "zadd" => self.add_scored(args)?,
            "zincrby" => {
                let flags = Flags { incr: true, ..Flags::default() };
                self.put_scores(key, flags, &[(float(&args[1])?, args[2].clone())])?
            }
            "zrem" => self.retain_scored(key, |(_, m)| !args[1..].contains(m))?,
            "zscore" => self.score(key, &args[1])?,
            "zmscore" => {
                let scores: Result<_, _> = args[1..].iter().map(|m| self.score(key, m)).collect();
                Expect::Array(scores?)
            }
            "zrank" | "zrevrank" => self.rank(name == "zrevrank", args)?,
            "zcard" => Expect::count(self.scored(key)?.len()),
            "zcount" | "zlexcount" => {
                let bounds = Bounds::parse(name == "zlexcount", &args[1], &args[2])?;
                bounds.of(&self.scored(key)?).map_or(Expect::Anything, |found| Expect::count(found.len()))
            }
            "zremrangebyrank" => {
                let (start, end) = (number(&args[1])?, number(&args[2])?);
                let set = self.scored(key)?;
                let gone = &set[range(set.len(), start, end)];
                self.retain_scored(key, |e| !gone.contains(e))?
            }
            "zremrangebyscore" => {
                let bounds = Bounds::parse(false, &args[1], &args[2])?;
                let gone = bounds.of(&self.scored(key)?).unwrap_or_default();
                self.retain_scored(key, |e| !gone.contains(e))?
            }
            "zpopmin" | "zpopmax" => {
                let count = args.get(1).map_or(Ok(1), |n| number(n))?;
                let count = usize::try_from(count).ok().filter(|_| args.len() < 3).ok_or(Expect::error(""))?;
                flat(&self.take_scored(key, name == "zpopmax", count)?, true)
            }
            "zmpop" => self.mpop_scored(args)?.unwrap_or_else(Expect::null_array),
            "bzpopmin" | "bzpopmax" | "bzmpop" => return self.blocking_zset(name, args),
            _ if name.starts_with("zrange") || name.starts_with("zrevrange") => {
                let query = Query::parse(name, args)?;
                let set = self.scored(key)?;
                query.of(&set).map_or(Expect::Anything, |found| flat(&found, query.scores))
            }
            _ => self.combine(name, args)?,
        }))
    }

    /// The sorted set, or an empty one.
    pub(super) fn scored(&self, key: &[u8]) -> Result<Scored, Expect> {
        match self.item(key).map(|e| &e.value) {
            None => Ok(Scored::new()),
            Some(Stored::SortedSet(set)) => Ok(set.clone()),
            Some(_) => Err(Expect::error("WRONGTYPE")),
        }
    }

    fn put_scored(&mut self, key: &[u8], mut set: Scored) {
        if set.is_empty() {
            return self.remove(key);
        }
        in_order(&mut set);
        let expiry_ms = self.item(key).and_then(|e| e.expiry_ms);
        self.put(key, Item { value: Stored::SortedSet(set), expiry_ms });
    }

    fn score(&self, key: &[u8], member: &[u8]) -> Result<Expect, Expect> {
        let set = self.scored(key)?;
        Ok(set.iter().find(|(_, m)| m == member).map_or(nil(), |(bits, _)| Expect::Number(f64::from_bits(*bits))))
    }

    fn rank(&self, max: bool, args: &[Vec<u8>]) -> Result<Expect, Expect> {
        let with_score = match &args[2..] {
            [] => false,
            [word] if word.eq_ignore_ascii_case(b"WITHSCORE") => true,
            _ => return Err(Expect::error("")),
        };
        let set = self.scored(&args[0])?;
        let Some(at) = set.iter().position(|(_, m)| *m == args[1]) else {
            return Ok(if with_score { Expect::null_array() } else { nil() });
        };
        let rank = Expect::count(if max { set.len() - 1 - at } else { at });
        Ok(if with_score { Expect::Array(vec![rank, self.score(&args[0], &args[1])?]) } else { rank })
    }

    /// `key [flag ...] score member ...`.
    fn add_scored(&mut self, args: &[Vec<u8>]) -> Result<Expect, Expect> {
        let (mut flags, mut rest) = (Flags::default(), &args[1..]);
        while let Some((word, after)) = rest.split_first() {
            match word.to_ascii_uppercase().as_slice() {
                b"NX" => flags.nx = true,
                b"XX" => flags.xx = true,
                b"GT" => flags.gt = true,
                b"LT" => flags.lt = true,
                b"CH" => flags.ch = true,
                b"INCR" => flags.incr = true,
                _ => break,
            }
            rest = after;
        }
        let clash = flags.nx && (flags.xx || flags.gt || flags.lt) || flags.gt && flags.lt;
        if clash || rest.is_empty() || rest.len() % 2 == 1 || flags.incr && rest.len() > 2 {
            return Err(Expect::error(""));
        }
        let pairs: Result<Vec<_>, _> = rest.chunks(2).map(|p| Ok((float(&p[0])?, p[1].clone()))).collect();
        self.put_scores(&args[0], flags, &pairs?)
    }

    pub(super) fn put_scores(&mut self, key: &[u8], flags: Flags, pairs: &[(f64, Vec<u8>)]) -> Result<Expect, Expect> {
        let mut set = self.scored(key)?;
        let (mut added, mut changed, mut reply) = (0, 0, nil());
        for (score, member) in pairs {
            let old = set.iter_mut().find(|(_, m)| m == member);
            let was = old.as_ref().map(|(bits, _)| f64::from_bits(*bits));
            let new = if flags.incr { was.unwrap_or(0.0) + score } else { *score };
            if was.map_or(flags.xx, |_| flags.nx) {
                continue;
            }
            if new.is_nan() {
                return Err(Expect::error("ERR resulting score is not a number"));
            }
            if was.is_some_and(|was| flags.gt && new <= was || flags.lt && new >= was) {
                continue;
            }
            reply = Expect::Number(new);
            match old {
                Some(old) if was != Some(new) => {
                    old.0 = bits(new);
                    changed += 1;
                }
                Some(_) => {}
                None => {
                    set.push((bits(new), member.clone()));
                    added += 1;
                }
            }
        }
        if added + changed > 0 {
            self.put_scored(key, set);
        }
        Ok(if flags.incr { reply } else { Expect::int(added + if flags.ch { changed } else { 0 }) })
    }

    /// Keeps what `keep` says; replies how many are gone.
    fn retain_scored(&mut self, key: &[u8], keep: impl Fn(&(u64, Vec<u8>)) -> bool) -> Result<Expect, Expect> {
        let mut set = self.scored(key)?;
        let before = set.len();
        set.retain(keep);
        let gone = before - set.len();
        if gone > 0 {
            self.put_scored(key, set);
        }
        Ok(Expect::count(gone))
    }

    fn take_scored(&mut self, key: &[u8], max: bool, count: usize) -> Result<Scored, Expect> {
        let mut set = self.scored(key)?;
        let n = count.min(set.len());
        if max {
            set.reverse();
        }
        let taken: Scored = set.drain(..n).collect();
        if n > 0 {
            self.put_scored(key, set);
        }
        Ok(taken)
    }

    /// `numkeys key ... MIN|MAX [COUNT n]`.
    fn mpop_scored(&mut self, args: &[Vec<u8>]) -> Result<Option<Expect>, Expect> {
        let bad = || Expect::error("");
        let (keys, rest) = counted(args)?;
        let (end, rest) = rest.split_first().ok_or_else(bad)?;
        let max = end.eq_ignore_ascii_case(b"MAX");
        let count = match rest {
            [] => 1,
            [word, n] if word.eq_ignore_ascii_case(b"COUNT") => int(n).filter(|n| *n > 0).ok_or_else(bad)?,
            _ => return Err(bad()),
        };
        if !max && !end.eq_ignore_ascii_case(b"MIN") {
            return Err(bad());
        }
        for key in keys {
            let taken = self.take_scored(key, max, count as usize)?;
            if !taken.is_empty() {
                let pairs = taken.iter().map(|e| flat(std::slice::from_ref(e), true)).collect();
                return Ok(Some(Expect::Array(vec![Expect::bulk(Some(key)), Expect::Array(pairs)])));
            }
        }
        Ok(None)
    }

    fn blocking_zset(&mut self, name: &str, args: &[Vec<u8>]) -> Outcome {
        let (time, keys) = match name {
            "bzmpop" => (&args[0], counted(&args[1..])?.0),
            _ => args.split_last().expect("its arity says so"),
        };
        let timeout_ms = timeout_ms(time).ok_or(Expect::error(""))?;
        let until_ms = self.now_ms.checked_add(timeout_ms).ok_or(Expect::error(""))?;
        let done = if name == "bzmpop" { self.mpop_scored(&args[1..])? } else { self.pop_first_scored(name, keys)? };
        Ok(match done {
            Some(reply) => Done::Reply(reply),
            None if self.no_waiting => Done::Reply(Expect::null_array()),
            None => Done::Wait { keys: keys.to_vec(), until_ms: (timeout_ms > 0).then_some(until_ms) },
        })
    }

    fn pop_first_scored(&mut self, name: &str, keys: &[Vec<u8>]) -> Result<Option<Expect>, Expect> {
        for key in keys {
            if let [(score, member)] = self.take_scored(key, name == "bzpopmax", 1)?.as_slice() {
                let texts = [key, member].map(|text| Expect::bulk(Some(text)));
                let score = Expect::Number(f64::from_bits(*score));
                return Ok(Some(Expect::Array(texts.into_iter().chain([score]).collect())));
            }
        }
        Ok(None)
    }

    /// ZUNION and its kin.
    fn combine(&mut self, name: &str, args: &[Vec<u8>]) -> Result<Expect, Expect> {
        let bad = || Expect::error("");
        let to = name.strip_suffix("store").map(|_| &args[0]);
        let op = name.strip_suffix("store").unwrap_or(name);
        let (keys, mut rest) = counted(&args[usize::from(to.is_some())..])?;
        let (mut weights, mut join, mut scores, mut limit) = (vec![1.0; keys.len()], Join::Sum, false, 0);
        while let Some((word, after)) = rest.split_first() {
            rest = match (word.to_ascii_uppercase().as_slice(), op) {
                (b"WEIGHTS", "zunion" | "zinter") if after.len() >= keys.len() => {
                    let (all, after) = after.split_at(keys.len());
                    weights = all.iter().map(|w| float(w)).collect::<Result<_, _>>()?;
                    after
                }
                (b"AGGREGATE", "zunion" | "zinter") => {
                    let (how, after) = after.split_first().ok_or_else(bad)?;
                    join = Join::named(how)?;
                    after
                }
                (b"WITHSCORES", "zunion" | "zinter" | "zdiff") if to.is_none() => {
                    scores = true;
                    after
                }
                (b"LIMIT", "zintercard") => {
                    let (n, after) = after.split_first().ok_or_else(bad)?;
                    limit = int(n).and_then(|n| usize::try_from(n).ok()).ok_or_else(bad)?;
                    after
                }
                _ => return Err(bad()),
            };
        }
        let sets: Result<Vec<Scored>, Expect> = keys.iter().map(|key| self.scored_or_plain(key)).collect();
        let mut sets: Vec<(Scored, f64)> = sets?.into_iter().zip(weights).collect();
        let found = join.sets(op, &mut sets);
        Ok(match to {
            None if op == "zintercard" => Expect::count(if limit > 0 { found.len().min(limit) } else { found.len() }),
            None => flat(&found, scores),
            Some(to) => self.store_scored(to, found),
        })
    }

    /// The members of a plain set have scores of 1.
    fn scored_or_plain(&self, key: &[u8]) -> Result<Scored, Expect> {
        match self.item(key).map(|e| &e.value) {
            Some(Stored::Set(set)) => Ok(set.iter().map(|m| (bits(1.0), m.clone())).collect()),
            _ => self.scored(key),
        }
    }

    /// Puts a sorted set in the place of anything.
    pub(super) fn store_scored(&mut self, key: &[u8], set: Scored) -> Expect {
        let n = set.len();
        self.remove(key);
        if n > 0 {
            self.put_scored(key, set);
        }
        Expect::count(n)
    }
}

/// How the scores of one member become one.
#[derive(Clone, Copy)]
enum Join {
    Sum,
    Min,
    Max,
}

impl Join {
    fn named(word: &[u8]) -> Result<Join, Expect> {
        match word.to_ascii_uppercase().as_slice() {
            b"SUM" => Ok(Join::Sum),
            b"MIN" => Ok(Join::Min),
            b"MAX" => Ok(Join::Max),
            _ => Err(Expect::error("")),
        }
    }

    fn of(self, a: f64, b: f64) -> f64 {
        match self {
            Join::Sum => or_zero(a + b),
            Join::Min if b < a => b,
            Join::Max if b > a => b,
            _ => a,
        }
    }

    /// What an operation makes of sets with weights. The order in which scores are added up
    /// shows in the sum: Valkey begins with the smallest set.
    fn sets(self, op: &str, sets: &mut [(Scored, f64)]) -> Scored {
        let score_in = |set: &Scored, m: &Vec<u8>| set.iter().find(|e| e.1 == *m).map(|e| f64::from_bits(e.0));
        if op != "zdiff" {
            sets.sort_by_key(|(set, _)| set.len());
        }
        let (first, others) = sets.split_first().expect("a key at least");
        let weighted = |(score, m): &(u64, Vec<u8>), weight: f64| (or_zero(f64::from_bits(*score) * weight), m.clone());
        let mut found: Vec<(f64, Vec<u8>)> = first.0.iter().map(|e| weighted(e, first.1)).collect();
        match op {
            "zunion" => {
                for (set, weight) in others {
                    for (score, member) in set.iter().map(|e| weighted(e, *weight)) {
                        match found.iter_mut().find(|(_, m)| *m == member) {
                            Some(old) => old.0 = self.of(old.0, score),
                            None => found.push((score, member)),
                        }
                    }
                }
            }
            "zdiff" => found.retain(|(_, m)| others.iter().all(|(set, _)| score_in(set, m).is_none())),
            _ => found.retain_mut(|(total, m)| {
                others.iter().all(|(set, weight)| match score_in(set, m) {
                    Some(score) => {
                        *total = self.of(*total, score * weight);
                        true
                    }
                    None => false,
                })
            }),
        }
        let mut found: Scored = found.into_iter().map(|(score, m)| (bits(score), m)).collect();
        in_order(&mut found);
        found
    }
}

/// `numkeys key ...`, and what follows.
fn counted(args: &[Vec<u8>]) -> Result<(&[Vec<u8>], &[Vec<u8>]), Expect> {
    let n = int(&args[0]).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    n.and_then(|n| args[1..].split_at_checked(n)).ok_or(Expect::error(""))
}

/// Members, with scores between them or without.
fn flat(set: &[(u64, Vec<u8>)], scores: bool) -> Expect {
    if !scores {
        return Expect::Is(Value::Array(set.iter().map(|(_, m)| bulk(Some(m))).collect()));
    }
    let pair = |(score, m): &(u64, Vec<u8>)| [Expect::bulk(Some(m)), Expect::Number(f64::from_bits(*score))];
    Expect::Array(set.iter().flat_map(pair).collect())
}

fn in_order(set: &mut Scored) {
    set.sort_by(|(a, m), (b, n)| f64::from_bits(*a).total_cmp(&f64::from_bits(*b)).then_with(|| m.cmp(n)));
}

/// A score's bits; there is one zero.
fn bits(score: f64) -> u64 {
    (score + 0.0).to_bits()
}

fn or_zero(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score }
}

fn nil() -> Expect {
    Expect::bulk(None::<&[u8]>)
}
