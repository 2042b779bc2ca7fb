//! The shape of a command: one row says everything that anyone wants to know about it.
//!
//! Arity check, lock scope, transactions, COMMAND replies, ACL categories, key extraction,
//! the fuzz grammar and the simulator's workload all read the row; adding a command means
//! one row and one function in one family's file.

use super::ctx::{Ctx, Outcome};
use crate::session::Args;

/// What a command does; names in COMMAND replies are in [`Flags::NAMES`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Flags(pub u32);

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident = $bit:expr, $text:expr;)*) => {
        impl Flags {
            $($(#[$doc])* pub const $name: Flags = Flags(1 << $bit);)*
            /// Flags with the name COMMAND INFO prints, in its order; empty: not printed.
            pub const NAMES: &'static [(Flags, &'static str)] = &[$((Flags::$name, $text)),*];
        }
    };
}

flags! {
    /// May change the data set.
    WRITE = 0, "write";
    READONLY = 1, "readonly";
    /// Refused when memory is over the limit and nothing can be evicted.
    DENYOOM = 2, "denyoom";
    ADMIN = 3, "admin";
    PUBSUB = 4, "pubsub";
    NOSCRIPT = 5, "noscript";
    BLOCKING = 6, "blocking";
    /// Allowed while the data set loads.
    LOADING = 7, "loading";
    /// Allowed on a replica with stale data.
    STALE = 8, "stale";
    SKIP_MONITOR = 9, "skip_monitor";
    SKIP_SLOWLOG = 10, "skip_commandlog";
    /// Executes on a node of a cluster that is only about to get the key.
    ASKING = 23, "asking";
    FAST = 11, "fast";
    /// Allowed before authentication.
    NO_AUTH = 12, "no_auth";
    NO_MANDATORY_KEYS = 13, "no_mandatory_keys";
    NO_ASYNC_LOADING = 14, "no_async_loading";
    /// Refused inside MULTI.
    NO_MULTI = 15, "no_multi";
    /// First, last and step do not find all keys; follows from the key specs, so that rows
    /// need not say it.
    MOVABLE_KEYS = 16, "movablekeys";
    ALLOW_BUSY = 17, "allow_busy";
    /// May cause propagation although it does not write.
    MAY_REPLICATE = 18, "";
    /// Reads keys that its arguments do not name.
    TOUCHES_ARBITRARY_KEYS = 19, "";
    /// Executes at once inside MULTI instead of being queued.
    IN_MULTI = 20, "";
    /// Allowed to a RESP2 client that is subscribed.
    IN_SUBSCRIBE = 21, "";
    /// Only for those whom `enable-debug-command` lets in.
    DEBUG = 22, "";
    /// Meant for servers, or for those who work on one.
    SYSCMD = 24, "";
}

impl Flags {
    pub const NONE: Flags = Flags(0);

    /// Both sets.
    pub const fn or(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    /// Whether all of `other` is set.
    #[inline]
    pub const fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is set.
    #[inline]
    pub const fn any(self, other: Flags) -> bool {
        self.0 & other.0 != 0
    }
}

/// ACL categories beyond those that follow from flags (see [`Row::categories`]).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Acl(pub u32);

impl Acl {
    pub const NONE: Acl = Acl(0);
    pub const KEYSPACE: Acl = Acl(1);
    pub const READ: Acl = Acl(1 << 1);
    pub const WRITE: Acl = Acl(1 << 2);
    pub const SET: Acl = Acl(1 << 3);
    pub const SORTEDSET: Acl = Acl(1 << 4);
    pub const LIST: Acl = Acl(1 << 5);
    pub const HASH: Acl = Acl(1 << 6);
    pub const STRING: Acl = Acl(1 << 7);
    pub const BITMAP: Acl = Acl(1 << 8);
    pub const HYPERLOGLOG: Acl = Acl(1 << 9);
    pub const GEO: Acl = Acl(1 << 10);
    pub const STREAM: Acl = Acl(1 << 11);
    pub const PUBSUB: Acl = Acl(1 << 12);
    pub const ADMIN: Acl = Acl(1 << 13);
    pub const FAST: Acl = Acl(1 << 14);
    pub const SLOW: Acl = Acl(1 << 15);
    pub const BLOCKING: Acl = Acl(1 << 16);
    pub const DANGEROUS: Acl = Acl(1 << 17);
    pub const CONNECTION: Acl = Acl(1 << 18);
    pub const TRANSACTION: Acl = Acl(1 << 19);
    pub const SCRIPTING: Acl = Acl(1 << 20);
    /// Names in bit order.
    pub const NAMES: [&'static str; 21] = [
        "keyspace",
        "read",
        "write",
        "set",
        "sortedset",
        "list",
        "hash",
        "string",
        "bitmap",
        "hyperloglog",
        "geo",
        "stream",
        "pubsub",
        "admin",
        "fast",
        "slow",
        "blocking",
        "dangerous",
        "connection",
        "transaction",
        "scripting",
    ];

