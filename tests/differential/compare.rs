//! When two servers' replies count as the same.
//!
//! Byte for byte, except where the reference leaves the order open, draws at random or reads
//! a clock. Those exceptions are by command, so that nothing else slips through.

use super::common::Value;
use super::intended::intended;
use super::spec::Command;
use super::streams::{normal_info, normal_pending};

/// How the replies of a command are compared.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    Exact,
    /// The same items in any order.
    Unordered,
    /// The same name-value pairs in any order, flat or as a map.
    UnorderedPairs,
    /// A cursor and items: compared, unordered, when both servers did it all in one call.
    Scan {
        from_start: bool,
    },
    /// The same as `Scan`, the items being name-value pairs.
    ScanPairs {
        from_start: bool,
    },
    /// The same types, the same number of items; what they say is random.
    Shape,
    /// Not compared, as long as neither is an error: the rows are compared one by one elsewhere.
    Listing,
    /// Not compared, as long as neither is an error: it depends on how long commands took.
    Slowness,
    /// Two numbers at most so far apart, since the clocks are.
    Within(i64),
    /// Ours takes a shorter form that Redis 7.0 refuses.
    MayRefuse,
    /// What they say besides the clock, of pending entries, of a stream.
    Pending,
    StreamInfo,
    /// Ours may be less: Redis 7.0 stores a string whose time is past, Valkey does not.
    AtMost,
}

fn upper(arg: Option<&Vec<u8>>) -> String {
    String::from_utf8_lossy(arg.map_or(b"", |a| a)).to_uppercase()
}

fn is_zero(arg: Option<&Vec<u8>>) -> bool {
    arg.is_some_and(|arg| arg == b"0")
}

fn rule(command: &Command) -> Rule {
    match upper(command.first()).as_str() {
        "KEYS" | "HKEYS" | "HVALS" | "SMEMBERS" | "SINTER" | "SUNION" | "SDIFF" => Rule::Unordered,
        "HGETALL" => Rule::UnorderedPairs,
        "SCAN" => Rule::Scan { from_start: is_zero(command.get(1)) },
        "SSCAN" => Rule::Scan { from_start: is_zero(command.get(2)) },
        "HSCAN" | "ZSCAN" => Rule::ScanPairs { from_start: is_zero(command.get(2)) },
        "RANDOMKEY" | "HRANDFIELD" | "SPOP" | "SRANDMEMBER" | "ZRANDMEMBER" | "TIME" => Rule::Shape,
        "SORT" | "SORT_RO" => sort_rule(command),
        // It names the server and its version.
        "HELLO" => Rule::Shape,
        "COMMAND" if command.len() == 1 || upper(command.get(1)) == "COUNT" => Rule::Listing,
        "OBJECT" if ["IDLETIME", "FREQ", "REFCOUNT"].contains(&upper(command.get(1)).as_str()) => Rule::Shape,
        // Texts of its own.
        _ if upper(command.get(1)) == "HELP" => Rule::Listing,
        "SLOWLOG" => Rule::Slowness,
        // Opaque: the servers read each other's in `tests/blackbox/exchange.rs`.
        "DUMP" => Rule::Shape,
        // Said in words of its own, or counted otherwise.
        "INFO" | "LASTSAVE" => Rule::Shape,
        "CLIENT" if ["ID", "INFO", "LIST"].contains(&upper(command.get(1)).as_str()) => Rule::Shape,
        "MEMORY" if ["DOCTOR", "MALLOC-STATS", "USAGE"].contains(&upper(command.get(1)).as_str()) => Rule::Shape,
        "MEMORY" if upper(command.get(1)) == "STATS" => Rule::Listing,
        "LATENCY" if upper(command.get(1)) == "DOCTOR" => Rule::Shape,
        "LATENCY" if upper(command.get(1)) == "HISTOGRAM" && command.len() == 2 => Rule::Listing,
        "COMMAND" if upper(command.get(1)) == "LIST" && command.len() > 2 => Rule::Unordered,
        "COMMAND" if ["LIST", "DOCS", "INFO"].contains(&upper(command.get(1)).as_str()) => Rule::Listing,
        "TTL" | "EXPIRETIME" => Rule::Within(2),
        "DBSIZE" => Rule::AtMost,
        "XPENDING" => Rule::Pending,
        "BITCOUNT" if command.len() == 3 => Rule::MayRefuse,
        "XINFO" => Rule::StreamInfo,
        "PTTL" | "PEXPIRETIME" => Rule::Within(2000),
        _ => Rule::Exact,
    }
}

