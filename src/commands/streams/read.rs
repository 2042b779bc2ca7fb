//! XREAD and XREADGROUP: what is new in streams, perhaps waiting for it.
//!
//! Neither takes anything away, so everybody who waits for a stream is served. A client that
//! begins to wait keeps its command; `$` in it then means the last entry of that moment.
//! Reading in a group changes the group: how far it has read, what is pending for whom. The
//! change can be told as an XCLAIM for each entry and an XGROUP SETID.

use super::{
    super::{
        ctx::{Block, Ctx, DONE, Flow, Outcome},
        row::{Arg, Begin, Find, Flags, KeyFlags, KeySpec, Row},
    },
    CREATE_CONSUMER,
    journal::{self, Note},
    now_ms,
    read_args::{ReadArgs, keys},
    reply_entries, reply_entry, reply_id, row,
};
use crate::{
    data::stream::{ConsumerNumber, Id, Stream},
    keyspace::{Type, stream},
    protocol::{Deferred, Error, Reply},
    session::{args::OwnedArgs, blocked::TimeoutReply},
};
use smallvec::SmallVec;

/// Keys and ids after the word STREAMS, looked for from an argument on.
const fn after_streams(from: i16) -> KeySpec {
    KeySpec {
        flags: KeyFlags::RO.or(KeyFlags::ACCESS),
        begin: Begin::Keyword("STREAMS", from),
        find: Find::Range { last: -1, step: 1, limit: 2 },
        notes: "",
    }
}

const STREAMS: Arg =
    Arg::block("streams", &[Arg::key("key").multiple(), Arg::string("ID").multiple()]).after("STREAMS");
const COUNT: Arg = Arg::int("count").after("COUNT").optional();
const BLOCK: Arg = Arg::int("milliseconds").after("BLOCK").optional();

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        complexity: "",
        summary: "Returns the entries after given ids, perhaps waiting for some.",
        keys: &[after_streams(1)],
        computed_keys: Some(keys),
        args: &[COUNT, BLOCK, STREAMS],
        ..row("xread", -4, Flags::BLOCKING.or(Flags::READONLY), xread)
    },
    Row {
        complexity: "O(M) for each stream, M the entries returned",
        summary: "Returns entries as a consumer of a group, new ones or those pending for it.",
        keys: &[after_streams(4)],
        computed_keys: Some(keys),
        args: &[
            Arg::block("group-block", &[Arg::string("group"), Arg::string("consumer")]).after("GROUP"),
            COUNT,
            BLOCK,
            Arg::token("noack", "NOACK").optional(),
            STREAMS,
        ],
        ..row("xreadgroup", -7, Flags::BLOCKING.or(Flags::WRITE), xreadgroup)
    },
];

const DOLLAR_IN_GROUP: Error = Error::Static(
    "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by \
     specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.",
);
const PLUS_IN_GROUP: Error = Error::Static(
    "ERR The + ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by \
     specifying a proper ID, or use the > ID to get new messages. The + ID would just return an empty result set.",
);
const NEW_WITHOUT_GROUP: Error = Error::Static(
    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
);

/// The outer level of the reply: streams by name. It is begun by the first one.
#[derive(Default)]
struct Streams {
    open: Option<Deferred>,
    count: usize,
}

impl Streams {
    fn next(&mut self, out: &mut Reply, key: &[u8]) {
        if self.open.is_none() {
            self.open = Some(if out.resp3 { out.begin_map() } else { out.begin_array() });
        }
        if !out.resp3 {
            out.array(2);
        }
        out.bulk(key);
        self.count += 1;
    }

    /// Ends the reply; whether there is one.
    fn end(self, out: &mut Reply) -> bool {
        match self.open {
            Some(open) => out.end(open, self.count),
            None => return false,
        }
        true
    }
}

