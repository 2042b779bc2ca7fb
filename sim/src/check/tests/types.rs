//! Sets, sorted sets and streams in histories written by hand.

use super::{MS, Script, blpop, bulk, popped, push, text};
use crate::model::{
    Command, Reply,
    command::{Ttl, When},
    encode::key_mark,
    members::name,
    reply::{OK, WRONGTYPE},
    sets::SetCommand,
    streams::{From, Id, NewId, StreamCommand},
    zsets::{AddFlags, Score, ZSetCommand},
};

fn sadd(members: &[u8]) -> Command {
    Command::OfSet(SetCommand::Add(0, members.to_vec()))
}

fn members(of: &[u8]) -> Reply {
    Reply::Array(of.iter().map(|m| Reply::Bulk(name(*m))).collect())
}

fn zadd(flags: AddFlags, halves: i64) -> Command {
    Command::OfZSet(ZSetCommand::Add(0, flags, vec![(Score::halves(halves), 3)]))
}

fn bzpopmin() -> Command {
    Command::OfZSet(ZSetCommand::BPop { keys: vec![0], max: false, timeout_ms: 1000 })
}

fn xadd(id: NewId) -> Command {
    Command::OfStream(StreamCommand::Add { key: 0, make: true, trim: None, id, fields: vec![(1, text("v"))] })
}

fn create() -> Command {
    Command::OfStream(StreamCommand::Create { key: 0, group: 0, at: Some(Id::MIN), make: true })
}

fn read_group(block_ms: Option<u64>) -> Command {
    let keys = vec![(0, None)];
    let (count, no_ack) = (None, false);
    Command::OfStream(StreamCommand::ReadGroup { group: 0, consumer: 0, keys, count, block_ms, no_ack })
}

fn id(ms: u64, seq: u64) -> Reply {
    Reply::Bulk(Id::new(ms, seq).text())
}

/// What a stream with one entry gives to read.
fn one_entry(ms: u64) -> Reply {
    let entry = Reply::Array(vec![id(ms, 0), Reply::Array(vec![bulk("f1"), bulk("v")])]);
    Reply::Array(vec![Reply::Array(vec![Reply::Bulk(key_mark(0)), Reply::Array(vec![entry])])])
}

fn no_group() -> Reply {
    Reply::Error(text("NOGROUP"))
}

#[test]
fn a_popped_member_was_there_and_is_gone() {
    let pop = || Command::OfSet(SetCommand::Pop(0, None));
    let all = || Command::OfSet(SetCommand::Members(0));
    for (taken, left, fine) in [(1, [2], true), (2, [1], true), (1, [1], false), (3, [1], false)] {
        let mut s = Script::new(1, 1);
        s.both(0, sadd(&[1, 2]), Reply::Int(2));
        s.both(0, pop(), Reply::Bulk(name(taken)));
        s.both(0, all(), members(&left));
        if fine { s.good() } else { s.bad() }
    }
    // If nobody saw which it was, it may be any, but only one.
    for (left, fine) in [(&[1][..], true), (&[2], true), (&[1, 2], false), (&[], false)] {
        let mut s = Script::new(1, 2);
        s.both(0, sadd(&[1, 2]), Reply::Int(2));
        let lost = s.send(1, pop());
        s.take(lost);
        s.both(0, all(), members(left));
        if fine { s.good() } else { s.bad() }
    }
}

#[test]
fn a_sample_has_members_and_as_many_as_it_should() {
    for (count, seen, fine) in [
        (-3, &[1, 1, 2][..], true),
        (-3, &[1, 2], false),
        (-2, &[1, 3], false),
        (5, &[2, 1], true),
        (5, &[1, 1], false),
        (1, &[1, 2], false),
    ] {
        let mut s = Script::new(1, 1);
        s.both(0, sadd(&[1, 2]), Reply::Int(2));
        s.both(0, Command::OfSet(SetCommand::RandMember(0, Some(count))), members(seen));
        if fine { s.good() } else { s.bad() }
    }
}

#[test]
fn a_flag_of_zadd_decides() {
    for (gt, halves, changed) in [(true, 1, 0), (true, 5, 1), (false, 1, 1)] {
        let mut s = Script::new(1, 1);
        s.both(0, zadd(AddFlags::default(), 3), Reply::Int(1));
        s.both(0, zadd(AddFlags { gt, ch: true, ..AddFlags::default() }, halves), Reply::Int(changed));
        s.good();
        s.both(0, zadd(AddFlags { gt, ch: true, ..AddFlags::default() }, halves), Reply::Int(1));
        s.bad();
    }
}

