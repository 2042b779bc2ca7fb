//! HyperLogLog commands: PFADD, PFCOUNT, PFMERGE, and two for tests.

pub mod debug;
pub mod values;

use super::row::{Acl, Flags, Group, Row, Run};
use crate::{
    data::hyperloglog::{self as hll, Corrupt, Encoding},
    keyspace::{Entry, Event, string::Str},
    protocol::Error,
};

const PFADD: Event = Event::string("pfadd");

/// A HyperLogLog command's row, to be completed with struct update syntax.
const fn row(name: &'static str, arity: i16, flags: Flags, run: Run) -> Row {
    Row {
        flags,
        acl: Acl::HYPERLOGLOG,
        since: "2.8.9",
        complexity: "N/A",
        ..Row::new(name, arity, Group::HyperLogLog, run)
    }
}

/// How a string holds a HyperLogLog.
fn encoding(e: &Entry) -> Result<Encoding, Error> {
    let found = Str::of(e).with(hll::encoding);
    found.ok_or(Error::Static("WRONGTYPE Key is not a valid HyperLogLog string value."))
}

fn corrupt(_: Corrupt) -> Error {
    Error::Static("INVALIDOBJ Corrupted HLL object detected")
}
