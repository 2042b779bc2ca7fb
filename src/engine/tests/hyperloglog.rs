//! HyperLogLog commands.

use crate::engine::testing::Rig;

#[test]
fn adding_counting_merging() {
    Rig::new().script(
        "
        PFADD h a b c a => :1
        PFADD h a => :0
        PFCOUNT h => :3
        PFCOUNT h => :3
        PFADD i => :1
        PFADD i => :0
        PFCOUNT i => :0
        PFADD i c d => :1
        PFCOUNT h i none => :4
        PFMERGE j h i => +OK
        PFCOUNT j => :4
        PFMERGE h j => +OK
        PFCOUNT h none => :4
        PFCOUNT none => :0
        PFDEBUG ENCODING h => +sparse
        PFDEBUG TODENSE h => :1
        PFDEBUG TODENSE h => :0
        PFDEBUG ENCODING h => +dense
        PFDEBUG DECODE h => -ERR HLL encoding is not sparse
        PFCOUNT h => :4
        STRLEN h => :12304
        PFMERGE j h => +OK
        PFDEBUG ENCODING j => +dense
        PFDEBUG NOSUCH j => -ERR Unknown PFDEBUG subcommand 'NOSUCH'
        PFDEBUG DECODE none => -ERR The specified key does not exist
        PFSELFTEST => +OK
        SET s text => +OK
        PFADD s a => -WRONGTYPE Key is not a valid HyperLogLog string value.
        PFCOUNT s => -WRONGTYPE Key is not a valid HyperLogLog string value.
        PFCOUNT h s => -WRONGTYPE Key is not a valid HyperLogLog string value.
        LPUSH l x => :1
        PFADD l a => -WRONGTYPE Operation against a key holding the wrong kind of value
        ",
    );
}

#[test]
fn what_is_no_description_of_registers_is_refused() {
    Rig::new().script(
        "
        PFADD h a => :1
        APPEND h x => :22
        PFCOUNT h => -INVALIDOBJ Corrupted HLL object detected
        PFMERGE i h => -INVALIDOBJ Corrupted HLL object detected
        EXISTS i => :0
        ",
    );
}

/// A small one becomes dense at the configured size.
#[test]
fn sparse_until_the_limit() {
    let mut r = Rig::with(1, &[("hll-sparse-max-bytes", "30")]);
    r.run(0, "PFADD h 1 2 3");
    assert_eq!(r.run(0, "PFDEBUG ENCODING h"), "+sparse");
    r.run(0, "PFADD h 4 5 6 7 8 9");
    assert_eq!(r.run(0, "PFDEBUG ENCODING h"), "+dense");
    assert_eq!(r.run(0, "PFCOUNT h"), ":9");
}