/// Elements of the same weight, and sets that are not sorted, come in any order. Only SORT
/// itself and RPUSH make keys with a `q`, so those are lists.
fn sort_rule(command: &Command) -> Rule {
    let has = |word: &str| command.iter().any(|arg| upper(Some(arg)) == word);
    if command.get(1).is_some_and(|key| key.starts_with(b"q")) || !has("BY") {
        return Rule::Exact;
    }
    if has("ALPHA") || has("NOSORT") { Rule::Unordered } else { Rule::Exact }
}

/// Where the replies to a sequence first differ.
#[derive(Debug, PartialEq)]
pub struct Difference {
    pub at: usize,
    pub ours: Value,
    pub peer: Value,
}

/// The first difference between the replies to `sequence`, or `None`.
pub fn first_difference(sequence: &[Command], ours: &[Value], peer: &[Value]) -> Option<Difference> {
    // The commands queued since MULTI: they say how EXEC's items are to be compared.
    let mut queue: Vec<&Command> = Vec::new();
    for (at, command) in sequence.iter().enumerate() {
        let name = upper(command.first());
        // Members that are drawn at random are then missing from one set and not the other.
        let pops = name == "EXEC" && queue.iter().any(|c| upper(c.first()) == "SPOP");
        if is_old_mistake(&name, &ours[at], &peer[at]) {
            return None;
        }
        let same = match name.as_str() {
            "EXEC" => same_exec(&std::mem::take(&mut queue), &ours[at], &peer[at]),
            _ => same(command, &ours[at], &peer[at]),
        };
        if !same {
            return Some(Difference { at, ours: ours[at].clone(), peer: peer[at].clone() });
        }
        let parts_ways = intended(&name, &ours[at], &peer[at]).is_some_and(|known| known.parts_ways);
        if parts_ways || pops && ours[at] != peer[at] || drew_apart(command, &ours[at], &peer[at]) {
            return None;
        }
        match &peer[at] {
            Value::Simple(text) if text == b"QUEUED" => queue.push(command),
            // A MULTI within MULTI is refused, and the queue stays.
            Value::Simple(_) if ends_queue(command) => queue.clear(),
            _ => {}
        }
    }
    None
}

/// SORT of Redis looks at `errno` and never clears it: once a number was out of range, any
/// text with a fraction may be refused.
fn is_old_mistake(name: &str, ours: &Value, peer: &Value) -> bool {
    let refused = matches!(peer, Value::Error(text) if text.starts_with(b"ERR One or more scores"));
    match (ours, peer) {
        (Value::Array(a), Value::Array(b)) if name == "EXEC" => {
            a.iter().zip(b).any(|(a, b)| is_old_mistake("SORT", a, b))
        }
        _ => name.starts_with("SORT") && refused && !matches!(ours, Value::Error(_)),
    }
}

/// Whether the command has taken other members from a set here than there.
fn drew_apart(command: &Command, ours: &Value, peer: &Value) -> bool {
    upper(command.first()) == "SPOP" && whole(ours) != whole(peer)
}

/// A reply's items without their order.
fn whole(reply: &Value) -> Vec<Value> {
    match reply {
        Value::Array(items) | Value::Set(items) => sorted(items.clone()),
        other => vec![other.clone()],
    }
}

fn ends_queue(command: &Command) -> bool {
    matches!(upper(command.first()).as_str(), "MULTI" | "DISCARD" | "RESET")
}

fn same_exec(queue: &[&Command], ours: &Value, peer: &Value) -> bool {
    match (ours, peer) {
        (Value::Array(a), Value::Array(b)) if a.len() == queue.len() && b.len() == queue.len() => {
            let replies = queue.iter().zip(a.iter().zip(b));
            let parted = |(command, (a, b)): &(&&Command, (&Value, &Value))| drew_apart(command, a, b);
            let known = replies.clone().position(|reply| parted(&reply)).map_or(queue.len(), |at| at + 1);
            replies.take(known).all(|(command, (a, b))| same(command, a, b))
        }
        _ => ours == peer,
    }
}

