//! What a command's function is given, and what it may return.

use super::{rename::Renames, row::Row};
use crate::{
    base::{
        num::parse_i64,
        time::{Mono, Now},
    },
    config::Config,
    keyspace::{Key, Keys, Type},
    protocol::{Error, Output, Reply, output},
    session::{Args, Session, Shared, args::OwnedArgs, blocked::TimeoutReply, moving::Migration},
};

/// Everything a command may use. Replies go to `out`; keys are reached through `keys`.
pub struct Ctx<'a, 'e> {
    pub args: &'a Args<'a>,
    pub row: &'static Row,
    /// The command's number.
    pub command: u16,
    pub out: Reply<'a>,
    pub keys: Keys<'a, 'e>,
    pub session: &'a mut Session,
    /// Frozen for the command or transaction.
    pub now: &'a Now,
    pub config: &'a Config,
    pub shared: &'a Shared,
    /// What clients call the commands.
    pub renames: &'a Renames,
    /// The worker that executes this.
    pub worker: usize,
    /// The hash of the first key, computed before the command was prefetched.
    pub first_key: Option<(usize, u64)>,
}

/// How a command ended; an error is replied by the engine, which also takes back whatever
/// the command had already written.
pub type Outcome = Result<Flow, Error>;

/// The command is complete and has written its reply.
pub const DONE: Outcome = Ok(Flow::Done);

/// The shell has to do this before the command is complete.
pub fn shell(request: ShellRequest) -> Outcome {
    Ok(Flow::Shell(Box::new(request)))
}

/// What the engine has to do after a command's function: small, because every command returns it.
#[derive(Debug)]
pub enum Flow {
    Done,
    /// Nothing to serve yet: wait for one of the keys. Only for commands whose row has the
    /// BLOCKING flag, and never when [`Session::deny_blocking`] is set. When a key becomes
    /// ready the function runs again with the same arguments.
    Block(Box<Block>),
    /// Run what MULTI queued.
    Exec,
    /// The shell has to do something first; it writes the reply.
    Shell(Box<ShellRequest>),
}

/// Why a command waits.
#[derive(Debug)]
pub struct Block {
    /// Argument positions of the keys it waits for.
    pub keys: Vec<usize>,
    /// When it gives up; `None`: never.
    pub deadline: Option<Mono>,
    /// What wakes it.
    pub want: Type,
    /// It is also woken when a key it waits for has gone or become another type.
    pub or_loss: bool,
    /// With what arguments it runs again; `None`: the same.
    pub args: Option<OwnedArgs>,
    pub on_timeout: TimeoutReply,
}

/// What only the shell can do for a command. The reply follows when it is done.
#[derive(Debug)]
pub enum ShellRequest {
    /// DEBUG SLEEP: nothing else of this worker runs for so long.
    Sleep { ms: u64 },
    /// CONFIG REWRITE: bring this file up to date, with `all` even where it would say a
    /// default; `+OK` or an error.
    WriteConfig { path: String, all: bool },
    /// CONFIG SET changed something outside: what the server listens on, how many files it
    /// may hold, its title; `undo` if that cannot be. The reply says so.
    Reconfigure { undo: Box<Config> },
    /// MEMORY PURGE: `+OK` or an error.
    ReleaseMemory,
    /// MEMORY MALLOC-STATS: a text.
    AllocatorReport,
    /// DEBUG RELOAD, DEBUG LOADAOF: `+OK` or an error.
    LoadAgain(Again),
    /// SAVE: wait for a job of the saving task; `+OK` or an error.
    AwaitJob { ticket: u64 },
    /// FLUSHALL and FLUSHDB, which have replied: nothing further of this client until all is freed
    /// that it flushed, and until this job of the saving task has ended. Where nobody can wait,
    /// nobody does.
    AwaitFlushed { freed: bool, saved: Option<u64> },
    /// MIGRATE: carry keys to another server and delete those that arrived; `+OK` or an error.
    Migrate(Box<Migration>),
    /// SHUTDOWN, saving or not (`None`: if save points are configured), and whatever goes wrong
    /// with `force`.
    Shutdown { save: Option<bool>, force: bool },
    /// What a transaction asked for, each with the replies that follow its own.
    InTurn(Vec<(ShellRequest, Output)>),
}

impl ShellRequest {
    /// Whether it may as well be done when the transaction it was asked for in has ended: no
    /// command behind it could tell.
    pub fn can_follow(&self) -> bool {
        use ShellRequest::{AllocatorReport, ReleaseMemory, WriteConfig};
        matches!(self, ReleaseMemory | AllocatorReport | WriteConfig { .. })
    }
}

/// What DEBUG RELOAD and DEBUG LOADAOF load again.
#[derive(Clone, Copy, Debug)]
pub enum Again {
    /// The snapshot, after one has been written with `save`; into an empty key space with `flush`,
    /// otherwise keys that exist are replaced.
    Rdb {
        save: bool,
        flush: bool,
    },
    Aof,
}

