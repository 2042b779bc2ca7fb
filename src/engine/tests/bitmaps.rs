//! Bitmap commands.

use crate::engine::testing::Rig;

#[test]
fn single_bits() {
    Rig::new().script(
        "
        SETBIT b 7 1 => :0
        SETBIT b 7 1 => :1
        SETBIT b 0 1 => :0
        GETBIT b 0 => :1
        GETBIT b 1 => :0
        GETBIT b 100 => :0
        GETBIT none 100 => :0
        STRLEN b => :1
        SETBIT b 20 0 => :0
        STRLEN b => :3
        SETBIT b -1 1 => -ERR bit offset is not an integer or out of range
        SETBIT b 4294967296 1 => -ERR bit offset is not an integer or out of range
        SETBIT b 1 2 => -ERR bit is not an integer or out of range
        SETBIT b x 1 => -ERR bit offset is not an integer or out of range
        SET n 1 => +OK
        SETBIT n 6 1 => :0
        GET n => 3
        OBJECT ENCODING n => raw
        LPUSH l x => :1
        SETBIT l 0 1 => -WRONGTYPE Operation against a key holding the wrong kind of value
        ",
    );
}

#[test]
fn counting_and_finding() {
    Rig::new().script(
        "
        SET s foobar => +OK
        BITCOUNT s => :26
        BITCOUNT s 0 0 => :4
        BITCOUNT s 1 1 BYTE => :6
        BITCOUNT s 5 30 BIT => :17
        BITCOUNT s -2 => :7
        BITCOUNT s -1 -2 => :0
        BITCOUNT s 5 30 X => -ERR syntax error
        BITCOUNT none 0 x => -ERR value is not an integer or out of range
        BITCOUNT none => :0
        BITPOS s 1 => :1
        BITPOS s 0 => :0
        BITPOS s 1 1 => :9
        BITPOS s 1 12 20 BIT => :12
        BITPOS s 2 => -ERR The bit argument must be 1 or 0.
        BITPOS none 0 => :0
        BITPOS none 1 => :-1
        SET f \"\\xff\\xff\" => +OK
        BITPOS f 0 => :16
        BITPOS f 0 1 => :16
        BITPOS f 0 0 -1 => :-1
        BITPOS f 0 5 => :-1
        SET e '' => +OK
        BITPOS e 0 => :-1
        ",
    );
}

#[test]
fn combining() {
    Rig::new().script(
        "
        SET a \"\\x0f\\xff\" => +OK
        SET b \"\\x3c\" => +OK
        BITOP AND d a b => :2
        BITFIELD_RO d GET u8 0 GET u8 8 => [:12 :0]
        BITOP OR d a b none => :2
        BITFIELD_RO d GET u8 0 GET u8 8 => [:63 :255]
        BITOP XOR d a b => :2
        BITFIELD_RO d GET u8 0 => [:51]
        BITOP NOT d a => :2
        BITFIELD_RO d GET u8 0 GET u8 8 => [:240 :0]
        BITOP NOT d a b => -ERR BITOP NOT must be called with a single source key.
        BITOP NAND d a => -ERR syntax error
        BITOP AND d none => :0
        EXISTS d => :0
        LPUSH l x => :1
        BITOP AND d a l => -WRONGTYPE Operation against a key holding the wrong kind of value
        ",
    );
}

#[test]
fn fields() {
    Rig::new().script(
        "
        BITFIELD f SET u8 0 200 GET u8 0 INCRBY u8 0 100 => [:0 :200 :44]
        BITFIELD f OVERFLOW SAT INCRBY u8 0 250 OVERFLOW FAIL INCRBY u8 0 1 => [:255 nil]
        BITFIELD f GET i8 0 GET u4 #1 GET i64 100 => [:-1 :15 :0]
        BITFIELD f OVERFLOW SAT SET i8 #1 -200 GET i8 #1 => [:0 :-128]
        STRLEN f => :2
        BITFIELD f GET u64 0 => -ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.
        BITFIELD f GET u8 -1 => -ERR bit offset is not an integer or out of range
        BITFIELD f GET u8 => -ERR syntax error
        BITFIELD f OVERFLOW X => -ERR Invalid OVERFLOW type specified
        BITFIELD_RO f SET u8 0 1 => -ERR BITFIELD_RO only supports the GET subcommand
        BITFIELD f => []
        BITFIELD none GET u8 0 => [:0]
        EXISTS none => :0
        BITFIELD g OVERFLOW FAIL SET u4 0 99 => [nil]
        STRLEN g => :1
        COMMAND GETKEYSANDFLAGS BITFIELD f GET u8 0 => [[f [+RO +access]]]
        ",
    );
}