fn same(command: &Command, ours: &Value, peer: &Value) -> bool {
    if ours == peer {
        return true;
    }
    let name = upper(command.first());
    if has_scores(&name) && by_rule(rule(command), &numbers(ours), &numbers(peer)) {
        return true;
    }
    if name.starts_with("SORT") && whole(ours) == whole(peer) && up_to_zero(ours) == up_to_zero(peer) {
        return true;
    }
    by_rule(rule(command), ours, peer) || intended(&name, ours, peer).is_some()
}

/// A reply's texts as SORT ALPHA of the peer collates them: a zero byte ends a text, and texts
/// that begin alike before one come in any order. Ours are sorted by all their bytes.
fn up_to_zero(reply: &Value) -> Value {
    match reply {
        Value::Bulk(text) => Value::Bulk(text.split(|b| *b == 0).next().unwrap_or_default().to_vec()),
        Value::Array(items) => Value::Array(items.iter().map(up_to_zero).collect()),
        other => other.clone(),
    }
}

/// Whether a command may show scores. Redis 7.0 prints them with 17 digits, Valkey with as
/// many as are needed.
fn has_scores(name: &str) -> bool {
    name.starts_with('Z') || name.starts_with("BZ")
}

/// A reply in which all texts that are numbers are written alike.
fn numbers(v: &Value) -> Value {
    let number =
        |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<f64>().ok().map(|n| (n + 0.0).to_string().into_bytes());
    match v {
        Value::Bulk(text) => Value::Bulk(number(text).unwrap_or(text.clone())),
        Value::Double(text) => Value::Double(number(text).unwrap_or(text.clone())),
        Value::Array(items) => Value::Array(items.iter().map(numbers).collect()),
        other => other.clone(),
    }
}

fn by_rule(rule: Rule, ours: &Value, peer: &Value) -> bool {
    match (rule, ours, peer) {
        (Rule::Exact, ..) => ours == peer,
        (Rule::AtMost, Value::Int(a), Value::Int(b)) => a <= b,
        (Rule::Shape, a, b) => same_shape(a, b),
        (Rule::MayRefuse, Value::Int(_), Value::Error(text)) => text == b"ERR syntax error",
        (Rule::Pending, a, b) => normal_pending(a) == normal_pending(b),
        (Rule::StreamInfo, a, b) => normal_info(a) == normal_info(b),
        (Rule::Slowness, a, b) => !a.is_error() && !b.is_error(),
        (Rule::Listing, Value::Array(a), Value::Array(b)) => !a.is_empty() && !b.is_empty(),
        (Rule::Listing, Value::Map(a), Value::Map(b)) => !a.is_empty() && !b.is_empty(),
        (Rule::Listing, Value::Int(a), Value::Int(b)) => *a > 0 && *b > 0,
        (Rule::Within(limit), Value::Int(a), Value::Int(b)) => {
            // Negative ones are answers about the key, not times.
            *a >= 0 && *b >= 0 && a.abs_diff(*b) <= limit as u64
        }
        (Rule::Unordered, Value::Array(a), Value::Array(b)) | (Rule::Unordered, Value::Set(a), Value::Set(b)) => {
            sorted(a.clone()) == sorted(b.clone())
        }
        (Rule::UnorderedPairs, Value::Array(a), Value::Array(b)) => pairs(a) == pairs(b),
        (Rule::UnorderedPairs, Value::Map(a), Value::Map(b)) => sorted(a.clone()) == sorted(b.clone()),
        (Rule::Scan { from_start } | Rule::ScanPairs { from_start }, Value::Array(a), Value::Array(b)) => {
            let [Value::Bulk(next_a), Value::Array(a)] = a.as_slice() else {
                return false;
            };
            let [Value::Bulk(next_b), Value::Array(b)] = b.as_slice() else {
                return false;
            };
            let complete = from_start && next_a == b"0" && next_b == b"0";
            match rule {
                _ if !complete => true,
                Rule::Scan { .. } => sorted(a.clone()) == sorted(b.clone()),
                _ => pairs(a) == pairs(b),
            }
        }
        _ => false,
    }
}

fn sorted<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    items.sort();
    items
}

fn pairs(flat: &[Value]) -> Vec<&[Value]> {
    sorted(flat.chunks(2).collect())
}

fn same_shape(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) | (Value::Set(a), Value::Set(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_shape(a, b))
        }
        (Value::Map(_), Value::Map(_)) => true,
        (Value::Error(_), Value::Error(_)) => a == b,
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

