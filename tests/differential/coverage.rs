//! Whether the sequences really contain what they are said to compare: every command that the
//! peer knows, each of its subcommands, and every word that its documentation says may stand
//! among their arguments. A word counts where the peer did not refuse the command.
//!
//! What is never compared is named here with its reason; a name that excuses nothing fails.

use super::common::{Client, Value};
use super::spec::Command;
use std::collections::{BTreeMap, BTreeSet};

/// Commands that ours does not have yet, their subcommands and options included.
const NOT_BUILT: &[&str] = &[
    "ACL",
    "ASKING",
    "CLIENT CACHING",
    "CLIENT TRACKING",
    "CLIENT TRACKINGINFO",
    "CLUSTER",
    "EVAL",
    "EVAL_RO",
    "EVALSHA",
    "EVALSHA_RO",
    "FAILOVER",
    "FCALL",
    "FCALL_RO",
    "FUNCTION",
    "MODULE",
    "PSYNC",
    "READONLY",
    "READWRITE",
    "REPLCONF",
    "REPLICAOF",
    "SCRIPT",
    "SLAVEOF",
    "SYNC",
    "WAIT",
];

/// Words of the peer's that no sequence has, by their reasons.
const ELSEWHERE: &[(&str, &[&str])] = &[
    (
        "does not answer one reply to one command",
        &[
            "CLIENT REPLY",
            "MONITOR",
            "PSUBSCRIBE",
            "PUNSUBSCRIBE",
            "QUIT",
            "SSUBSCRIBE",
            "SUBSCRIBE",
            "SUNSUBSCRIBE",
            "UNSUBSCRIBE",
        ],
    ),
    (
        "ends or stops a server, or writes its files",
        &["BGREWRITEAOF", "BGSAVE", "CLIENT PAUSE", "CONFIG REWRITE", "MIGRATE", "SAVE", "SHUTDOWN"],
    ),
    ("ours refuses it within a transaction", &["MEMORY MALLOC-STATS", "MEMORY PURGE"]),
    ("another picture, whose arguments go by the version", &["LOLWUT"]),
    ("refused without a directive", &["DEBUG"]),
    ("about events of which there are none", &["LATENCY GRAPH"]),
    ("replies the clock, as ids that are given are told apart", &["XADD *"]),
    ("takes seconds in a build for tests", &["PFSELFTEST"]),
];

/// How often each command, subcommand and word was accepted.
pub struct Tally {
    drawn: BTreeMap<String, usize>,
    containers: BTreeSet<String>,
}

fn upper(text: &[u8]) -> String {
    String::from_utf8_lossy(text).to_uppercase()
}

/// The value of a name in a flat list of pairs.
fn field<'a>(pairs: &'a [Value], name: &str) -> &'a [Value] {
    let found = pairs.chunks(2).find(|p| matches!(&p[0], Value::Bulk(n) if n == name.as_bytes()));
    found.map_or(&[], |p| p[1].items())
}

/// The words of a command's arguments, however deep.
fn tokens(doc: &[Value], into: &mut Vec<String>) {
    for arg in field(doc, "arguments") {
        let pairs = arg.items();
        let token = pairs.chunks(2).find(|p| matches!(&p[0], Value::Bulk(n) if n == b"token"));
        match token.map(|p| &p[1]) {
            Some(Value::Bulk(word)) if !word.is_empty() => into.push(upper(word)),
            _ => {}
        }
        tokens(pairs, into);
    }
}

impl Tally {
    /// Nothing drawn yet of all that `peer` documents.
    pub fn new(peer: &mut Client) -> Tally {
        let mut tally = Tally { drawn: BTreeMap::new(), containers: BTreeSet::new() };
        tally.add(peer.line("COMMAND DOCS").items());
        tally
    }

    fn add(&mut self, docs: &[Value]) {
        for pair in docs.chunks(2) {
            let name = pair[0].text().to_uppercase().replace('|', " ");
            let mut words = Vec::new();
            tokens(pair[1].items(), &mut words);
            self.drawn.extend(words.into_iter().map(|word| (format!("{name} {word}"), 0)));
            let subcommands = field(pair[1].items(), "subcommands");
            self.add(subcommands);
            match subcommands {
                [] => drop(self.drawn.insert(name, 0)),
                _ => drop(self.containers.insert(name)),
            }
        }
    }

    /// Counts the commands of a sequence that were done at once.
    pub fn note(&mut self, sequence: &[Command], replies: &[Value]) {
        let done = |reply: &Value| !reply.is_error() && !matches!(reply, Value::Simple(text) if text == b"QUEUED");
        for (command, _) in sequence.iter().zip(replies).filter(|(_, reply)| done(reply)) {
            let mut words = command.iter().map(|word| upper(word));
            let Some(mut name) = words.next() else { continue };
            if self.containers.contains(&name) {
                name = words.next().map_or(name.clone(), |sub| format!("{name} {sub}"));
            }
            let whole: BTreeSet<String> = words.map(|word| format!("{name} {word}")).chain([name.clone()]).collect();
            for what in whole {
                self.drawn.entry(what).and_modify(|n| *n += 1);
            }
        }
    }

    /// How many names were drawn.
    pub fn count(&self) -> usize {
        self.drawn.values().filter(|n| **n > 0).count()
    }

    /// What is wrong: names never drawn and not excused, and excuses for nothing.
    pub fn complaints(&self, ours: &mut Client) -> Vec<String> {
        let covers =
            |excuse: &str, name: &str| name == excuse || name.strip_prefix(excuse).is_some_and(|s| s.starts_with(' '));
        let excuses = || NOT_BUILT.iter().chain(ELSEWHERE.iter().flat_map(|(_, names)| names.iter()));
        let missing: Vec<&String> = self.drawn.iter().filter(|(_, n)| **n == 0).map(|(name, _)| name).collect();
        let unexcused = missing.iter().filter(|name| !excuses().any(|e| covers(e, name)));
        let mut found: Vec<String> = unexcused.map(|name| format!("never drawn: {name}")).collect();
        let stale = excuses().filter(|e| !missing.iter().any(|name| covers(e, name)));
        found.extend(stale.map(|e| format!("excused, and needs no excuse: {e}")));
        for name in NOT_BUILT {
            let row = ours.cmd(&["COMMAND", "INFO", &name.to_lowercase().replace(' ', "|")]);
            if matches!(row.items(), [Value::Array(_)]) {
                found.push(format!("said not to be built, and is: {name}"));
            }
        }
        found
    }
}
