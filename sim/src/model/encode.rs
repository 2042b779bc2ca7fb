//! Commands as words: what a client sends.

use super::{
    command::{Command, End, Field, Key, Ttl, When},
    members::{Member, name},
    sets::SCAN_COUNT,
    streams::{Consumer, GroupName},
    zsets::Score,
};
use bytes::Bytes;

/// Writes a command's words. `name` gives the name of a key.
pub fn words(command: &Command, name: impl Fn(Key) -> Bytes) -> Vec<Bytes> {
    let mut w = Words { out: Vec::with_capacity(6), name: &name };
    w.command(command);
    w.out
}

/// The name of a hash field.
pub fn field(f: Field) -> Bytes {
    Bytes::from(format!("f{f}"))
}

/// The name of a consumer.
pub fn consumer(c: Consumer) -> Bytes {
    Bytes::from(format!("c{c}"))
}

/// Stands for a key's name in the replies that contain one: histories know only numbers.
pub fn key_mark(k: Key) -> Bytes {
    Bytes::from(vec![b'#', k])
}

/// Ends a chain of words.
fn done(_: &mut Words) {}

/// A command's words so far.
pub struct Words<'a> {
    out: Vec<Bytes>,
    name: &'a dyn Fn(Key) -> Bytes,
}

impl Words<'_> {
    pub fn word(&mut self, text: &'static str) -> &mut Self {
        self.out.push(Bytes::from_static(text.as_bytes()));
        self
    }

    pub fn key(&mut self, k: Key) -> &mut Self {
        let name = (self.name)(k);
        self.out.push(name);
        self
    }

    pub fn keys(&mut self, ks: &[Key]) -> &mut Self {
        ks.iter().for_each(|k| done(self.key(*k)));
        self
    }

    pub fn text(&mut self, b: &Bytes) -> &mut Self {
        self.out.push(b.clone());
        self
    }

    pub fn int(&mut self, n: i64) -> &mut Self {
        self.out.push(Bytes::from(n.to_string()));
        self
    }

    pub fn seconds(&mut self, ms: u64) -> &mut Self {
        self.out.push(Bytes::from(format!("{}.{:03}", ms / 1000, ms % 1000)));
        self
    }

    fn end(&mut self, e: End) -> &mut Self {
        self.word(if e == End::Left { "LEFT" } else { "RIGHT" })
    }

    /// The word, if it is to be there.
    pub fn flag(&mut self, given: bool, text: &'static str) -> &mut Self {
        if given { self.word(text) } else { self }
    }

    /// Any number of integers.
    pub fn ints(&mut self, ints: impl IntoIterator<Item = i64>) -> &mut Self {
        ints.into_iter().for_each(|n| done(self.int(n)));
        self
    }

    /// A text behind a character.
    pub fn prefixed(&mut self, first: u8, text: &Bytes) -> &mut Self {
        self.out.push([&[first], &text[..]].concat().into());
        self
    }

    pub fn members(&mut self, members: &[Member]) -> &mut Self {
        self.out.extend(members.iter().map(|m| name(*m)));
        self
    }

    /// Members, each after its score.
    pub fn scored(&mut self, pairs: &[(Score, Member)]) -> &mut Self {
        pairs.iter().for_each(|(score, m)| done(self.text(&score.text()).members(&[*m])));
        self
    }

    pub fn group(&mut self, g: GroupName) -> &mut Self {
        self.out.push(Bytes::from(format!("g{g}")));
        self
    }

    pub fn consumer(&mut self, c: Consumer) -> &mut Self {
        self.out.push(consumer(c));
        self
    }

    fn ttl(&mut self, t: Ttl) -> &mut Self {
        match t {
            Ttl::None => self,
            Ttl::Keep => self.word("KEEPTTL"),
            Ttl::Persist => self.word("PERSIST"),
            Ttl::In(ms) => self.word("PX").int(ms),
            Ttl::At(ms) => self.word("PXAT").int(ms),
        }
    }

    fn pairs(&mut self, pairs: &[(Key, Bytes)]) {
        pairs.iter().for_each(|(k, v)| done(self.key(*k).text(v)));
    }

    fn command(&mut self, c: &Command) {
        use Command::*;
        if let Some(family) = c.family() {
            return family.words(self);
        }
        match c {
            Get(k) => done(self.word("GET").key(*k)),
            Set { key, value, when, get, ttl } => self.set(*key, value, *when, *get, *ttl),
            GetDel(k) => done(self.word("GETDEL").key(*k)),
            GetEx(k, t) => done(self.word("GETEX").key(*k).ttl(*t)),
            Append(k, v) => done(self.word("APPEND").key(*k).text(v)),
            StrLen(k) => done(self.word("STRLEN").key(*k)),
            IncrBy(k, 1) => done(self.word("INCR").key(*k)),
            IncrBy(k, -1) => done(self.word("DECR").key(*k)),
            IncrBy(k, n) => done(self.word("INCRBY").key(*k).int(*n)),
            GetRange(k, a, b) => done(self.word("GETRANGE").key(*k).int(*a).int(*b)),
            SetRange(k, at, v) => done(self.word("SETRANGE").key(*k).int(*at as i64).text(v)),
            MGet(ks) => done(self.word("MGET").keys(ks)),
            MSet(pairs) => self.word("MSET").pairs(pairs),
            MSetNx(pairs) => self.word("MSETNX").pairs(pairs),
            Del(ks) => done(self.word("DEL").keys(ks)),
            Exists(ks) => done(self.word("EXISTS").keys(ks)),
            Type(k) => done(self.word("TYPE").key(*k)),
            Expire { key, ttl, when } => self.expire(*key, *ttl, *when),
            Pttl(k) => done(self.word("PTTL").key(*k)),
            Persist(k) => done(self.word("PERSIST").key(*k)),
            Rename(a, b) => done(self.word("RENAME").key(*a).key(*b)),
            RenameNx(a, b) => done(self.word("RENAMENX").key(*a).key(*b)),
            Copy { from, to, replace } => {
                self.word("COPY").key(*from).key(*to);
                if *replace {
                    self.word("REPLACE");
                }
            }
            Watch(ks) => done(self.word("WATCH").keys(ks)),
            Unwatch { discard } => done(self.word(if *discard { "DISCARD" } else { "UNWATCH" })),
            Exec(_) => done(self.word("EXEC")),
            HSet(k, pairs) => {
                self.word("HSET").key(*k);
                pairs.iter().for_each(|(f, v)| done(self.text(&field(*f)).text(v)));
            }
            HSetNx(k, f, v) => done(self.word("HSETNX").key(*k).text(&field(*f)).text(v)),
            HGet(k, f) => done(self.word("HGET").key(*k).text(&field(*f))),
            HMGet(k, fs) => {
                self.word("HMGET").key(*k);
                fs.iter().for_each(|f| done(self.text(&field(*f))));
            }
            HDel(k, fs) => {
                self.word("HDEL").key(*k);
                fs.iter().for_each(|f| done(self.text(&field(*f))));
            }
            HLen(k) => done(self.word("HLEN").key(*k)),
            HGetAll(k) => done(self.word("HGETALL").key(*k)),
            HScan(k, values) => {
                self.word("HSCAN").key(*k).word("0").word("COUNT").int(SCAN_COUNT).flag(!values, "NOVALUES");
            }
            HIncrBy(k, f, n) => done(self.word("HINCRBY").key(*k).text(&field(*f)).int(*n)),
            HExists(k, f) => done(self.word("HEXISTS").key(*k).text(&field(*f))),
            _ => self.timed_fields(c),
        }
    }

    fn set(&mut self, key: Key, value: &Bytes, when: When, get: bool, ttl: Ttl) {
        self.word("SET").key(key).text(value);
        self.condition(when, ["NX", "XX"]);
        if get {
            self.word("GET");
        }
        self.ttl(ttl);
    }

    /// FIELDS, their number and their names.
    fn fields(&mut self, fields: &[Field]) {
        self.word("FIELDS").int(fields.len() as i64);
        fields.iter().for_each(|f| done(self.text(&field(*f))));
    }

    fn timed_fields(&mut self, c: &Command) {
        use Command::*;
        match c {
            HExpire { key, ttl, when, fields } => {
                match ttl {
                    Ttl::At(ms) => self.word("HPEXPIREAT").key(*key).int(*ms),
                    Ttl::In(ms) => self.word("HPEXPIRE").key(*key).int(*ms),
                    other => unreachable!("HEXPIRE sets a time, not {other:?}"),
                };
                self.condition(*when, ["NX", "XX"]);
                self.fields(fields);
            }
            HPersist(k, fields) => self.word("HPERSIST").key(*k).fields(fields),
            HPttl(k, fields) => self.word("HPTTL").key(*k).fields(fields),
            HPttlAt(k, fields) => self.word("HPEXPIRETIME").key(*k).fields(fields),
            HGetEx(k, ttl, fields) => self.word("HGETEX").key(*k).ttl(*ttl).fields(fields),
            HGetDel(k, fields) => self.word("HGETDEL").key(*k).fields(fields),
            HSetEx { key, ttl, when, pairs } => {
                self.word("HSETEX").key(*key);
                self.condition(*when, ["FNX", "FXX"]);
                self.ttl(*ttl).word("FIELDS").int(pairs.len() as i64);
                pairs.iter().for_each(|(f, v)| done(self.text(&field(*f)).text(v)));
            }
            _ => self.list(c),
        }
    }

    /// The words for "if missing" and "if present".
    fn condition(&mut self, when: When, words: [&'static str; 2]) {
        match when {
            When::Always => {}
            When::Missing => done(self.word(words[0])),
            When::Present => done(self.word(words[1])),
            When::Later => done(self.word("GT")),
            When::Earlier => done(self.word("LT")),
        }
    }

    fn expire(&mut self, key: Key, ttl: Ttl, when: When) {
        match ttl {
            Ttl::At(ms) => self.word("PEXPIREAT").key(key).int(ms),
            Ttl::In(ms) => self.word("PEXPIRE").key(key).int(ms),
            other => unreachable!("EXPIRE sets a time, not {other:?}"),
        };
        self.condition(when, ["NX", "XX"]);
    }

    fn list(&mut self, c: &Command) {
        use Command::*;
        match c {
            Push { key, end, only_existing, values } => {
                self.word(match (end, only_existing) {
                    (End::Left, false) => "LPUSH",
                    (End::Right, false) => "RPUSH",
                    (End::Left, true) => "LPUSHX",
                    (End::Right, true) => "RPUSHX",
                });
                self.key(*key);
                values.iter().for_each(|v| done(self.text(v)));
            }
            Pop { key, end, count } => {
                self.word(if *end == End::Left { "LPOP" } else { "RPOP" }).key(*key);
                count.iter().for_each(|n| done(self.int(*n as i64)));
            }
            LLen(k) => done(self.word("LLEN").key(*k)),
            LRange(k, a, b) => done(self.word("LRANGE").key(*k).int(*a).int(*b)),
            LIndex(k, i) => done(self.word("LINDEX").key(*k).int(*i)),
            LSet(k, i, v) => done(self.word("LSET").key(*k).int(*i).text(v)),
            LRem(k, n, v) => done(self.word("LREM").key(*k).int(*n).text(v)),
            LTrim(k, a, b) => done(self.word("LTRIM").key(*k).int(*a).int(*b)),
            LInsert { key, before, pivot, value } => {
                self.word("LINSERT").key(*key).word(if *before { "BEFORE" } else { "AFTER" });
                self.text(pivot).text(value);
            }
            LMove { from, to, take, put } => done(self.word("LMOVE").key(*from).key(*to).end(*take).end(*put)),
            LMPop { keys, end, count } => {
                self.word("LMPOP").int(keys.len() as i64).keys(keys).end(*end).word("COUNT").int(*count as i64);
            }
            BPop { keys, end, timeout_ms } => {
                self.word(if *end == End::Left { "BLPOP" } else { "BRPOP" }).keys(keys).seconds(*timeout_ms);
            }
            BLMove { from, to, take, put, timeout_ms } => {
                self.word("BLMOVE").key(*from).key(*to).end(*take).end(*put).seconds(*timeout_ms);
            }
            BLMPop { keys, end, count, timeout_ms } => {
                self.word("BLMPOP").seconds(*timeout_ms).int(keys.len() as i64).keys(keys);
                self.end(*end).word("COUNT").int(*count as i64);
            }
            other => unreachable!("not about lists: {other:?}"),
        }
    }
}