fn xread(ctx: &mut Ctx) -> Outcome {
    let a = ReadArgs::parse(ctx)?;
    let mut after: SmallVec<[Id; 8]> = SmallVec::new();
    for i in a.first..a.first + a.streams {
        let (key, text) = (ctx.key(i), ctx.arg(i + a.streams));
        let found = ctx.keys.read_stream(key)?;
        let last = found.map(|e| stream::of(&e).log.last_id);
        after.push(match text {
            b"$" => last.unwrap_or(Id::MIN),
            b"+" => match last {
                Some(last) => last.prev().ok_or(Error::Static("ERR the stream last element ID is 0-0"))?,
                None => Id::MIN,
            },
            b">" => return Err(NEW_WITHOUT_GROUP),
            text => Id::parse(text, 0).ok_or(Error::INVALID_STREAM_ID)?,
        });
    }
    let mut streams = Streams::default();
    for (n, after) in after.iter().enumerate() {
        let key = ctx.key(a.first + n);
        let Some(e) = ctx.keys.read_stream(key)? else { continue };
        let log = &stream::of(&e).log;
        if log.last().is_some_and(|last| last.id > *after) {
            streams.next(&mut ctx.out, key.bytes);
            let start = after.next().expect("there is a greater id");
            reply_entries(&mut ctx.out, log.range(start, Id::MAX).take(at_most(a.count)));
        }
    }
    if streams.end(&mut ctx.out) {
        return DONE;
    }
    let frozen = (a.block.is_some() && !ctx.session.deny_blocking).then(|| freeze(ctx, &a, &after)).flatten();
    wait(ctx, &a, false, frozen)
}

fn at_most(count: usize) -> usize {
    if count == 0 { usize::MAX } else { count }
}

/// The command with each `$` replaced by the id it means now; `None` if there is none.
fn freeze(ctx: &Ctx, a: &ReadArgs, after: &[Id]) -> Option<OwnedArgs> {
    let first_id = a.first + a.streams;
    let texts: Vec<Option<Vec<u8>>> = (0..ctx.argc())
        .map(|i| (i >= first_id && ctx.arg(i) == b"$").then(|| after[i - first_id].to_string().into_bytes()))
        .collect();
    let parts: Vec<&[u8]> = (0..ctx.argc()).map(|i| texts[i].as_deref().unwrap_or(ctx.arg(i))).collect();
    texts.iter().any(Option::is_some).then(|| OwnedArgs::new(&parts))
}

/// Nothing can be served: asks to be blocked, if that was asked for and may be.
fn wait(ctx: &mut Ctx, a: &ReadArgs, or_loss: bool, args: Option<OwnedArgs>) -> Outcome {
    match a.block {
        Some(deadline) if !ctx.session.deny_blocking => {
            let keys = (a.first..a.first + a.streams).collect();
            let on_timeout = TimeoutReply::NullArray;
            let block = Block { keys, deadline, want: Type::Stream, or_loss, args, on_timeout };
            Ok(Flow::Block(Box::new(block)))
        }
        _ => {
            ctx.out.null_array();
            DONE
        }
    }
}

