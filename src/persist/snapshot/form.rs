//! The two forms of a snapshot: a file in the RDB format, or commands (the base of an
//! append-only file with `aof-use-rdb-preamble no`). Nothing else in the snapshot knows which.

use crate::{
    config::Config,
    keyspace::{Entry, object::Object},
    persist::{
        aof::rebuild,
        rdb::{
            Format,
            file::{About, Access, Writer, record, record_head},
            parts, write,
        },
    },
};
use bytes::Bytes;

/// How keys are written.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Rdb(Format, Access),
    Commands,
}

/// How far a large value has been written.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    Start,
    Rdb(parts::Place),
    Commands(rebuild::Place),
    End,
}

impl Form {
    /// The same, for who cannot wait for it to be compressed.
    pub fn quick(self) -> Form {
        match self {
            Form::Rdb(format, access) => Form::Rdb(Format { compress: false, ..format }, access),
            Form::Commands => Form::Commands,
        }
    }

    /// Appends a key.
    pub fn record(self, e: &Entry, out: &mut Vec<u8>) {
        match self {
            Form::Rdb(format, access) => record(e, access, format, out),
            Form::Commands => rebuild::record(e, out),
        }
    }

    /// Appends the next part of a key whose value is large: about `budget_bytes`.
    pub fn part(self, e: &Entry, place: Place, budget_bytes: usize, out: &mut Vec<u8>) -> Place {
        match (self, place) {
            (Form::Rdb(format, access), Place::Start) => {
                record_head(e, access, format, out);
                Place::Rdb(parts::Place::Start)
            }
            (Form::Rdb(format, _), Place::Rdb(place)) => match parts::part(e, format, place, budget_bytes, out) {
                parts::Place::End => Place::End,
                next => Place::Rdb(next),
            },
            (Form::Commands, Place::Start) => self.part(e, Place::Commands(rebuild::Place::Start), budget_bytes, out),
            (Form::Commands, Place::Commands(place)) => match rebuild::part(e, place, budget_bytes, out) {
                rebuild::Place::End => Place::End,
                next => Place::Commands(next),
            },
            (_, Place::End) => Place::End,
            _ => unreachable!("the form does not change"),
        }
    }

    /// The value of an entry, if it is a long text.
    pub fn long_text(self, db: u32, e: &Entry) -> Option<LongText> {
        let Some(Object::Str(text)) = e.object() else { return None };
        let (text, mut before, mut behind) = (text.bytes().clone(), Vec::new(), Vec::new());
        match self {
            Form::Rdb(format, access) => record_head(e, access, format, &mut before),
            Form::Commands => rebuild::around_text(e, text.len(), &mut before, &mut behind),
        }
        Some(LongText { db, before, text, behind })
    }

    /// Appends a key whose value is a long text.
    pub fn text(self, t: &LongText, out: &mut Vec<u8>) {
        out.extend_from_slice(&t.before);
        match self {
            Form::Rdb(format, _) => write::bytes(out, &t.text, format.compress),
            Form::Commands => out.extend_from_slice(&t.text),
        }
        out.extend_from_slice(&t.behind);
    }
}

/// A long text with what stands before and behind it.
pub(super) struct LongText {
    pub db: u32,
    before: Vec<u8>,
    pub text: Bytes,
    behind: Vec<u8>,
}

/// What has been written and not taken.
pub(super) enum Output {
    Rdb(Writer),
    /// Commands, and the database that the next one is about.
    Commands(Vec<u8>, Option<u32>),
}

impl Output {
    /// Begins a file.
    pub fn new(form: Form, config: &Config, about: About, functions: &[Bytes]) -> Output {
        match form {
            Form::Commands => Output::Commands(Vec::new(), None),
            Form::Rdb(format, access) => {
                let mut writer = Writer::new(format, access, config.persistence.rdbchecksum, about);
                functions.iter().for_each(|code| writer.function(code));
                Output::Rdb(writer)
            }
        }
    }

    /// Says how many keys a database has, and how many of them expire.
    pub fn sizes(&mut self, db: u32, keys: u64, expiring: u64) {
        if let Output::Rdb(writer) = self {
            writer.sizes(db, keys, expiring);
        }
    }

    /// Where a key of a database is to be appended.
    pub fn of(&mut self, db: u32) -> &mut Vec<u8> {
        match self {
            Output::Rdb(writer) => {
                writer.saved(db, b"");
                writer.buffer()
            }
            Output::Commands(text, now) => {
                if now.replace(db) != Some(db) {
                    rebuild::select(db, text);
                }
                text
            }
        }
    }

    /// Bytes that have not been taken.
    pub fn len(&mut self) -> usize {
        match self {
            Output::Rdb(writer) => writer.buffer().len(),
            Output::Commands(text, _) => text.len(),
        }
    }

    /// Takes them.
    pub fn take(&mut self) -> Vec<u8> {
        match self {
            Output::Rdb(writer) => writer.take(),
            Output::Commands(text, _) => std::mem::take(text),
        }
    }

    /// Ends the file.
    pub fn end(&mut self) {
        if let Output::Rdb(writer) = self {
            writer.end();
        }
    }
}