#[test]
fn a_key_of_one_type_wakes_no_waiter_of_another() {
    for right in [true, false] {
        let mut s = Script::new(1, 3);
        let (z, l) = (s.send(0, bzpopmin()), s.send(1, blpop(0)));
        s.take(z);
        s.take(l);
        s.both(2, push(0, "x"), Reply::Int(1));
        s.serve(l, popped(0, "x"));
        let served = Reply::Array(vec![Reply::Bulk(key_mark(0)), Reply::Bulk(name(3)), bulk("1.5")]);
        s.both(2, zadd(AddFlags::default(), 3), Reply::Int(1));
        s.serve(z, if right { served } else { WRONGTYPE });
        if right { s.good() } else { s.bad() }
    }
}

#[test]
fn ids_come_from_the_clock_and_rise() {
    for (ms, seq, fine) in [(10, 0, true), (10, 1, false), (9, 0, false), (11, 0, false)] {
        let mut s = Script::new(1, 1);
        s.now_ns = 10 * MS;
        s.both(0, xadd(NewId::Auto), id(ms, seq));
        if fine { s.good() } else { s.bad() }
    }
    let mut s = Script::new(1, 1);
    s.both(0, xadd(NewId::Given(Id::new(50, 7))), id(50, 7));
    s.both(0, xadd(NewId::Auto), id(50, 8));
    s.good();
    s.both(0, xadd(NewId::Given(Id::new(50, 8))), id(50, 8));
    s.bad();
}

#[test]
fn an_id_that_nobody_saw_may_be_any_that_the_clock_gave() {
    let last = |ms| Command::OfStream(StreamCommand::Del(0, vec![Id::new(ms, 0)]));
    for (ms, found) in [(10, true), (11, true), (13, false)] {
        let mut s = Script::new(1, 2);
        s.now_ns = 10 * MS;
        let lost = s.send(1, xadd(NewId::Auto));
        s.now_ns = 12 * MS;
        s.take(lost);
        s.both(0, last(ms), Reply::Int(1));
        if found { s.good() } else { s.bad() }
    }
}

#[test]
fn a_group_is_given_every_entry_once() {
    for (reply, fine) in [(Reply::NilArray, true), (one_entry(5), false)] {
        let mut s = Script::new(1, 1);
        s.both(0, create(), OK);
        s.both(0, xadd(NewId::Given(Id::new(5, 0))), id(5, 0));
        s.both(0, read_group(None), one_entry(5));
        s.both(0, read_group(None), reply);
        if fine { s.good() } else { s.bad() }
    }
    let ack = || Command::OfStream(StreamCommand::Ack(0, 0, vec![Id::new(5, 0)]));
    let mut s = Script::new(1, 1);
    s.both(0, create(), OK);
    s.both(0, xadd(NewId::Given(Id::new(5, 0))), id(5, 0));
    s.both(0, read_group(None), one_entry(5));
    s.both(0, ack(), Reply::Int(1));
    s.both(0, ack(), Reply::Int(0));
    s.good();
    s.both(0, ack(), Reply::Int(1));
    s.bad();
}

#[test]
fn who_waits_for_a_group_hears_of_its_loss() {
    let destroy = Command::OfStream(StreamCommand::Destroy(0, 0));
    for (loss, reply, fine) in [
        (Some((destroy.clone(), Reply::Int(1))), no_group(), true),
        (Some((Command::Del(vec![0]), Reply::Int(1))), no_group(), true),
        (None, no_group(), false),
    ] {
        let mut s = Script::new(1, 2);
        s.both(0, create(), OK);
        let waits = s.send(1, read_group(Some(1000)));
        s.take(waits);
        if let Some((command, reply)) = loss {
            s.both(0, command, reply);
        }
        s.serve(waits, reply);
        if fine { s.good() } else { s.bad() }
    }
}

#[test]
fn a_group_may_be_lost_to_time() {
    for (ms, fine) in [(50, true), (5, false)] {
        let mut s = Script::new(1, 2);
        s.both(0, create(), OK);
        s.both(0, Command::Expire { key: 0, ttl: Ttl::In(20), when: When::Always }, Reply::Int(1));
        let waits = s.send(1, read_group(Some(1000)));
        s.take(waits);
        s.now_ns += ms * MS;
        s.serve(waits, no_group());
        if fine { s.good() } else { s.bad() }
    }
}

#[test]
fn a_reader_waits_for_what_is_added_from_then_on() {
    let read = || {
        let keys = vec![(0, From::New)];
        Command::OfStream(StreamCommand::Read { keys, count: None, block_ms: Some(1000) })
    };
    let mut s = Script::new(1, 2);
    s.both(0, xadd(NewId::Given(Id::new(5, 0))), id(5, 0));
    let waits = s.send(1, read());
    s.take(waits);
    s.both(0, xadd(NewId::Given(Id::new(6, 0))), id(6, 0));
    s.serve(waits, one_entry(6));
    s.good();
    let early = s.send(1, read());
    s.answer(early, one_entry(6));
    s.bad();
}