impl<'a> Ctx<'a, '_> {
    /// Argument `i`; 0 is the command's name.
    #[inline]
    pub fn arg(&self, i: usize) -> &'a [u8] {
        self.args.at(i)
    }

    /// Number of arguments, the name included.
    #[inline]
    pub fn argc(&self) -> usize {
        self.args.len()
    }

    /// The key in argument `i`.
    #[inline]
    pub fn key(&self, i: usize) -> Key<'a> {
        let bytes = self.args.at(i);
        match self.first_key {
            Some((at, hash)) if at == i => Key { bytes, hash },
            _ => self.hashed(bytes),
        }
    }

    /// Apart from [`Ctx::key`], which so stays short enough to stand in every command.
    #[inline(never)]
    fn hashed(&self, bytes: &'a [u8]) -> Key<'a> {
        self.keys.key(bytes)
    }

    /// Argument `i` as an integer.
    ///
    /// # Errors
    /// NOT_INT if it is none.
    #[inline]
    pub fn int(&self, i: usize) -> Result<i64, Error> {
        parse_i64(self.arg(i)).ok_or(Error::NOT_INT)
    }

    /// Argument `i` as an integer of 32 bits.
    ///
    /// # Errors
    /// NOT_INT, or the text that gives the range.
    pub fn int32(&self, i: usize) -> Result<i32, Error> {
        let n = self.int(i)?;
        i32::try_from(n).map_err(|_| Error::not_in_range(i32::MIN.into(), i32::MAX.into()))
    }

    /// Argument `i` as the number of a database.
    ///
    /// # Errors
    /// As [`Ctx::int32`], or DB_INDEX_RANGE.
    pub fn database(&self, i: usize) -> Result<u32, Error> {
        self.database_from(self.int32(i)?)
    }

    /// `n` as the number of a database.
    ///
    /// # Errors
    /// DB_INDEX_RANGE if there is no such database.
    pub fn database_from(&self, n: i32) -> Result<u32, Error> {
        let databases = self.shared.keyspace.databases();
        u32::try_from(n).ok().filter(|n| *n < databases).ok_or(Error::DB_INDEX_RANGE)
    }

    /// Tells the reply from where on the client is disconnected for what it is sent, for a
    /// command whose reply may be absurdly long.
    pub fn stop_when_futile(&mut self) {
        let subscriber = !self.session.subscriptions.is_empty();
        match self.config.limits.client_output_buffer_limit.of(subscriber).hard_bytes {
            0 => {}
            hard => self.out.futile_bytes = (hard as usize).max(output::HIGH_BYTES),
        }
    }

    /// Writes this to the journal in place of the command as it was asked; may be called
    /// several times for several operations.
    pub fn journal_instead(&mut self, args: &[&[u8]]) {
        self.keys.changes.ops.instead(self.keys.db, args.iter().copied());
    }

    /// As [`Ctx::journal_instead`], if the command has changed anything.
    pub fn journal_changed_instead(&mut self, args: &[&[u8]]) {
        if self.keys.changes.dirty > 0 {
            self.journal_instead(args);
        }
    }

    /// As [`Ctx::journal_instead`], the command with other texts at some of its arguments; the
    /// last may be one more argument.
    pub fn journal_with(&mut self, others: &[(usize, &[u8])]) {
        let args = self.args;
        let len = others.iter().fold(args.len(), |len, (at, _)| len.max(at + 1));
        let other = |i: usize| others.iter().find(|(at, _)| *at == i).map(|(_, text)| *text);
        self.keys.changes.ops.instead(self.keys.db, (0..len).map(|i| other(i).unwrap_or_else(|| args.at(i))));
    }

    /// The command itself is not written to the journal, but what is written instead.
    pub fn journal_only_instead(&mut self) {
        self.keys.changes.ops.suppress();
    }

    /// Writes to the journal that a key was deleted, in place of the command that did it.
    pub fn journal_deleted(&mut self, key: &[u8], lazy: bool) {
        self.journal_instead(&[if lazy { b"UNLINK" } else { b"DEL" }, key]);
    }

    /// Writes to the journal that `count` elements were taken with the command `name`.
    pub fn journal_popped(&mut self, name: &[u8], key: &[u8], count: usize) {
        if self.journals() {
            self.journal_instead(&[name, key, itoa::Buffer::new().format(count).as_bytes()]);
        }
    }

    /// Whether somebody reads the journal: what is only for it need not be computed otherwise.
    #[inline]
    pub fn journals(&self) -> bool {
        self.keys.changes.ops.is_on()
    }

    /// Whether argument `i` is this word, in any case.
    pub fn is(&self, i: usize, word: &str) -> bool {
        self.args.get(i).is_some_and(|a| a.eq_ignore_ascii_case(word.as_bytes()))
    }
}
