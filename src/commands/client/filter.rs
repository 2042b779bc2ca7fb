//! The filters of CLIENT KILL and CLIENT LIST.
//!
//! Filters are pairs of a word and a value (ID takes several values); a client is meant if
//! it passes all of them. A word given twice counts once, with its last value. Each word
//! but SKIPME and the two ages can be negated: NOT-ADDR and so on.

use super::line;
use crate::{
    base::{num::parse_i64, time::Mono},
    protocol::Error,
    session::{
        Args,
        clients::{ClientInfo, flag},
    },
};
use std::sync::atomic::Ordering::Relaxed;

/// Classes of clients.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    Normal,
    Replica,
    PubSub,
    Primary,
}

impl Class {
    fn named(name: &[u8]) -> Result<Class, Error> {
        let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
        match () {
            () if is("normal") => Ok(Class::Normal),
            () if is("slave") || is("replica") => Ok(Class::Replica),
            () if is("pubsub") => Ok(Class::PubSub),
            () if is("master") || is("primary") => Ok(Class::Primary),
            () => Err(Error::unknown_client_type(name)),
        }
    }

    fn of(c: &ClientInfo) -> Class {
        match () {
            () if c.has_flag(flag::REPLICA) => Class::Replica,
            () if c.has_flag(flag::PUBSUB) => Class::PubSub,
            () => Class::Normal,
        }
    }
}

#[derive(Clone, Debug)]
enum Test {
    Id(Vec<i64>),
    Class(Class),
    Addr(Vec<u8>),
    LocalAddr(Vec<u8>),
    Ip(Vec<u8>),
    User(Vec<u8>),
    Name(Vec<u8>),
    LibName(Vec<u8>),
    LibVer(Vec<u8>),
    Flags(Vec<u8>),
    Capa(Vec<u8>),
    Db(u32),
    AgeSeconds(u64),
    IdleSeconds(u64),
}

/// What a client must be like.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The tests, each with whether it is negated.
    tests: Vec<(Test, bool)>,
    /// The asking client is not meant; unset if the request does not say.
    pub skip_me: Option<bool>,
}

/// What the two commands reply to a client number that is none.
pub enum BadId {
    Kill,
    List,
}

impl Filter {
    /// Only the client at this address.
    pub fn addr(addr: &[u8]) -> Filter {
        Filter { tests: vec![(Test::Addr(addr.to_vec()), false)], skip_me: None }
    }

    /// The filters in the arguments from `i` on.
    ///
    /// # Errors
    /// The reply that refuses them.
    pub fn parse(args: Args, mut i: usize, databases: u32, bad_id: &BadId) -> Result<Filter, Error> {
        let mut filter = Filter::default();
        while i < args.len() {
            let value = args.get(i + 1).ok_or(Error::SYNTAX)?;
            let word = args.at(i).to_ascii_lowercase();
            i += 2;
            if word == b"skipme" {
                filter.skip_me = Some(yes_no(value)?);
                continue;
            }
            let (word, negated) = word.strip_prefix(b"not-").map_or((&word[..], false), |w| (w, true));
            let test = match word {
                b"id" => {
                    let mut ids = vec![client_id(value, bad_id)?];
                    while let Some(id) = args.get(i).and_then(parse_i64) {
                        check_id(id, bad_id)?;
                        ids.push(id);
                        i += 1;
                    }
                    Test::Id(ids)
                }
                b"maxage" if !negated => Test::AgeSeconds(seconds(value, "maxage")?),
                b"idle" if !negated => Test::IdleSeconds(seconds(value, "idle")?),
                _ => text_test(word, value, databases)?,
            };
            filter.tests.retain(|(t, n)| *n != negated || std::mem::discriminant(t) != std::mem::discriminant(&test));
            filter.tests.push((test, negated));
        }
        Ok(filter)
    }

    /// Whether a client passes, asked for by client `me`.
    pub fn accepts(&self, c: &ClientInfo, me: u64, now: Mono) -> bool {
        let skipped = self.skip_me == Some(true) && c.id == me;
        !skipped && self.tests.iter().all(|(t, negated)| t.accepts(c, now) != *negated)
    }
}

