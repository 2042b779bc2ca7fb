//! The command table: every family's rows, numbered and indexed at compile time.
//!
//! A command's number is its place in [`COMMANDS`]; statistics and queued commands use it.
//! Subcommands follow the top-level commands, container by container. Names are found
//! through an open-addressing index computed by the compiler: no registry runs at start.

use super::row::{Acl, Row, Scope};

/// The families, in the order their commands are numbered.
const FAMILIES: &[&[Row]] = &[
    super::connection::ROWS,
    super::client::ROWS,
    super::config_cmd::ROWS,
    super::command_cmd::ROWS,
    super::info::ROWS,
    super::saving::ROWS,
    super::server_cmd::ROWS,
    super::strings::get::ROWS,
    super::strings::set::ROWS,
    super::strings::set_many::ROWS,
    super::strings::range::ROWS,
    super::strings::number::ROWS,
    super::strings::lcs::ROWS,
    super::generic::existence::ROWS,
    super::generic::relocate::ROWS,
    super::generic::migrate::ROWS,
    super::generic::iterate::ROWS,
    super::generic::flush::ROWS,
    super::generic::dump::ROWS,
    super::generic::object::ROWS,
    super::expiry::ROWS,
    super::transactions::ROWS,
    super::lists::ends::ROWS,
    super::lists::read::ROWS,
    super::lists::within::ROWS,
    super::lists::transfer::ROWS,
    super::lists::blocking::ROWS,
    super::pubsub::ROWS,
    super::monitor::ROWS,
    super::commandlog::ROWS,
    super::latency::ROWS,
    super::debug::ROWS,
    super::memory::ROWS,
    super::hashes::write::ROWS,
    super::hashes::read::ROWS,
    super::hashes::numbers::ROWS,
    super::hashes::random::ROWS,
    super::hashes::scan::ROWS,
    super::hashes::expiry::ROWS,
    super::hashes::timed::ROWS,
    super::sort::ROWS,
    super::sets::write::ROWS,
    super::sets::read::ROWS,
    super::sets::random::ROWS,
    super::sets::combine::ROWS,
    super::sets::store::ROWS,
    super::zsets::add::ROWS,
    super::zsets::remove::ROWS,
    super::zsets::read::ROWS,
    super::zsets::range::ROWS,
    super::zsets::store::ROWS,
    super::zsets::combine::ROWS,
    super::zsets::pop::ROWS,
    super::zsets::blocking::ROWS,
    super::zsets::random::ROWS,
    super::zsets::scan::ROWS,
    super::streams::add::ROWS,
    super::streams::delete::ROWS,
    super::streams::range::ROWS,
    super::streams::read::ROWS,
    super::streams::group::ROWS,
    super::streams::pending::ROWS,
    super::streams::claim::ROWS,
    super::streams::autoclaim::ROWS,
    super::streams::info::ROWS,
    super::geo::points::ROWS,
    super::geo::search::ROWS,
    super::bitmaps::single::ROWS,
    super::bitmaps::count::ROWS,
    super::bitmaps::combine::ROWS,
    super::bitmaps::field::ROWS,
    super::hyperloglog::values::ROWS,
    super::hyperloglog::debug::ROWS,
];

const fn count(top_only: bool) -> usize {
    let (mut n, mut f) = (0, 0);
    while f < FAMILIES.len() {
        let mut i = 0;
        while i < FAMILIES[f].len() {
            n += 1;
            if !top_only {
                n += FAMILIES[f][i].subs.len();
            }
            i += 1;
        }
        f += 1;
    }
    n
}

/// Number of top-level commands.
pub const TOP: usize = count(true);
/// Number of commands, subcommands included.
pub const TOTAL: usize = count(false);

/// A numbered row.
#[derive(Clone, Copy)]
pub struct Command {
    pub id: u16,
    pub row: &'static Row,
    /// The container, for a subcommand.
    pub parent: Option<&'static Row>,
    /// Number of the first subcommand.
    pub first_sub: u16,
    /// See [`Row::categories`].
    pub acl: Acl,
    pub locks: Locks,
}

