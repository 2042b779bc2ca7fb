//! Addresses: where to listen, whom to follow.

use super::directive::Kind;
use super::text::{is_none, or_empty_quotes};
use super::value::{Line, Value, parse_lenient};
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `bind`: addresses to listen on; `*` is every IPv4 address, `::*` every IPv6 one, and a leading `-` makes
/// an address that does not exist no error. None: no TCP listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindAddresses(pub Vec<String>);

impl Default for BindAddresses {
    fn default() -> Self {
        BindAddresses(vec!["*".into(), "-::*".into()])
    }
}

impl BindAddresses {
    /// The addresses in numbers, and whether each may be missing on this machine.
    ///
    /// # Errors
    /// The word that is no address. Names are not looked up: a listener's address is the
    /// machine's own.
    pub fn resolve(&self) -> Result<Vec<(IpAddr, bool)>, String> {
        let one = |word: &String| {
            let (text, optional) = word.strip_prefix('-').map_or((&word[..], false), |rest| (rest, true));
            let ip = match text {
                "*" => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
                "::*" => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
                "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
                other => other.parse().map_err(|_| word.clone())?,
            };
            Ok((ip, optional))
        };
        self.0.iter().map(one).collect()
    }
}

/// Most addresses that `bind` takes.
const MAX_BIND_ADDRESSES: usize = 16;

impl Value for BindAddresses {
    fn parse(&mut self, words: &[&[u8]], _: &Kind) -> Result<(), String> {
        if words.len() > MAX_BIND_ADDRESSES {
            return Err("Too many bind addresses specified.".into());
        }
        let addresses = if is_none(words) { &[] } else { words };
        self.0 = addresses.iter().map(|w| address(w)).collect::<Result<_, _>>()?;
        Ok(())
    }

    fn print(&self, _: &Kind) -> Vec<u8> {
        self.0.join(" ").into_bytes()
    }

    fn lines(&self, default: &Self, kind: &Kind) -> Vec<Line> {
        if self == default {
            return Vec::new();
        }
        vec![Line { text: or_empty_quotes(self.print(kind)), force: true }]
    }
}

/// What may be an address or a host's name: a word that needs no quotes where it is written.
fn address(word: &[u8]) -> Result<String, String> {
    let fits = |b: &u8| *b > b' ' && !matches!(b, 0x7f | b'"' | b'\'');
    if word.is_empty() || !word.iter().all(fits) {
        return Err("Invalid address".into());
    }
    Ok(String::from_utf8_lossy(word).into_owned())
}

/// `replicaof`: the host and port of the primary, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrimaryAddress(pub Option<(String, u16)>);

impl Value for PrimaryAddress {
    fn parse(&mut self, words: &[&[u8]], _: &Kind) -> Result<(), String> {
        let [host, port] = words else {
            return Err("wrong number of arguments".into());
        };
        self.0 = None;
        if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
            return Ok(());
        }
        let port = parse_lenient(port).and_then(|n| u16::try_from(n).ok()).ok_or("Invalid primary port")?;
        self.0 = Some((address(host)?, port));
        Ok(())
    }

    fn print(&self, _: &Kind) -> Vec<u8> {
        self.0.as_ref().map(|(host, port)| format!("{host} {port}").into_bytes()).unwrap_or_default()
    }

    fn lines(&self, _: &Self, kind: &Kind) -> Vec<Line> {
        self.0.iter().map(|_| Line { text: self.print(kind), force: true }).collect()
    }
}