    pub const fn or(self, other: Acl) -> Acl {
        Acl(self.0 | other.0)
    }
}

/// The family in COMMAND DOCS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    Bitmap,
    Connection,
    Generic,
    Geo,
    Hash,
    HyperLogLog,
    List,
    PubSub,
    Server,
    Set,
    SortedSet,
    Stream,
    String,
    Transactions,
}

impl Group {
    pub const fn name(self) -> &'static str {
        match self {
            Group::Bitmap => "bitmap",
            Group::Connection => "connection",
            Group::Generic => "generic",
            Group::Geo => "geo",
            Group::Hash => "hash",
            Group::HyperLogLog => "hyperloglog",
            Group::List => "list",
            Group::PubSub => "pubsub",
            Group::Server => "server",
            Group::Set => "set",
            Group::SortedSet => "sorted-set",
            Group::Stream => "stream",
            Group::String => "string",
            Group::Transactions => "transactions",
        }
    }
}

/// What a command does to the keys of one spec; names in [`KeyFlags::NAMES`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KeyFlags(pub u16);

impl KeyFlags {
    pub const RO: KeyFlags = KeyFlags(1);
    pub const RW: KeyFlags = KeyFlags(1 << 1);
    pub const OW: KeyFlags = KeyFlags(1 << 2);
    pub const RM: KeyFlags = KeyFlags(1 << 3);
    pub const ACCESS: KeyFlags = KeyFlags(1 << 4);
    pub const UPDATE: KeyFlags = KeyFlags(1 << 5);
    pub const INSERT: KeyFlags = KeyFlags(1 << 6);
    pub const DELETE: KeyFlags = KeyFlags(1 << 7);
    pub const NOT_KEY: KeyFlags = KeyFlags(1 << 8);
    pub const INCOMPLETE: KeyFlags = KeyFlags(1 << 9);
    pub const VARIABLE_FLAGS: KeyFlags = KeyFlags(1 << 10);
    /// Names in bit order.
    pub const NAMES: [&'static str; 11] =
        ["RO", "RW", "OW", "RM", "access", "update", "insert", "delete", "not_key", "incomplete", "variable_flags"];

    pub const fn or(self, other: KeyFlags) -> KeyFlags {
        KeyFlags(self.0 | other.0)
    }

    pub const fn has(self, other: KeyFlags) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Where a spec's search for keys begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Begin {
    Index(i16),
    /// After this word, searched from an argument on (from the end if negative).
    Keyword(&'static str, i16),
    Unknown,
}

/// Which arguments from there on are keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Find {
    /// Up to `last` (relative to the beginning; negative counts from the end of the
    /// arguments), every `step`-th; `limit` as in COMMAND INFO.
    Range {
        last: i16,
        step: i16,
        limit: i16,
    },
    /// The argument `count_at` after the beginning holds their number; the first is
    /// `first` after the beginning.
    KeyNum {
        count_at: i16,
        first: i16,
        step: i16,
    },
    Unknown,
}

/// One rule that finds keys among the arguments.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeySpec {
    pub flags: KeyFlags,
    pub begin: Begin,
    pub find: Find,
    pub notes: &'static str,
}

impl KeySpec {
    /// One key at an argument.
    pub const fn at(index: i16, flags: KeyFlags) -> KeySpec {
        KeySpec::range(index, 0, 1, flags)
    }