/// What a command needs locked, as far as the row alone tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Locks {
    Nothing,
    /// The shard of its first key, and no other.
    FirstKey,
    /// It depends on the arguments.
    Depends,
}

impl Locks {
    const fn of(row: &Row) -> Locks {
        match row.scope {
            Scope::Keys if row.reaches.is_some() => Locks::Depends,
            Scope::Keys if row.has_one_key() => Locks::FirstKey,
            Scope::Keys if row.keys.is_empty() && row.computed_keys.is_none() => Locks::Nothing,
            _ => Locks::Depends,
        }
    }
}

impl Command {
    const fn new(id: usize, row: &'static Row, parent: Option<&'static Row>, first_sub: usize) -> Command {
        let (acl, locks) = (row.categories(), Locks::of(row));
        Command { id: id as u16, row, parent, first_sub: first_sub as u16, acl, locks }
    }
}

const fn number() -> [Command; TOTAL] {
    let none = Command::new(0, &FAMILIES[0][0], None, 0);
    let mut all = [none; TOTAL];
    let (mut at, mut sub_at, mut f) = (0, TOP, 0);
    while f < FAMILIES.len() {
        let mut i = 0;
        while i < FAMILIES[f].len() {
            let row: &'static Row = &FAMILIES[f][i];
            all[at] = Command::new(at, row, None, sub_at);
            let mut s = 0;
            while s < row.subs.len() {
                let sub = &row.subs[s];
                all[sub_at] = Command::new(sub_at, sub, Some(row), 0);
                sub_at += 1;
                s += 1;
            }
            at += 1;
            i += 1;
        }
        f += 1;
    }
    all
}

/// Every command by number.
pub static COMMANDS: [Command; TOTAL] = number();

const SLOTS: usize = 2048;
const EMPTY: u16 = u16::MAX;

/// FNV-1a over the lower-cased name.
const fn name_hash(name: &[u8]) -> usize {
    let (mut h, mut i) = (0x811c_9dc5u32, 0);
    while i < name.len() {
        h = (h ^ name[i].to_ascii_lowercase() as u32).wrapping_mul(0x0100_0193);
        i += 1;
    }
    (h ^ (h >> 15)) as usize & (SLOTS - 1)
}

const fn index() -> [u16; SLOTS] {
    let mut slots = [EMPTY; SLOTS];
    let all = number();
    let mut i = 0;
    while i < TOP {
        let mut at = name_hash(all[i].row.name.as_bytes());
        while slots[at] != EMPTY {
            at = (at + 1) & (SLOTS - 1);
        }
        slots[at] = i as u16;
        i += 1;
    }
    slots
}

static INDEX: [u16; SLOTS] = index();

/// The top-level command called `name`, in any case.
#[inline]
pub fn find(name: &[u8]) -> Option<&'static Command> {
    let mut at = name_hash(name);
    loop {
        match INDEX[at] {
            EMPTY => return None,
            id => {
                let c = &COMMANDS[id as usize];
                if c.row.name.as_bytes().eq_ignore_ascii_case(name) {
                    return Some(c);
                }
            }
        }
        at = (at + 1) & (SLOTS - 1);
    }
}

impl Command {
    /// The subcommand called `name`, in any case.
    pub fn sub(&self, name: &[u8]) -> Option<&'static Command> {
        let i = self.row.subs.iter().position(|s| s.name.as_bytes().eq_ignore_ascii_case(name))?;
        Some(&COMMANDS[self.first_sub as usize + i])
    }

    /// The subcommands.
    pub fn subs(&self) -> &'static [Command] {
        let first = self.first_sub as usize;
        &COMMANDS[first..first + self.row.subs.len()]
    }

    /// `get`, or `client|list`.
    pub fn full_name(&self) -> String {
        match self.parent {
            Some(p) => format!("{}|{}", p.name, self.row.name),
            None => self.row.name.into(),
        }
    }
}

/// All top-level commands.
pub fn top_level() -> &'static [Command] {
    &COMMANDS[..TOP]
}
