//! Where we mean to differ from the peer, which is Redis 7.0, because Valkey does.

use super::common::Value;

/// One such place.
pub struct Intended {
    command: &'static str,
    /// What the peer says; anything, when it is not a text.
    peer: Option<&'static str>,
    ours: &'static str,
    /// Whether the servers' states differ from here on, so that the rest proves nothing.
    pub parts_ways: bool,
    #[allow(dead_code)] // for the reader
    reason: &'static str,
}

const NOT_IN_MULTI: &str = "Valkey refuses it by a flag of the command, which spoils the transaction as well";

const WITH_SCORE: &str = "it takes one more argument since Redis 7.2";
const LOOKS_FIRST: &str = "Redis 7.0 looks at the key first, and if there is none at nothing else";
const NAMES_THE_COMMAND: &str = "Valkey says which command it was";

const NOT_NEGATABLE: &str =
    "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";

const INTENDED: &[Intended] = &[
    Intended {
        command: "OBJECT",
        peer: Some("quicklist"),
        ours: "listpack",
        parts_ways: false,
        reason: "Valkey, as Redis from 7.2 on, keeps a small list in one listpack",
    },
    Intended {
        command: "OBJECT",
        peer: Some("listpack"),
        ours: "skiplist",
        parts_ways: false,
        reason: "Valkey makes a sorted set large for a long member that XX then leaves out",
    },
    Intended {
        command: "MULTI",
        peer: Some("ERR MULTI calls can not be nested"),
        ours: "ERR Command not allowed inside a transaction",
        parts_ways: true,
        reason: NOT_IN_MULTI,
    },
    Intended {
        command: "WATCH",
        peer: Some("ERR WATCH inside MULTI is not allowed"),
        ours: "ERR Command not allowed inside a transaction",
        parts_ways: true,
        reason: NOT_IN_MULTI,
    },
    Intended {
        command: "SCAN",
        peer: None,
        ours: "ERR invalid cursor",
        parts_ways: false,
        reason: "Redis 7.0 reads a cursor leniently: an empty one, blanks, a sign",
    },
    Intended {
        command: "SCAN",
        peer: None,
        ours: "ERR unknown type name 'x'",
        parts_ways: false,
        reason: "Redis 7.0 takes it for a type that no key has",
    },
    Intended { command: "HSCAN", peer: None, ours: "ERR invalid cursor", parts_ways: false, reason: "as SCAN" },
    Intended { command: "SSCAN", peer: None, ours: "ERR invalid cursor", parts_ways: false, reason: "as SCAN" },
    Intended { command: "ZSCAN", peer: None, ours: "ERR invalid cursor", parts_ways: false, reason: "as SCAN" },
    Intended {
        command: "ZRANK",
        peer: Some("ERR wrong number of arguments for 'zrank' command"),
        ours: "ERR syntax error",
        parts_ways: false,
        reason: WITH_SCORE,
    },
    Intended {
        command: "ZRANK",
        peer: Some("ERR wrong number of arguments for 'zrank' command"),
        ours: "QUEUED",
        parts_ways: true,
        reason: WITH_SCORE,
    },
    Intended {
        command: "ZREVRANK",
        peer: Some("ERR wrong number of arguments for 'zrevrank' command"),
        ours: "ERR syntax error",
        parts_ways: false,
        reason: WITH_SCORE,
    },
    Intended {
        command: "ZREVRANK",
        peer: Some("ERR wrong number of arguments for 'zrevrank' command"),
        ours: "QUEUED",
        parts_ways: true,
        reason: WITH_SCORE,
    },
    Intended {
        command: "CLIENT",
        peer: Some("ERR Invalid client ID"),
        ours: "ERR syntax error",
        parts_ways: false,
        reason: "other filters may follow the ids of CLIENT LIST since Valkey 8.1",
    },
    Intended {
        command: "GEOSEARCH",
        peer: Some("ERR exactly one of BYRADIUS and BYBOX can be specified for GEOSEARCH"),
        ours: "ERR exactly one of BYRADIUS, BYBOX and BYPOLYGON can be specified for GEOSEARCH",
        parts_ways: false,
        reason: "Valkey 9 has polygons",
    },
    Intended {
        command: "GEOSEARCH",
        peer: Some("ERR exactly one of BYRADIUS and BYBOX can be specified for geosearch"),
        ours: "ERR exactly one of BYRADIUS, BYBOX and BYPOLYGON can be specified for geosearch",
        parts_ways: false,
        reason: "Valkey 9 has polygons",
    },
    Intended {
        command: "LREM",
        peer: None,
        ours: NOT_NEGATABLE,
        parts_ways: true,
        reason: "Redis 7.0 negates the smallest integer, and may remove what it should not",
    },
    Intended {
        command: "BITCOUNT",
        peer: None,
        ours: "ERR value is not an integer or out of range",
        parts_ways: false,
        reason: LOOKS_FIRST,
    },
    Intended { command: "BITCOUNT", peer: None, ours: "ERR syntax error", parts_ways: false, reason: LOOKS_FIRST },
    Intended {
        command: "BITPOS",
        peer: None,
        ours: "ERR value is not an integer or out of range",
        parts_ways: false,
        reason: LOOKS_FIRST,
    },
    Intended { command: "BITPOS", peer: None, ours: "ERR syntax error", parts_ways: false, reason: LOOKS_FIRST },
    Intended {
        command: "XSETID",
        peer: None,
        ours: "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id",
        parts_ways: true,
        reason: "Redis 7.0 looks at deleted entries only while there are others",
    },
    Intended {
        command: "XREAD",
        peer: Some("ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified."),
        ours: "ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified.",
        parts_ways: false,
        reason: NAMES_THE_COMMAND,
    },
    Intended {
        command: "XREADGROUP",
        peer: Some("ERR Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified."),
        ours: "ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified.",
        parts_ways: false,
        reason: NAMES_THE_COMMAND,
    },
    Intended {
        command: "LPOS",
        peer: None,
        ours: NOT_NEGATABLE,
        parts_ways: false,
        reason: "Redis 7.0 negates the smallest integer, and finds nothing",
    },
];

fn is(value: &Value, text: &str) -> bool {
    matches!(value, Value::Bulk(b) | Value::Error(b) | Value::Simple(b) if b == text.as_bytes())
}

/// The entry that covers these replies to the command of this (capital) name.
pub fn intended(command: &str, ours: &Value, peer: &Value) -> Option<&'static Intended> {
    INTENDED
        .iter()
        .find(|known| known.command == command && is(ours, known.ours) && known.peer.is_none_or(|text| is(peer, text)))
}

#[cfg(test)]
mod tests {
    use super::super::common::{bulk, err};
    use super::*;

    #[test]
    fn a_difference_is_intended_one_way() {
        assert!(intended("OBJECT", &bulk("listpack"), &bulk("quicklist")).is_some());
        assert!(intended("OBJECT", &bulk("quicklist"), &bulk("listpack")).is_none());
        assert!(intended("SCAN", &err("ERR invalid cursor"), &Value::Nil).is_some());
        assert!(intended("SCAN", &Value::Nil, &err("ERR invalid cursor")).is_none());
    }
}