    /// Keys from `first` on; see [`Find::Range`].
    pub const fn range(first: i16, last: i16, step: i16, flags: KeyFlags) -> KeySpec {
        KeySpec { flags, begin: Begin::Index(first), find: Find::Range { last, step, limit: 0 }, notes: "" }
    }

    /// A count at argument `at`, then that many keys.
    pub const fn counted(at: i16, flags: KeyFlags) -> KeySpec {
        KeySpec { flags, begin: Begin::Index(at), find: Find::KeyNum { count_at: 0, first: 1, step: 1 }, notes: "" }
    }

    /// With a remark for COMMAND INFO.
    pub const fn notes(self, notes: &'static str) -> KeySpec {
        KeySpec { notes, ..self }
    }
}

/// What kind of text an argument is, as COMMAND DOCS names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgKind {
    String,
    Integer,
    Double,
    Key,
    Pattern,
    UnixTime,
    PureToken,
    OneOf,
    Block,
}

/// One argument in a command's grammar.
#[derive(Clone, Copy, Debug)]
pub struct Arg {
    pub name: &'static str,
    pub kind: ArgKind,
    /// A literal word before the argument (or the argument itself, for a pure token).
    pub token: Option<&'static str>,
    pub optional: bool,
    /// May be repeated.
    pub multiple: bool,
    /// The token is repeated with each.
    pub multiple_token: bool,
    pub since: &'static str,
    /// For keys: which spec of the row finds it.
    pub key_spec: Option<u8>,
    /// Alternatives or parts.
    pub args: &'static [Arg],
}

impl Arg {
    pub const fn new(name: &'static str, kind: ArgKind) -> Arg {
        Arg {
            name,
            kind,
            token: None,
            optional: false,
            multiple: false,
            multiple_token: false,
            since: "",
            key_spec: None,
            args: &[],
        }
    }
    /// A key found by the row's first spec.
    pub const fn key(name: &'static str) -> Arg {
        Arg { key_spec: Some(0), ..Arg::new(name, ArgKind::Key) }
    }
    /// A key found by another spec.
    pub const fn key_of(name: &'static str, spec: u8) -> Arg {
        Arg { key_spec: Some(spec), ..Arg::new(name, ArgKind::Key) }
    }
    pub const fn string(name: &'static str) -> Arg {
        Arg::new(name, ArgKind::String)
    }
    pub const fn int(name: &'static str) -> Arg {
        Arg::new(name, ArgKind::Integer)
    }
    pub const fn double(name: &'static str) -> Arg {
        Arg::new(name, ArgKind::Double)
    }
    pub const fn pattern(name: &'static str) -> Arg {
        Arg::new(name, ArgKind::Pattern)
    }
    pub const fn unix_time(name: &'static str) -> Arg {
        Arg::new(name, ArgKind::UnixTime)
    }
    /// A literal word.
    pub const fn token(name: &'static str, token: &'static str) -> Arg {
        Arg { token: Some(token), ..Arg::new(name, ArgKind::PureToken) }
    }
    /// One of several alternatives.
    pub const fn one_of(name: &'static str, args: &'static [Arg]) -> Arg {
        Arg { args, ..Arg::new(name, ArgKind::OneOf) }
    }
    /// Several arguments in a row.
    pub const fn block(name: &'static str, args: &'static [Arg]) -> Arg {
        Arg { args, ..Arg::new(name, ArgKind::Block) }
    }
    pub const fn optional(self) -> Arg {
        Arg { optional: true, ..self }
    }
    pub const fn multiple(self) -> Arg {
        Arg { multiple: true, ..self }
    }
    pub const fn multiple_token(self) -> Arg {
        Arg { multiple: true, multiple_token: true, ..self }
    }
    /// Preceded by a literal word.
    pub const fn after(self, token: &'static str) -> Arg {
        Arg { token: Some(token), ..self }
    }
    pub const fn since(self, version: &'static str) -> Arg {
        Arg { since: version, ..self }
    }
}

