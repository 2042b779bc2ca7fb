//! Stream commands: entries, groups, and waiting.

use crate::engine::testing::Rig;

#[test]
fn adding_and_ranges() {
    Rig::new().script(
        "
        XADD s * f v => 1720000000000-0
        XADD s * f v => 1720000000000-1
        .wait 5
        XADD s * f v => 1720000000005-0
        XADD s 1720000000005-* f v => 1720000000005-1
        XADD s 1-* f v => -ERR The ID specified in XADD is equal or smaller than the target stream top item
        XADD s 0-0 f v => -ERR The ID specified in XADD must be greater than 0-0
        XADD s abc f v => -ERR Invalid stream ID specified as stream command argument
        XADD s * f => -ERR wrong number of arguments for 'xadd' command
        XADD s * f v g => -ERR wrong number of arguments for 'xadd' command
        XADD none NOMKSTREAM * f v => nil
        EXISTS none => :0
        XADD t 0-* f v => 0-1
        XADD t 1-1 f v g 12 => 1-1
        XADD t 1-2 g w => 1-2
        XADD t 2 f '' => 2-0
        XRANGE t - + => [[0-1 [f v]] [1-1 [f v g 12]] [1-2 [g w]] [2-0 [f ]]]
        XRANGE t 1 1 => [[1-1 [f v g 12]] [1-2 [g w]]]
        XRANGE t (1-1 + COUNT 1 => [[1-2 [g w]]]
        XREVRANGE t + - COUNT 2 => [[2-0 [f ]] [1-2 [g w]]]
        XREVRANGE t (2-0 (0-1 => [[1-2 [g w]] [1-1 [f v g 12]]]
        XRANGE t - + COUNT 0 => nil[]
        XRANGE t - + COUNT -1 => nil[]
        XRANGE none - + COUNT 0 => []
        XRANGE t (+ + => -ERR Invalid stream ID specified as stream command argument
        XRANGE t (18446744073709551615-18446744073709551615 + => -ERR invalid start ID for the interval
        XREVRANGE t (0-0 - => -ERR invalid end ID for the interval
        XRANGE t - + COUNT => -ERR syntax error
        XLEN t => :4
        XLEN none => :0
        TYPE t => +stream
        OBJECT ENCODING t => stream
        SET k v => +OK
        XADD k * f v => -WRONGTYPE Operation against a key holding the wrong kind of value
        GET t => -WRONGTYPE Operation against a key holding the wrong kind of value
        XADD m 18446744073709551615-18446744073709551615 f v => 18446744073709551615-18446744073709551615
        XADD m * f v => -ERR The stream has exhausted the last possible ID, unable to add more items
        ",
    );
}

#[test]
fn deleting_and_trimming() {
    let mut r = Rig::with(2, &[("stream-node-max-entries", "3")]);
    for n in 1..=10 {
        r.run(0, &format!("XADD s {n}-1 f v"));
    }
    r.script(
        "
        XDEL s 1-1 5-1 5-1 99-1 => :2
        XDEL s 2-1 x => -ERR Invalid stream ID specified as stream command argument
        XDEL none x => :0
        XLEN s => :8
        XTRIM s MAXLEN ~ 6 => :2
        XTRIM s MAXLEN ~ 5 => :0
        XTRIM s MAXLEN 5 => :1
        XTRIM s MINID = 8 => :2
        XTRIM s MINID ~ 99 LIMIT 2 => :2
        XTRIM s MINID ~ 99 LIMIT 0 => :1
        XLEN s => :0
        EXISTS s => :1
        XRANGE s - + => []
        XADD s 5-5 f v => -ERR The ID specified in XADD is equal or smaller than the target stream top item
        XADD s MAXLEN 0 20-1 f v => 20-1
        XLEN s => :0
        XADD s MAXLEN = 2 MINID 3 21-1 f v => -ERR syntax error, MAXLEN and MINID options at the same time are not compatible
        XADD s LIMIT 3 21-1 f v => -ERR syntax error, LIMIT cannot be used without specifying a trimming strategy
        XADD s LIMIT 0 21-1 f v => -ERR syntax error, LIMIT cannot be used without the special ~ option
        XADD s MAXLEN = 3 LIMIT 3 21-1 f v => -ERR syntax error, LIMIT cannot be used without the special ~ option
        XADD s MAXLEN -1 21-1 f v => -ERR The MAXLEN argument must be >= 0.
        XADD s MAXLEN ~ 1 LIMIT -1 21-1 f v => -ERR The LIMIT argument must be >= 0.
        XTRIM s LIMIT 3 => -ERR syntax error, LIMIT cannot be used without specifying a trimming strategy
        XTRIM s MAXLEN => -ERR wrong number of arguments for 'xtrim' command
        XTRIM s MAXLEN ~ => -ERR value is not an integer or out of range
        XTRIM s MINID + => -ERR Invalid stream ID specified as stream command argument
        XTRIM s MAXLEN 1 x => -ERR syntax error
        ",
    );
}

#[test]
fn setting_ids() {
    Rig::new().script(
        "
        XSETID none 1-1 => -ERR no such key
        XADD s 5-5 f v => 5-5
        XSETID s 4-4 => -ERR The ID specified in XSETID is smaller than the target stream top item
        XSETID s 9-9 ENTRIESADDED 100 MAXDELETEDID 8-8 => +OK
        XSETID s 9-9 ENTRIESADDED 0 => -ERR The entries_added specified in XSETID is smaller than the target stream length
        XSETID s 9-9 ENTRIESADDED -1 => -ERR entries_added must be positive
        XSETID s 9-9 MAXDELETEDID 10 => -ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id
        XSETID s 7-7 => -ERR The ID specified in XSETID is smaller than current max_deleted_entry_id
        XSETID s 9-9 X => -ERR syntax error
        XINFO STREAM s => [length :1 radix-tree-keys :1 radix-tree-nodes :2 last-generated-id 9-9 max-deleted-entry-id 8-8 entries-added :100 recorded-first-entry-id 5-5 groups :0 first-entry [5-5 [f v]] last-entry [5-5 [f v]]]
        XADD s 9-* f v => 9-10
        ",
    );
}

#[test]
fn groups_are_made_and_deleted() {
    Rig::new().script(
        "
        XGROUP CREATE s g $ => -ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.
        XGROUP CREATE s g $ MKSTREAM => +OK
        XGROUP CREATE s g $ => -BUSYGROUP Consumer Group name already exists
        XGROUP CREATE s h x => -ERR Invalid stream ID specified as stream command argument
        XGROUP CREATE s h $ X => -ERR unknown subcommand or wrong number of arguments for 'CREATE'. Try XGROUP HELP.
        XGROUP CREATE s h $ ENTRIESREAD -2 => -ERR value for ENTRIESREAD must be positive or -1
        XGROUP SETID s none $ => -NOGROUP No such consumer group 'none' for key name 's'
        XGROUP SETID s g 5 ENTRIESREAD 3 => +OK
        XGROUP CREATECONSUMER s g c => :1
        XGROUP CREATECONSUMER s g c => :0
        XGROUP CREATECONSUMER s none c => -NOGROUP No such consumer group 'none' for key name 's'
        XINFO GROUPS s => [[name g consumers :1 pending :0 last-delivered-id 5-0 entries-read :3 lag :0]]
        XINFO CONSUMERS s g => [[name c pending :0 idle :0 inactive :-1]]
        XGROUP DELCONSUMER s g c => :0
        XGROUP DELCONSUMER s g none => :0
        XGROUP DESTROY s g => :1
        XGROUP DESTROY s g => :0
        XINFO GROUPS s => []
        XINFO STREAM s FULL X => -ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.
        XINFO STREAM none => -ERR no such key
        ",
    );
}

#[test]
fn reading_in_a_group() {
    let mut r = Rig::new();
    for n in 1..=4 {
        r.run(0, &format!("XADD s {n}-0 f {n}"));
    }
    r.script(
        "
        XGROUP CREATE s g 0 => +OK
        XREADGROUP GROUP g a COUNT 2 STREAMS s > => [[s [[1-0 [f 1]] [2-0 [f 2]]]]]
        XREADGROUP GROUP g b COUNT 1 STREAMS s > => [[s [[3-0 [f 3]]]]]
        XREADGROUP GROUP g b NOACK STREAMS s > => [[s [[4-0 [f 4]]]]]
        XREADGROUP GROUP g b STREAMS s > => nil[]
        XPENDING s g => [:3 1-0 3-0 [[a 2] [b 1]]]
        XINFO GROUPS s => [[name g consumers :2 pending :3 last-delivered-id 4-0 entries-read :4 lag :0]]
        XDEL s 2-0 => :1
        .wait 50
        XREADGROUP GROUP g a STREAMS s 0 => [[s [[1-0 [f 1]] [2-0 nil[]]]]]
        XREADGROUP GROUP g a STREAMS s 2-0 => [[s []]]
        XPENDING s g - + 10 => [[1-0 a :0 :2] [2-0 a :50 :1] [3-0 b :50 :1]]
        XPENDING s g IDLE 10 (2-0 + 10 => [[3-0 b :50 :1]]
        XPENDING s g - + 1 b => [[3-0 b :50 :1]]
        XPENDING s g - + 10 none => []
        XPENDING s g - + => -ERR syntax error
        XPENDING s none => -NOGROUP No such key 's' or consumer group 'none'
        XCLAIM s g c 20 1-0 3-0 9-9 => [[3-0 [f 3]]]
        XCLAIM s g c 0 1-0 JUSTID => [1-0]
        XCLAIM s g c 0 4-0 => []
        XCLAIM s g c 0 4-0 FORCE RETRYCOUNT 7 IDLE 30 => [[4-0 [f 4]]]
        XPENDING s g - + 10 => [[1-0 c :0 :2] [2-0 a :50 :1] [3-0 c :0 :2] [4-0 c :30 :7]]
        XCLAIM s g c 0 2-0 => []
        XPENDING s g => [:3 1-0 4-0 [[c 3]]]
        XCLAIM s g c 0 1-0 BOGUS => -ERR Unrecognized XCLAIM option 'BOGUS'
        XDEL s 3-0 => :1
        XAUTOCLAIM s g d 0 - COUNT 2 => [4-0 [[1-0 [f 1]]] [3-0]]
        XAUTOCLAIM s g d 0 4-0 JUSTID => [0-0 [4-0] []]
        XAUTOCLAIM s g d 0 - COUNT 0 => -ERR COUNT must be > 0
        XACK s g 1-0 1-0 9-9 => :1
        XACK s none 1-0 => :0
        XACK s g x => -ERR Invalid stream ID specified as stream command argument
        XGROUP DELCONSUMER s g d => :1
        XPENDING s g => [:0 nil nil nil[]]
        XREADGROUP GROUP none a STREAMS s > => -NOGROUP No such key 's' or consumer group 'none' in XREADGROUP with GROUP option
        XREADGROUP GROUP g a STREAMS s t > => -ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified.
        XREADGROUP COUNT 1 STREAMS s > x y => -ERR Missing GROUP option for XREADGROUP
        XREADGROUP COUNT 1 GROUP STREAMS c STREAMS s > => -NOGROUP No such key 's' or consumer group 'STREAMS' in XREADGROUP with GROUP option
        COMMAND GETKEYS XREADGROUP COUNT 1 GROUP STREAMS c STREAMS s > => [s]
        ",
    );
}

#[test]
fn reading() {
    Rig::new().script(
        "
        XADD s 1-0 f 1 => 1-0
        XADD s 2-0 f 2 => 2-0
        XREAD COUNT 1 STREAMS s none 0 0 => [[s [[1-0 [f 1]]]]]
        XREAD STREAMS s s 1 + => [[s [[2-0 [f 2]]]] [s [[2-0 [f 2]]]]]
        XREAD STREAMS s $ => nil[]
        XREAD STREAMS s > => -ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.
        XREAD BLOCK -1 STREAMS s $ => -ERR timeout is negative
        XREAD BLOCK x STREAMS s $ => -ERR timeout is not an integer or out of range
        XREAD NOACK STREAMS s $ => -ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.
        XREAD COUNT 1 STREAMS s => -ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified.
        XREAD COUNT 1 BLOCK 1 => -ERR syntax error
        ",
    );
}

#[test]
fn resp3_names_streams_in_a_map() {
    let mut r = Rig::new();
    r.run_all(0, &["HELLO 3", "XADD s 1-0 f 1", "XADD t 1-0 f 1"]);
    assert_eq!(r.run(0, "XREAD STREAMS s t 0 0"), "{s: [[1-0 [f 1]]], t: [[1-0 [f 1]]]}");
}

#[test]
fn new_entries_serve_everybody_who_waits() {
    Rig::new().script(
        "
        1> XREAD BLOCK 0 STREAMS s t $ $ => (blocked)
        2> XREAD BLOCK 0 STREAMS t 0-1 => (blocked)
        3> XREAD BLOCK 0 STREAMS t $ => (blocked)
        4> XREAD BLOCK 100 STREAMS t 5 => (blocked)
        XADD t 1-1 f v => 1-1
        1> .mail => [[t [[1-1 [f v]]]]]
        2> .mail => [[t [[1-1 [f v]]]]]
        3> .mail => [[t [[1-1 [f v]]]]]
        4> .mail =>
        .wait 100
        4> .mail => nil[]
        # What $ means is settled when the wait begins.
        1> XREAD BLOCK 0 STREAMS t $ => (blocked)
        XDEL t 1-1 => :1
        DEL t => :1
        LPUSH t x => :1
        DEL t => :1
        XADD t 1-0 f v => 1-0
        1> .mail =>
        XADD t 2-0 f v => 2-0
        1> .mail => [[t [[2-0 [f v]]]]]
        MULTI => +OK
        XREAD BLOCK 0 STREAMS t $ => +QUEUED
        EXEC => [nil[]]
        1> BLPOP q 0 => (blocked)
        XADD q 1-1 f v => 1-1
        DEL q => :1
        RPUSH q x => :1
        1> .mail => [q x]
        ",
    );
}

#[test]
fn groups_wait_and_lose_their_stream() {
    Rig::new().script(
        "
        XGROUP CREATE s g $ MKSTREAM => +OK
        1> XREADGROUP GROUP g a BLOCK 0 STREAMS s > => (blocked)
        2> XREADGROUP GROUP g b BLOCK 0 STREAMS s > => (blocked)
        XADD s 1-0 f 1 => 1-0
        1> .mail => [[s [[1-0 [f 1]]]]]
        2> .mail =>
        XADD s 2-0 f 2 => 2-0
        2> .mail => [[s [[2-0 [f 2]]]]]
        XPENDING s g => [:2 1-0 2-0 [[a 1] [b 1]]]
        1> XREADGROUP GROUP g a BLOCK 0 STREAMS s > => (blocked)
        2> XREADGROUP GROUP g b BLOCK 0 STREAMS s > => (blocked)
        XGROUP DESTROY s g => :1
        1> .mail => -NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option
        2> .mail => -NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option
        XGROUP CREATE s g $ => +OK
        1> XREADGROUP GROUP g a BLOCK 0 STREAMS s > => (blocked)
        SET s v => +OK
        1> .mail => -WRONGTYPE Operation against a key holding the wrong kind of value
        ",
    );
}

/// However the stream goes, who waits in a group of it is told.
#[test]
fn every_way_of_losing_a_stream_ends_the_wait() {
    let ways: [&[&str]; 7] = [
        &["DEL s"],
        &["UNLINK s"],
        &["RENAME s t"],
        &["MOVE s 1"],
        &["FLUSHALL"],
        &["SWAPDB 0 1"],
        &["PEXPIRE s 5", ".wait 10", "EXISTS s"],
    ];
    for way in ways {
        let mut r = Rig::new();
        r.run(0, "XGROUP CREATE s g $ MKSTREAM");
        assert_eq!(r.run(1, "XREADGROUP GROUP g a BLOCK 0 STREAMS s >"), "(blocked)");
        for line in way {
            match line.strip_prefix(".wait ") {
                Some(ms) => r.advance_ms(ms.parse().expect("milliseconds")),
                None => drop(r.run(0, line)),
            }
        }
        assert!(r.mail(1).starts_with("-NOGROUP No such key 's'"), "{way:?}");
    }
}

#[test]
fn groups_do_not_disturb_who_watches() {
    Rig::new().script(
        "
        XADD s 1-0 f v => 1-0
        XGROUP CREATE s g 0 => +OK
        WATCH s => +OK
        1> XREADGROUP GROUP g a STREAMS s > => [[s [[1-0 [f v]]]]]
        1> XACK s g 1-0 => :1
        1> XGROUP DELCONSUMER s g a => :0
        MULTI => +OK
        EXEC => []
        WATCH s => +OK
        1> XDEL s 1-0 => :1
        MULTI => +OK
        EXEC => nil[]
        ",
    );
}

#[test]
fn copies_are_whole_and_their_own() {
    Rig::new().script(
        "
        XADD s 1-0 f v => 1-0
        XGROUP CREATE s g 0 => +OK
        XREADGROUP GROUP g a STREAMS s > => [[s [[1-0 [f v]]]]]
        COPY s t => :1
        XACK s g 1-0 => :1
        XDEL s 1-0 => :1
        XPENDING t g => [:1 1-0 1-0 [[a 1]]]
        XRANGE t - + => [[1-0 [f v]]]
        RENAME t u => +OK
        XINFO STREAM u FULL => [length :1 radix-tree-keys :1 radix-tree-nodes :2 last-generated-id 1-0 max-deleted-entry-id 0-0 entries-added :1 recorded-first-entry-id 1-0 entries [[1-0 [f v]]] groups [[name g last-delivered-id 1-0 entries-read :1 lag :0 pel-count :1 pending [[1-0 a :1720000000000 :1]] consumers [[name a seen-time :1720000000000 active-time :1720000000000 pel-count :1 pending [[1-0 :1720000000000 :1]]]]]]]
        ",
    );
}