#[cfg(test)]
mod tests {
    use super::super::common::{bulk, bulks, err, int, simple};
    use super::*;

    fn command(line: &str) -> Command {
        line.split(' ').map(|word| word.as_bytes().to_vec()).collect()
    }

    fn differ(line: &str, ours: Value, peer: Value) -> bool {
        first_difference(&[command(line)], &[ours], &[peer]).is_some()
    }

    #[test]
    fn order_counts_only_where_it_is_promised() {
        assert!(differ("LRANGE l 0 1", bulks(["a", "b"]), bulks(["b", "a"])));
        assert!(!differ("keys *", bulks(["a", "b"]), bulks(["b", "a"])));
        assert!(differ("KEYS *", bulks(["a", "a"]), bulks(["b", "a"])));
        assert!(!differ("HGETALL h", bulks(["a", "1", "b", "2"]), bulks(["b", "2", "a", "1"])));
        assert!(differ("HGETALL h", bulks(["a", "1", "b", "2"]), bulks(["b", "1", "a", "2"])));
    }

    #[test]
    fn clocks_and_chance_have_their_play() {
        assert!(!differ("TTL k", int(100), int(99)));
        assert!(differ("TTL k", int(-1), int(-2)));
        assert!(differ("PTTL k", int(100_000), int(1_000_000)));
        assert!(!differ("RANDOMKEY", bulk("a"), bulk("b")));
        assert!(differ("RANDOMKEY", bulk("a"), Value::Nil));
        assert!(differ("RANDOMKEY", err("ERR a"), err("ERR b")));
    }

    #[test]
    fn scores_are_numbers() {
        assert!(!differ("ZSCORE z a", bulk("0.1"), bulk("0.10000000000000001")));
        assert!(differ("ZSCORE z a", bulk("0.1"), bulk("0.2")));
        assert!(!differ("zrange z 0 1", bulks(["a", "-0"]), bulks(["a", "0"])));
        assert!(differ("GET s", bulk("0.1"), bulk("0.10000000000000001")));
    }

    #[test]
    fn a_scan_counts_once_it_is_complete() {
        let scan = |cursor: &str, items: &[&str]| Value::Array(vec![bulk(cursor), bulks(items)]);
        assert!(!differ("SCAN 0", scan("0", &["a", "b"]), scan("0", &["b", "a"])));
        assert!(differ("SCAN 0", scan("0", &["a"]), scan("0", &["b", "a"])));
        assert!(!differ("SCAN 7", scan("0", &["a"]), scan("0", &["b", "a"])));
        assert!(!differ("SCAN 0", scan("4", &["a"]), scan("0", &["b", "a"])));
    }

    #[test]
    fn the_items_of_exec_follow_their_commands() {
        let sequence = ["MULTI", "KEYS *", "LRANGE l 0 -1", "EXEC"].map(command);
        let replies = |a: &[&str], b: &[&str]| {
            [simple("OK"), simple("QUEUED"), simple("QUEUED"), Value::Array(vec![bulks(a), bulks(b)])]
        };
        let base = replies(&["a", "b"], &["a", "b"]);
        assert_eq!(first_difference(&sequence, &base, &replies(&["b", "a"], &["a", "b"])), None);
        let found = first_difference(&sequence, &base, &replies(&["a", "b"], &["b", "a"]));
        assert_eq!(found.map(|d| d.at), Some(3));
    }

    #[test]
    fn once_ways_part_nothing_is_compared() {
        let sequence = ["MULTI", "MULTI", "EXEC"].map(command);
        let ours = err("ERR Command not allowed inside a transaction");
        let peer = err("ERR MULTI calls can not be nested");
        let exec = Value::Array(vec![]);
        assert_eq!(first_difference(&sequence, &[simple("OK"), ours, Value::Nil], &[simple("OK"), peer, exec]), None);
    }

    #[test]
    fn a_refused_multi_leaves_the_queue() {
        let sequence = ["MULTI", "KEYS *", "MULTI", "EXEC"].map(command);
        let replies = |keys: &[&str]| {
            let exec = Value::Array(vec![bulks(keys)]);
            [simple("OK"), simple("QUEUED"), err("ERR nested"), exec]
        };
        assert_eq!(first_difference(&sequence, &replies(&["a", "b"]), &replies(&["b", "a"])), None);
    }
}