fn xreadgroup(ctx: &mut Ctx) -> Outcome {
    let a = ReadArgs::parse(ctx)?;
    let (group, consumer) = a.group.expect("it was checked");
    // For each stream: entries pending for the consumer after an id, or new ones.
    let mut from: SmallVec<[Option<Id>; 8]> = SmallVec::new();
    for i in a.first..a.first + a.streams {
        let (key, text) = (ctx.key(i), ctx.arg(i + a.streams));
        let found = ctx.keys.read_stream(key)?;
        if found.is_none_or(|e| stream::of(&e).groups.get(group).is_none()) {
            return Err(Error::no_group_to_read(key.bytes, group));
        }
        from.push(match text {
            b"$" => return Err(DOLLAR_IN_GROUP),
            b"+" => return Err(PLUS_IN_GROUP),
            b">" => None,
            // The greatest id is what Valkey marks `>` with.
            text => Some(Id::parse(text, 0).ok_or(Error::INVALID_STREAM_ID)?).filter(|id| *id != Id::MAX),
        });
    }
    let (now, mut streams) = (now_ms(ctx), Streams::default());
    ctx.journal_only_instead();
    for (n, from) in from.iter().enumerate() {
        let key = ctx.key(a.first + n);
        let Some(mut s) = ctx.keys.edit_stream(key)? else { continue };
        let Some(mut g) = s.groups.get_mut(group) else { continue };
        let (member, fresh) = g.find_or_create(consumer, now);
        g.saw(member, now);
        drop(g);
        if fresh {
            s.raise(CREATE_CONSUMER);
        }
        let out = &mut ctx.out;
        let journals = s.journals();
        let mut reader =
            Reader { stream: &mut s, group, member, now, count: at_most(a.count), journals, notes: vec![] };
        if fresh && (from.is_some() || a.no_ack || !reader.has_new()) {
            // No entry pending for it will tell.
            reader.notes.push(Note::Consumer(consumer.into()));
        }
        let served = match from {
            Some(after) => {
                streams.next(out, key.bytes);
                reader.reply_pending(out, *after);
                true
            }
            None if reader.has_new() => {
                streams.next(out, key.bytes);
                reader.reply_new(out, a.no_ack);
                true
            }
            None => false,
        };
        let notes = reader.notes;
        s.changed_aside(u64::from(fresh) + u64::from(served));
        journal::write(ctx, key.bytes, group, &notes);
    }
    if streams.end(&mut ctx.out) {
        return DONE;
    }
    wait(ctx, &a, true, None)
}

/// A consumer that reads a stream.
struct Reader<'a> {
    stream: &'a mut Stream,
    group: &'a [u8],
    member: ConsumerNumber,
    now: i64,
    count: usize,
    /// Somebody reads the journal, for which notes are taken.
    journals: bool,
    notes: Vec<Note>,
}

impl Reader<'_> {
    /// Whether there is an entry that the group has not read.
    fn has_new(&self) -> bool {
        let read = self.stream.groups.get(self.group).map(|g| g.last_id);
        self.stream.log.last().is_some_and(|last| Some(last.id) > read)
    }

    /// Replies what the group has not read, and moves it on.
    fn reply_new(&mut self, out: &mut Reply, no_ack: bool) {
        let Stream { log, groups } = &mut *self.stream;
        let mut g = groups.get_mut(self.group).expect("it was found");
        let start = g.last_id.next().expect("there is a greater id");
        let (array, mut n) = (out.begin_array(), 0);
        for e in log.range(start, Id::MAX).take(self.count) {
            g.advance(log, e.id);
            if !no_ack {
                g.deliver(e.id, self.member, self.now, 1);
                g.served(self.member, self.now);
                if self.journals {
                    self.notes.push(Note::pending(&g, g.pending(e.id).expect("it was delivered")));
                }
            }
            reply_entry(out, e);
            n += 1;
        }
        out.end(array, n);
        if self.journals {
            self.notes.push(Note::read(&g));
        }
    }

    /// Replies what is pending for the consumer after an id; deleted entries without fields.
    fn reply_pending(&mut self, out: &mut Reply, after: Id) {
        let Stream { log, groups } = &mut *self.stream;
        let mut g = groups.get_mut(self.group).expect("it was found");
        let start = after.next().expect("it is not the greatest id");
        let ids: Vec<Id> = g.consumer(self.member).pending_from(start).take(self.count).collect();
        out.array(ids.len());
        for id in ids {
            match log.get(id) {
                Some(e) => {
                    reply_entry(out, e);
                    g.redeliver(id, self.now);
                    if self.journals {
                        self.notes.push(Note::pending(&g, g.pending(id).expect("it is pending")));
                    }
                }
                None => {
                    out.array(2);
                    reply_id(out, id);
                    out.null_array();
                }
            }
        }
    }
}
