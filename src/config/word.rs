//! Directives whose value is one of a few words.
//!
//! Each enum is declared beside the words that spell its values; the first word of a value is the one
//! printed. `ShutdownFlags` is the exception that takes several words and is a set of bits.

use super::directive::Kind;
use super::value::Value;

/// An enum whose values are words of the configuration file.
pub trait Word: Copy + PartialEq + 'static {
    /// Every accepted word, in the order error texts list them.
    const NAMES: &'static [&'static str];
    /// The values in the same order.
    const VALUES: &'static [Self];

    /// The word that is printed for this value.
    fn name(self) -> &'static str {
        let at = Self::VALUES.iter().position(|v| *v == self);
        Self::NAMES[at.expect("every value has a word")]
    }

    /// The value a word spells in any case.
    fn from_name(name: &[u8]) -> Option<Self> {
        let at = Self::NAMES.iter().position(|own| own.as_bytes().eq_ignore_ascii_case(name))?;
        Some(Self::VALUES[at])
    }
}

fn no_such_word(names: &[&str]) -> String {
    format!("argument(s) must be one of the following: {}", names.join(", "))
}

macro_rules! words {
    ($($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $value:ident),* $(,)? } $($word:literal => $spelt:ident),* ;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$doc])* $value,)* }

        impl Word for $name {
            const NAMES: &'static [&'static str] = &[$($word),*];
            const VALUES: &'static [Self] = &[$(Self::$spelt),*];
        }

        impl Value for $name {
            fn parse(&mut self, words: &[&[u8]], _: &Kind) -> Result<(), String> {
                *self = Self::from_name(words[0]).ok_or_else(|| no_such_word(Self::NAMES))?;
                Ok(())
            }

            fn print(&self, _: &Kind) -> Vec<u8> {
                self.name().as_bytes().to_vec()
            }
        }
    )*};
}

words! {
    /// What to evict when `maxmemory` is reached.
    MaxmemoryPolicy {
        VolatileLru, VolatileLfu, VolatileRandom,
        /// Soonest to expire first.
        VolatileTtl,
        AllkeysLru, AllkeysLfu, AllkeysRandom,
        /// Nothing: writes that need memory are refused.
        NoEviction,
    }
    "volatile-lru" => VolatileLru, "volatile-lfu" => VolatileLfu, "volatile-random" => VolatileRandom,
    "volatile-ttl" => VolatileTtl, "allkeys-lru" => AllkeysLru, "allkeys-lfu" => AllkeysLfu,
    "allkeys-random" => AllkeysRandom, "noeviction" => NoEviction;

    /// Where messages of the system log are filed.
    SyslogFacility { User, Local0, Local1, Local2, Local3, Local4, Local5, Local6, Local7 }
    "user" => User, "local0" => Local0, "local1" => Local1, "local2" => Local2, "local3" => Local3,
    "local4" => Local4, "local5" => Local5, "local6" => Local6, "local7" => Local7;

    /// The least severe messages that are logged.
    LogLevel { Debug, Verbose, Notice, Warning, Nothing }
    "debug" => Debug, "verbose" => Verbose, "notice" => Notice, "warning" => Warning, "nothing" => Nothing;

    /// The form of a log line.
    LogFormat { Legacy, Logfmt }
    "legacy" => Legacy, "logfmt" => Logfmt;

    /// The form of a log line's time.
    LogTimestampFormat { Legacy, Iso8601, Milliseconds }
    "legacy" => Legacy, "iso8601" => Iso8601, "milliseconds" => Milliseconds;

    /// Which supervisor started the server.
    Supervised { Upstart, Systemd, Auto, No }
    "upstart" => Upstart, "systemd" => Systemd, "auto" => Auto, "no" => No;

    /// When the append-only file is flushed to the medium.
    AppendFsync { EverySecond, Always, Never }
    "everysec" => EverySecond, "always" => Always, "no" => Never;

    /// Where a replica keeps a data set it receives.
    ReplDisklessLoad { Disabled, OnEmptyDb, SwapDb, FlushBeforeLoad }
    "disabled" => Disabled, "on-empty-db" => OnEmptyDb, "swapdb" => SwapDb,
    "flush-before-load" => FlushBeforeLoad;

    /// Whether TLS clients must show a certificate.
    TlsAuthClients { No, Yes, Optional }
    "no" => No, "yes" => Yes, "optional" => Optional;

    /// Which field of a client's certificate names its user.
    TlsAuthClientsUser { Off, CommonName }
    "off" => Off, "cn" => CommonName;

    /// How the kernel's out-of-memory score is adjusted.
    OomScoreAdj { No, Relative, Absolute }
    "no" => No, "yes" => Relative, "relative" => Relative, "absolute" => Absolute;

    /// Which channels a new user may use.
    AclPubsubDefault { AllChannels, ResetChannels }
    "allchannels" => AllChannels, "resetchannels" => ResetChannels;

    /// Whose RESTORE payloads are checked in depth.
    SanitizeDumpPayload { No, Yes, Clients }
    "no" => No, "yes" => Yes, "clients" => Clients;

    /// From where a dangerous action is allowed.
    ProtectedAction {
        No, Yes,
        /// From this machine only.
        Local,
    }
    "no" => No, "yes" => Yes, "local" => Local;

    /// How a cluster node is named in redirections.
    EndpointType { Ip, Hostname, UnknownEndpoint }
    "ip" => Ip, "hostname" => Hostname, "unknown-endpoint" => UnknownEndpoint;

    /// What to do when a replicated command fails.
    PropagationError { Ignore, Panic, PanicOnReplicas }
    "ignore" => Ignore, "panic" => Panic, "panic-on-replicas" => PanicOnReplicas;

    /// What to do with an RDB file of an unknown newer version.
    RdbVersionCheck { Strict, Relaxed }
    "strict" => Strict, "relaxed" => Relaxed;
}

/// How to shut down on a signal; the empty set is `default`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShutdownFlags {
    pub save: bool,
    pub nosave: bool,
    /// Do not wait for replicas.
    pub now: bool,
    /// Errors do not prevent the shutdown.
    pub force: bool,
}

impl ShutdownFlags {
    /// The accepted words; the first names the empty set.
    pub(super) const NAMES: &'static [&'static str] = &["default", "save", "nosave", "now", "force"];
}

impl Value for ShutdownFlags {
    fn parse(&mut self, words: &[&[u8]], _: &Kind) -> Result<(), String> {
        *self = Self::default();
        if words.is_empty() {
            return Err(no_such_word(Self::NAMES));
        }
        for word in words {
            match word.to_ascii_lowercase().as_slice() {
                b"default" => {}
                b"save" => self.save = true,
                b"nosave" => self.nosave = true,
                b"now" => self.now = true,
                b"force" => self.force = true,
                _ => return Err(no_such_word(Self::NAMES)),
            }
        }
        if self.save && self.nosave {
            return Err("shutdown options SAVE and NOSAVE can't be used simultaneously".into());
        }
        Ok(())
    }

    fn print(&self, _: &Kind) -> Vec<u8> {
        let set = [self.save, self.nosave, self.now, self.force];
        let names: Vec<&str> = set.iter().zip(&Self::NAMES[1..]).filter(|(on, _)| **on).map(|(_, n)| *n).collect();
        if names.is_empty() { b"default".to_vec() } else { names.join(" ").into_bytes() }
    }
}