fn text_test(word: &[u8], value: &[u8], databases: u32) -> Result<Test, Error> {
    let text = value.to_vec();
    Ok(match word {
        b"type" => Test::Class(Class::named(value)?),
        b"addr" => Test::Addr(text),
        b"laddr" => Test::LocalAddr(text),
        b"ip" => Test::Ip(text),
        b"user" if value != b"default" => return Err(Error::no_such_user(value)),
        b"user" => Test::User(text),
        b"name" => Test::Name(text),
        b"lib-name" => Test::LibName(text),
        b"lib-ver" => Test::LibVer(text),
        b"flags" => Test::Flags(letters(value, line::FLAG_LETTERS, "flags")?),
        b"capa" => Test::Capa(letters(value, line::CAPA_LETTERS, "capa")?),
        b"db" => Test::Db(database(value, databases)?),
        _ => return Err(Error::SYNTAX),
    })
}

fn yes_no(word: &[u8]) -> Result<bool, Error> {
    match () {
        () if word.eq_ignore_ascii_case(b"yes") => Ok(true),
        () if word.eq_ignore_ascii_case(b"no") => Ok(false),
        () => Err(Error::SYNTAX),
    }
}

fn client_id(text: &[u8], bad: &BadId) -> Result<i64, Error> {
    let refusal = || match bad {
        BadId::Kill => Error::Static("ERR client-id should be greater than 0"),
        BadId::List => Error::Static("ERR Invalid client ID"),
    };
    let id = parse_i64(text).ok_or_else(refusal)?;
    check_id(id, bad)?;
    Ok(id)
}

/// CLIENT LIST looks for any number; a number below 1 just finds nobody.
fn check_id(id: i64, bad: &BadId) -> Result<(), Error> {
    match bad {
        BadId::Kill if id < 1 => Err(Error::Static("ERR client-id should be greater than 0")),
        _ => Ok(()),
    }
}

fn seconds(text: &[u8], word: &str) -> Result<u64, Error> {
    match parse_i64(text) {
        None => Err(Error::err(format!("{word} is not an integer or out of range"))),
        Some(n) if n <= 0 => Err(Error::err(format!("{word} should be greater than 0"))),
        Some(n) => Ok(n as u64),
    }
}

fn letters(text: &[u8], known: &[u8], word: &str) -> Result<Vec<u8>, Error> {
    if text.iter().all(|l| known.contains(l)) {
        return Ok(text.to_vec());
    }
    Err(Error::concat(&[b"ERR Unknown ", word.as_bytes(), b" found in the provided filter: ", text]))
}

fn database(text: &[u8], databases: u32) -> Result<u32, Error> {
    let n = parse_i64(text).filter(|n| i32::try_from(*n).is_ok());
    let n = n.ok_or(Error::Static("ERR DB is not an integer or out of range"))?;
    let inside = u32::try_from(n).ok().filter(|n| *n < databases);
    inside.ok_or_else(|| Error::err(format!("DB number should be between 0 and {}", databases - 1)))
}

impl Test {
    fn accepts(&self, c: &ClientInfo, now: Mono) -> bool {
        match self {
            Test::Id(ids) => ids.contains(&(c.id as i64)),
            Test::Class(class) => *class == Class::of(c),
            Test::Addr(a) => c.addr.as_bytes() == a,
            Test::LocalAddr(a) => c.local_addr.as_bytes() == a,
            Test::Ip(ip) => ip_of(&c.addr).as_bytes() == ip,
            Test::User(u) => c.names.lock().user.as_bytes() == u,
            Test::Name(n) => c.names.lock().name.as_bytes() == n,
            Test::LibName(n) => c.names.lock().lib_name.as_bytes() == n,
            Test::LibVer(v) => c.names.lock().lib_ver.as_bytes() == v,
            Test::Flags(wanted) => {
                let has = line::flags(c);
                wanted.iter().all(|l| has.as_bytes().contains(l))
            }
            Test::Capa(wanted) => wanted.iter().all(|l| line::capabilities(c).as_bytes().contains(l)),
            Test::Db(db) => c.db.load(Relaxed) == *db,
            Test::AgeSeconds(s) => line::age_s(c, now) >= *s,
            Test::IdleSeconds(s) => line::idle_s(c, now) >= *s,
        }
    }
}

/// The address without its port, and without the brackets of IPv6.
fn ip_of(addr: &str) -> &str {
    let ip = addr.rsplit_once(':').map_or(addr, |(ip, _)| ip);
    ip.strip_prefix('[').and_then(|ip| ip.strip_suffix(']')).unwrap_or(ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ip_of_an_address() {
        assert_eq!(ip_of("127.0.0.1:6379"), "127.0.0.1");
        assert_eq!(ip_of("[::1]:6379"), "::1");
        assert_eq!(ip_of("/tmp/a:b.sock:0"), "/tmp/a:b.sock");
    }
}
