//! SORT and SORT_RO: the elements of a list, a set or a sorted set in another order, or what
//! belongs to them.
//!
//! All texts are copied first ([`order`]), because looking up what BY and GET name
//! ([`pattern`]) may touch, and remove, any key. Such patterns reach keys that no argument
//! names, so with them the command runs under every lock.

mod order;
mod pattern;

use super::{
    ctx::{Ctx, DONE, Outcome},
    lists,
    row::{Acl, Arg, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row},
};
use crate::{
    data::packed::Item,
    keyspace::{
        Entry, Event, Type, event, list,
        list::ListRef,
        set::SetRef,
        zset::{ZsetLimits, ZsetMut, ZsetRef},
    },
    protocol::Error,
    session::Args,
};
use order::{Elements, weight};
use pattern::Pattern;
use std::ops::Range;

const READ: KeyFlags = KeyFlags::RO.or(KeyFlags::ACCESS);
const UNKNOWN: KeySpec = KeySpec { flags: READ, begin: Begin::Unknown, find: Find::Unknown, notes: "" };
const OF_ELEMENTS: KeySpec = UNKNOWN.notes("What BY and GET look up depends on the elements.");
const DESTINATION: KeySpec =
    KeySpec { flags: KeyFlags::OW.or(KeyFlags::UPDATE), ..UNKNOWN }.notes("STORE may stand anywhere.");

const BY: Arg = Arg { key_spec: Some(1), ..Arg::pattern("by-pattern").after("BY").optional() };
const LIMIT: Arg = Arg::block("limit", &[Arg::int("offset"), Arg::int("count")]).after("LIMIT").optional();
const GET: Arg = Arg { key_spec: Some(1), ..Arg::pattern("get-pattern").after("GET").optional().multiple_token() };
const ORDER: Arg = Arg::one_of("order", &[Arg::token("asc", "ASC"), Arg::token("desc", "DESC")]).optional();
const ALPHA: Arg = Arg::token("sorting", "ALPHA").optional();
const STORE: Arg = Arg::key_of("destination", 2).after("STORE").optional();

/// A row but for what the two differ in.
const fn row(name: &'static str, run: super::row::Run) -> Row {
    Row {
        acl: Acl::SET.or(Acl::SORTEDSET).or(Acl::LIST).or(Acl::DANGEROUS),
        complexity: "O(N+M*log(M)), N the elements, M those that are wanted; O(N) if nothing is sorted",
        reaches: Some(reaches_keys),
        ..Row::new(name, -2, Group::Generic, run)
    }
}

/// Both commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM),
        summary: "Shows the elements of a list, a set or a sorted set in order, or keeps them.",
        keys: &[KeySpec::at(1, READ), OF_ELEMENTS, DESTINATION],
        computed_keys: Some(keys),
        args: &[Arg::key("key"), BY, LIMIT, GET, ORDER, ALPHA, STORE],
        ..row("sort", sort)
    },
    Row {
        flags: Flags::READONLY,
        since: "7.0.0",
        summary: "Shows the elements of a list, a set or a sorted set in order.",
        keys: &[KeySpec::at(1, READ), OF_ELEMENTS],
        computed_keys: Some(|_| vec![(1, READ)]),
        args: &[Arg::key("key"), BY, LIMIT, GET, ORDER, ALPHA],
        ..row("sort_ro", sort)
    },
];

/// The key to sort, and the last STORE names.
fn keys(args: Args) -> Vec<(usize, KeyFlags)> {
    let mut keys = vec![(1, READ)];
    let mut i = 2;
    while i < args.len() {
        match args.at(i).to_ascii_lowercase().as_slice() {
            b"limit" => i += 2,
            b"get" | b"by" => i += 1,
            b"store" if i + 1 < args.len() => {
                keys.truncate(1);
                keys.push((i + 1, DESTINATION.flags));
            }
            _ => {}
        }
        i += 1;
    }
    keys
}

/// Whether a BY or a GET may lead to any key.
fn reaches_keys(args: Args) -> bool {
    (3..args.len()).any(|i| {
        let word = args.at(i - 1);
        let names_pattern = word.eq_ignore_ascii_case(b"BY") || word.eq_ignore_ascii_case(b"GET");
        names_pattern && Pattern::new(args.at(i)).reaches_keys()
    })
}

/// What the options ask for.
#[derive(Default)]
struct Options<'a> {
    by: Option<Pattern<'a>>,
    /// A BY without a star was given: nothing is sorted.
    unsorted: bool,
    get: Vec<Pattern<'a>>,
    descending: bool,
    alpha: bool,
    /// Offset and count, a negative one meaning all.
    limit: Option<(i64, i64)>,
    store: Option<usize>,
}

fn parse<'a>(ctx: &Ctx<'a, '_>) -> Result<Options<'a>, Error> {
    let (mut o, mut i) = (Options::default(), 2);
    while i < ctx.argc() {
        let left = ctx.argc() - i - 1;
        i += match ctx.args.get(i + 1).map(Pattern::new) {
            _ if ctx.is(i, "ASC") || ctx.is(i, "DESC") => {
                o.descending = ctx.is(i, "DESC");
                1
            }
            _ if ctx.is(i, "ALPHA") => {
                o.alpha = true;
                1
            }
            _ if ctx.is(i, "LIMIT") && left >= 2 => {
                o.limit = Some((ctx.int(i + 1)?, ctx.int(i + 2)?));
                3
            }
            Some(_) if ctx.is(i, "STORE") && ctx.row.flags.has(Flags::WRITE) => {
                o.store = Some(i + 1);
                2
            }
            Some(by) if ctx.is(i, "BY") => {
                o.by = Some(by);
                o.unsorted |= !by.reaches_keys();
                2
            }
            Some(get) if ctx.is(i, "GET") => {
                o.get.push(get);
                2
            }
            _ => return Err(Error::SYNTAX),
        };
    }
    Ok(o)
}