/// Which locks a command runs under.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// The shards of its keys; none if it has no keys.
    Keys,
    /// All shards.
    All,
    /// None at first: the command visits shards one at a time through
    /// [`crate::keyspace::Held::with`].
    Each,
}

/// Finds keys: their positions with what is done to them.
pub type ComputeKeys = fn(Args) -> Vec<(usize, KeyFlags)>;

/// The function behind a row.
pub type Run = fn(&mut Ctx) -> Outcome;

/// A command.
#[derive(Clone, Copy)]
pub struct Row {
    /// Lower case; a subcommand's own word.
    pub name: &'static str,
    /// Arguments including the name; negative: at least so many.
    pub arity: i16,
    pub flags: Flags,
    pub acl: Acl,
    pub group: Group,
    pub since: &'static str,
    pub complexity: &'static str,
    pub summary: &'static str,
    pub keys: &'static [KeySpec],
    /// Finds keys that no spec can describe: positions with what is done to them.
    pub computed_keys: Option<ComputeKeys>,
    /// What is done to the keys, when that depends on the arguments; the specs then have
    /// VARIABLE_FLAGS.
    pub key_flags: Option<fn(Args) -> KeyFlags>,
    pub args: &'static [Arg],
    pub tips: &'static [&'static str],
    /// Version and what changed in it.
    pub history: &'static [(&'static str, &'static str)],
    /// Deprecated since a version, in favour of something.
    pub deprecated: Option<(&'static str, &'static str)>,
    pub scope: Scope,
    /// The argument that is first looked up in the value of the first key, 0 if none: a hint
    /// for what to prefetch.
    pub element: u8,
    /// Whether such arguments lead to keys that none of them names, so that all locks are
    /// taken whatever the scope.
    pub reaches: Option<fn(Args) -> bool>,
    pub subs: &'static [Row],
    pub run: Run,
}

impl Row {
    /// A row to be completed with struct update syntax.
    pub const fn new(name: &'static str, arity: i16, group: Group, run: Run) -> Row {
        Row {
            name,
            arity,
            flags: Flags::NONE,
            acl: Acl::NONE,
            group,
            since: "1.0.0",
            complexity: "",
            summary: "",
            keys: &[],
            computed_keys: None,
            key_flags: None,
            args: &[],
            tips: &[],
            history: &[],
            deprecated: None,
            scope: Scope::Keys,
            element: 0,
            reaches: None,
            subs: &[],
            run,
        }
    }

    /// Which locks it runs under with these arguments.
    #[inline]
    pub fn scope(&self, args: Args) -> Scope {
        if self.reaches.is_some_and(|reaches| reaches(args)) { Scope::All } else { self.scope }
    }

    /// Whether `n` arguments (the name included) are acceptable.
    #[inline]
    pub const fn accepts(&self, n: usize) -> bool {
        let a = self.arity as isize;
        if a >= 0 { n as isize == a } else { n as isize >= -a }
    }

    /// Whether the command has exactly one key, at a fixed place.
    #[inline]
    pub const fn has_one_key(&self) -> bool {
        self.keys.len() == 1
            && self.computed_keys.is_none()
            && !self.keys[0].flags.has(KeyFlags::NOT_KEY)
            && matches!(self.keys[0].begin, Begin::Index(_))
            && matches!(self.keys[0].find, Find::Range { last: 0, .. })
    }

    /// All ACL categories: the row's own and those that follow from its flags.
    pub const fn categories(&self) -> Acl {
        let (f, mut a) = (self.flags, self.acl);
        if f.has(Flags::WRITE) {
            a = a.or(Acl::WRITE);
        }
        if f.has(Flags::READONLY) && a.0 & Acl::SCRIPTING.0 == 0 {
            a = a.or(Acl::READ);
        }
        if f.has(Flags::ADMIN) {
            a = a.or(Acl::ADMIN).or(Acl::DANGEROUS);
        }
        if f.has(Flags::PUBSUB) {
            a = a.or(Acl::PUBSUB);
        }
        if f.has(Flags::BLOCKING) {
            a = a.or(Acl::BLOCKING);
        }
        a.or(if f.has(Flags::FAST) { Acl::FAST } else { Acl::SLOW })
    }
}
