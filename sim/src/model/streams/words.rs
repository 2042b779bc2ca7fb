//! Commands on streams as words.

use super::{Claimant, Delivery, Filter, From, Id, NewId, StreamCommand, Trim};
use crate::model::{
    command::Key,
    encode::{Words, field},
};
use bytes::Bytes;

type W<'w, 'n> = &'w mut Words<'n>;

impl StreamCommand {
    pub(super) fn write(&self, w: &mut Words) {
        use StreamCommand::*;
        match self {
            Add { key, make, trim, id, fields } => {
                w.word("XADD").key(*key).flag(!make, "NOMKSTREAM");
                trim.iter().for_each(|t| t.words(w));
                id.words(w);
                fields.iter().for_each(|(f, v)| _ = w.text(&field(*f)).text(v));
            }
            Len(k) => _ = w.word("XLEN").key(*k),
            Range { key, from, to, rev, count } => {
                let (first, second) = if *rev { (to, from) } else { (from, to) };
                bound(bound(w.word(if *rev { "XREVRANGE" } else { "XRANGE" }).key(*key), *first), *second);
                option(w, "COUNT", *count);
            }
            Del(k, ids) => _ = all(w.word("XDEL").key(*k), ids),
            Trim(k, trim) => trim.words(w.word("XTRIM").key(*k)),
            TrimSome(k, trim, limit) => {
                trim.rough_words(w.word("XTRIM").key(*k));
                option(w, "LIMIT", Some(*limit));
            }
            SetLast(k, id, added, deleted) => {
                w.word("XSETID").key(*k).text(&id.text());
                added.iter().for_each(|n| _ = w.word("ENTRIESADDED").int(*n));
                deleted.iter().for_each(|id| _ = w.word("MAXDELETEDID").text(&id.text()));
            }
            Info(k) => _ = w.word("XINFO").word("STREAM").key(*k),
            Groups(k) => _ = w.word("XINFO").word("GROUPS").key(*k),
            Consumers(k, group) => _ = w.word("XINFO").word("CONSUMERS").key(*k).group(*group),
            Read { keys, count, block_ms } => {
                w.word("XREAD");
                limits(w, *count, *block_ms);
                streams(w, keys, |from| match from {
                    From::After(id) => id.text(),
                    From::New => Bytes::from_static(b"$"),
                    From::Last => Bytes::from_static(b"+"),
                });
            }
            ReadGroup { group, consumer, keys, count, block_ms, no_ack } => {
                w.word("XREADGROUP").word("GROUP").group(*group).consumer(*consumer);
                limits(w, *count, *block_ms);
                w.flag(*no_ack, "NOACK");
                streams(w, keys, |after| after.map_or(Bytes::from_static(b">"), Id::text));
            }
            Create { key, group, at, make } => {
                w.word("XGROUP").word("CREATE").key(*key).group(*group);
                last_or(w, *at).flag(*make, "MKSTREAM");
            }
            SetId(k, group, at) => _ = last_or(w.word("XGROUP").word("SETID").key(*k).group(*group), *at),
            Destroy(k, group) => _ = w.word("XGROUP").word("DESTROY").key(*k).group(*group),
            CreateConsumer(k, group, consumer) => {
                w.word("XGROUP").word("CREATECONSUMER").key(*k).group(*group).consumer(*consumer);
            }
            DelConsumer(k, group, consumer) => {
                w.word("XGROUP").word("DELCONSUMER").key(*k).group(*group).consumer(*consumer);
            }
            Ack(k, group, ids) => _ = all(w.word("XACK").key(*k).group(*group), ids),
            Summary(k, group) => _ = w.word("XPENDING").key(*k).group(*group),
            Pending(k, group, filter) => filter.words(w.word("XPENDING").key(*k).group(*group)),
            Claim { key, who, ids, force, how } => {
                all(who.words(w.word("XCLAIM").key(*key)), ids).flag(*force, "FORCE").flag(who.just_id, "JUSTID");
                how.words(w);
            }
            AutoClaim { key, who, start, count } => {
                bound(who.words(w.word("XAUTOCLAIM").key(*key)), *start);
                w.word("COUNT").int(*count as i64).flag(who.just_id, "JUSTID");
            }
        }
    }
}

impl Delivery {
    fn words(&self, w: &mut Words) {
        self.idle_ms.iter().for_each(|ms| _ = w.word("IDLE").int(*ms));
        self.time_ms.iter().for_each(|ms| _ = w.word("TIME").int(*ms));
        self.count.iter().for_each(|n| _ = w.word("RETRYCOUNT").int(*n));
        self.last.iter().for_each(|id| _ = w.word("LASTID").text(&id.text()));
    }
}

impl NewId {
    fn words(&self, w: &mut Words) {
        match self {
            NewId::Auto => w.word("*"),
            NewId::Ms(ms) => w.text(&Bytes::from(format!("{ms}-*"))),
            NewId::Given(id) => w.text(&id.text()),
        };
    }
}

impl Filter {
    fn words(&self, w: &mut Words) {
        if self.min_idle_ms > 0 {
            w.word("IDLE").int(self.min_idle_ms);
        }
        bound(bound(w, self.from), self.to).int(self.count as i64);
        self.consumer.iter().for_each(|c| _ = w.consumer(*c));
    }
}

impl Trim {
    fn words(self, w: &mut Words) {
        match self {
            Trim::MaxLen(n) => _ = w.word("MAXLEN").int(n as i64),
            Trim::MinId(id) => _ = w.word("MINID").word("=").text(&id.text()),
        }
    }

    fn rough_words(self, w: &mut Words) {
        match self {
            Trim::MaxLen(n) => _ = w.word("MAXLEN").word("~").int(n as i64),
            Trim::MinId(id) => _ = w.word("MINID").word("~").text(&id.text()),
        }
    }
}

impl Claimant {
    fn words<'w, 'n>(self, w: W<'w, 'n>) -> W<'w, 'n> {
        w.group(self.group).consumer(self.consumer).int(self.min_idle_ms)
    }
}

/// An end of a range.
fn bound<'w, 'n>(w: W<'w, 'n>, id: Id) -> W<'w, 'n> {
    match id {
        Id::MIN => w.word("-"),
        Id::MAX => w.word("+"),
        id => w.text(&id.text()),
    }
}

fn last_or<'w, 'n>(w: W<'w, 'n>, at: Option<Id>) -> W<'w, 'n> {
    match at {
        None => w.word("$"),
        Some(id) => w.text(&id.text()),
    }
}

fn all<'w, 'n>(w: W<'w, 'n>, ids: &[Id]) -> W<'w, 'n> {
    ids.iter().fold(w, |w, id| w.text(&id.text()))
}

fn option(w: &mut Words, name: &'static str, n: Option<usize>) {
    n.iter().for_each(|n| _ = w.word(name).int(*n as i64));
}

fn limits(w: &mut Words, count: Option<usize>, block_ms: Option<u64>) {
    option(w, "COUNT", count);
    option(w, "BLOCK", block_ms.map(|ms| ms as usize));
}

fn streams<T: Copy>(w: &mut Words, keys: &[(Key, T)], text: impl Fn(T) -> Bytes) {
    w.word("STREAMS");
    keys.iter().for_each(|(k, _)| _ = w.key(*k));
    keys.iter().for_each(|(_, from)| _ = w.text(&text(*from)));
}