impl Options<'_> {
    /// Which of `len` elements are wanted.
    fn range(&self, len: usize) -> Range<usize> {
        let Some((offset, count)) = self.limit else { return 0..len };
        let start = usize::try_from(offset.max(0)).map_or(len, |n| n.min(len));
        let count = if count < 0 { len } else { usize::try_from(count).unwrap_or(len) };
        start..start.saturating_add(count).min(len)
    }
}

fn sort(ctx: &mut Ctx) -> Outcome {
    let mut options = parse(ctx)?;
    let key = ctx.key(1);
    let (mut elements, mut wanted) = (Elements::default(), 0..0);
    if let Some(e) = ctx.keys.read(key) {
        // What is stored must not depend on the order in which a set keeps its members.
        if options.unsorted && e.type_of() == Type::Set && options.store.is_some() {
            (options.unsorted, options.alpha, options.by) = (false, true, None);
        }
        wanted = load(&e, &options, &mut elements)?;
        if e.type_of() == Type::ZSet && matches!(ZsetRef::of(&e), ZsetRef::Packed(_)) {
            let limits = ZsetLimits::of(&ctx.config.encoding);
            // As in Valkey, where OBJECT ENCODING shows it.
            ctx.keys.edit_zset(key, limits)?.into_iter().for_each(ZsetMut::make_large);
        }
    }
    if !options.unsorted {
        put_in_order(ctx, &options, &mut elements, wanted.clone())?;
    }
    match options.store {
        None => reply(ctx, &options, &elements, wanted),
        Some(at) => store(ctx, &options, &elements, wanted, at),
    }
}

/// Copies the elements and returns which of them are wanted. In sequences that are not to be
/// sorted they stand in the order asked for, and only the wanted are copied.
fn load(e: &Entry, options: &Options, elements: &mut Elements) -> Result<Range<usize>, Error> {
    let mut copy = |item: Item| elements.push(item);
    let back = options.unsorted && options.descending;
    let part = |len: usize| if options.unsorted { options.range(len) } else { 0..len };
    let mirrored = |part: Range<usize>, len: usize| if back { len - part.end..len - part.start } else { part };
    match e.type_of() {
        Type::List => {
            let list = ListRef::of(e);
            let items = list.range(mirrored(part(list.len()), list.len()));
            if back { items.rev().for_each(&mut copy) } else { items.for_each(&mut copy) }
        }
        Type::ZSet => {
            let set = ZsetRef::of(e);
            set.range(mirrored(part(set.len()), set.len()), back).for_each(|(item, _)| copy(item));
        }
        Type::Set => SetRef::of(e).each(copy),
        _ => return Err(Error::WRONGTYPE),
    }
    let len = elements.len();
    Ok(if options.unsorted && e.type_of() != Type::Set { 0..len } else { options.range(len) })
}

fn put_in_order(ctx: &mut Ctx, options: &Options, elements: &mut Elements, wanted: Range<usize>) -> Result<(), Error> {
    let (mut name, all) = (Vec::new(), 0..elements.len());
    if let (true, Some(by)) = (options.alpha, options.by) {
        let own = |n| by.look_up(ctx, elements.get(n), &mut name, |_, text| text.map(<[u8]>::to_vec));
        let weights = all.map(own).collect();
        elements.sort_by_text(weights, options.descending, wanted);
        return Ok(());
    }
    if options.alpha {
        elements.sort_alphabetically(options.descending, wanted);
        return Ok(());
    }
    let by = options.by.unwrap_or(Pattern::Element);
    // What is missing weighs nothing. All is looked up, even after a mistake.
    let own = |n| by.look_up(ctx, elements.get(n), &mut name, |_, text| text.map_or(Some(0.0), weight));
    let (mut weights, mut valid) = (Vec::with_capacity(all.len()), true);
    for weight in all.map(own) {
        valid &= weight.is_some();
        weights.push(weight.unwrap_or_default());
    }
    if !valid {
        return Err(Error::err("One or more scores can't be converted into double"));
    }
    elements.sort_by_number(&weights, options.descending, wanted);
    Ok(())
}

/// Shows `f` each part of the result.
fn each(
    ctx: &mut Ctx,
    options: &Options,
    elements: &Elements,
    wanted: Range<usize>,
    mut f: impl FnMut(&mut Ctx, Option<&[u8]>),
) {
    let mut name = Vec::new();
    for n in wanted {
        let element = elements.get(n);
        if options.get.is_empty() {
            f(ctx, Some(element));
        }
        options.get.iter().for_each(|get| get.look_up(ctx, element, &mut name, &mut f));
    }
}

fn reply(ctx: &mut Ctx, options: &Options, elements: &Elements, wanted: Range<usize>) -> Outcome {
    ctx.out.array(wanted.len() * options.get.len().max(1));
    each(ctx, options, elements, wanted, |ctx, text| ctx.out.bulk_or_null(text));
    DONE
}

fn store(ctx: &mut Ctx, options: &Options, elements: &Elements, wanted: Range<usize>, at: usize) -> Outcome {
    let (key, limit) = (ctx.key(at), lists::limit(ctx));
    let mut draft = list::Draft::new(limit);
    each(ctx, options, elements, wanted, |_, text| draft.push(text.unwrap_or_default()));
    let len = draft.len();
    if len > 0 {
        ctx.keys.put(key.hash, draft.into_entry(key.bytes), Event::list("sortstore"));
        // Every element counts as a change, one of which has been counted.
        ctx.keys.changes.dirty += len as u64 - 1;
    } else {
        ctx.keys.delete(key, event::DEL);
    }
    ctx.out.int(len as i64);
    DONE
}
