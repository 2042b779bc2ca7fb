//! A file gone over for a person who wants to know whether it is sound: every value is made
//! and dropped. What is said follows the lines of Valkey's tool for this.

use super::{Batch, Checked, Damage, Item, Options, Record, Scanner};
use crate::{
    base::{hash::HashKey, time::Wall},
    config::Config,
    persist::rdb::Limits,
};
use bytes::Bytes;

/// See the module.
pub struct Check {
    scanner: Scanner,
    limits: Limits,
    now: Wall,
    db: Option<u32>,
    /// The key whose value was being read.
    reading: Option<(String, u8)>,
    keys: u64,
    expires: u64,
    expired: u64,
    empty: u64,
    done: bool,
}

impl Check {
    /// A check of a file of so many bytes; keys may have expired at `now`.
    pub fn new(len: u64, now: Wall) -> Check {
        // What follows may be the commands of an append-only file.
        let options = Options { strict: false, checksum: true, len: Some(len), more_follows: true };
        Check {
            scanner: Scanner::new(options),
            limits: Limits::new(&Config::default().encoding, HashKey(0)),
            now,
            db: None,
            reading: None,
            keys: 0,
            expires: 0,
            expired: 0,
            empty: 0,
            done: false,
        }
    }

    /// Whether the end has been reached.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Takes in the next chunk, an empty one at the end, and says what it finds.
    ///
    /// # Errors
    /// What is wrong, which has not been said yet.
    pub fn feed(&mut self, chunk: Bytes, say: &mut dyn FnMut(&str)) -> Result<(), Damage> {
        if chunk.is_empty() {
            self.scanner.end();
        }
        self.scanner.feed(chunk);
        while let Some(item) = self.scanner.next()? {
            let at = self.scanner.at();
            match item {
                Item::Version(version) => say(&format!("[offset {at}] RDB version {version}")),
                Item::Aux { name, value } => {
                    let (name, value) = (String::from_utf8_lossy(&name), String::from_utf8_lossy(&value));
                    say(&format!("[offset {at}] AUX FIELD {name} = '{value}'"));
                }
                Item::Sizes { .. } => {}
                Item::Function(code) => say(&format!("[offset {at}] A library of functions, {} bytes", code.len())),
                Item::Keys(batch) => self.keys(&batch, say)?,
                Item::End(checked) => {
                    self.done = true;
                    say(&match checked {
                        Checked::Right => format!("[offset {at}] Checksum OK"),
                        _ => format!("[offset {at}] RDB file was saved with checksum disabled: no check performed."),
                    });
                }
            }
        }
        Ok(())
    }

    fn keys(&mut self, batch: &Batch, say: &mut dyn FnMut(&str)) -> Result<(), Damage> {
        let mut records = batch.records();
        while let Some(record) = records.next()? {
            if self.db != Some(record.db) {
                self.db = Some(record.db);
                say(&format!("[offset {}] Selecting DB ID {}", record.at, record.db));
            }
            self.count(&record);
            match records.value(&record, &self.limits) {
                Ok(None) => self.empty += 1,
                Ok(Some(_)) => {}
                Err(damage) => {
                    let name = String::from_utf8_lossy(&record.name).into_owned();
                    self.reading = Some((name, record.prefix.kind));
                    return Err(damage);
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, record: &Record) {
        self.keys += 1;
        self.expires += u64::from(record.prefix.expiry_ms.is_some());
        self.expired += u64::from(record.prefix.is_due(self.now));
    }

    /// Says how it ended.
    pub fn conclude(&self, result: &Result<(), Damage>, say: &mut dyn FnMut(&str)) {
        match result {
            Ok(()) => say(&format!("[offset {}] \\o/ RDB looks OK! \\o/", self.scanner.at())),
            Err(Damage { at, what }) => {
                say("--- RDB ERROR DETECTED ---");
                say(&format!("[offset {at}] {what}"));
                if let Some((name, kind)) = &self.reading {
                    say(&format!("[additional info] Reading key '{name}'"));
                    say(&format!("[additional info] Reading type {kind}"));
                }
            }
        }
        say(&format!("[info] {} keys read", self.keys));
        say(&format!("[info] {} expires", self.expires));
        say(&format!("[info] {} already expired", self.expired));
        if self.empty > 0 {
            say(&format!("[info] {} collections without elements", self.empty));
        }
    }
}
