//! The pieces of a file, in the order they come.
//!
//! A [`Writer`] appends to a buffer of its own; [`Writer::take`] hands out what has piled up,
//! ready to be written, and takes it into the checksum in one go, which is much cheaper than
//! key by key. Keys may come from different databases in any order: the writer says which
//! database follows whenever it changes.
//!
//! Keys that were saved before it was their turn (pre-images of a snapshot) are made by
//! [`record`] and copied by [`Writer::saved`]; a value that is encoded slice by slice goes
//! through [`Writer::begin`] and [`Writer::buffer`].

use super::op;
use crate::{
    base::{time::Wall, version},
    config::MaxmemoryPolicy,
    data::table::Element,
    keyspace::{Entry, access::AccessPolicy},
    persist::{
        checksum::Checksum,
        rdb::{self, Format, VERSION_VALKEY_9, encode, write},
    },
};

/// What is written of a key's access clock: what the eviction policy works with.
#[derive(Clone, Copy, Debug)]
pub enum Access {
    Nothing,
    /// Seconds since the last access, as of this time.
    Idle(AccessPolicy, Wall),
    /// How often it is accessed, as of this time.
    Frequency(AccessPolicy, Wall),
}

impl Access {
    /// What is written under an eviction policy, at a time.
    pub fn of(policy: MaxmemoryPolicy, access: AccessPolicy, now: Wall) -> Access {
        match policy {
            MaxmemoryPolicy::AllkeysLru | MaxmemoryPolicy::VolatileLru => Access::Idle(access, now),
            MaxmemoryPolicy::AllkeysLfu | MaxmemoryPolicy::VolatileLfu => Access::Frequency(access, now),
            _ => Access::Nothing,
        }
    }
}

/// What a file says about itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct About {
    /// When it was begun.
    pub created: Wall,
    /// Heap bytes in use at that time.
    pub used_bytes: u64,
    /// It is the base of an append-only file.
    pub aof_base: bool,
}

/// Appends a key: its expiry and access as far as there is something to say, the type byte,
/// its name, and its value. The database is not part of it.
pub fn record(e: &Entry, access: Access, format: Format, out: &mut Vec<u8>) {
    record_head(e, access, format, out);
    rdb::encode::body(e, format, out);
}

/// Appends what of a key stands before its value's body.
pub fn record_head(e: &Entry, access: Access, format: Format, out: &mut Vec<u8>) {
    if let Some(at_ms) = e.expiry_ms() {
        out.push(op::EXPIRETIME_MS);
        out.extend_from_slice(&at_ms.to_le_bytes());
    }
    match access {
        Access::Nothing => {}
        Access::Idle(policy, now) => {
            out.push(op::IDLE);
            write::len(out, policy.idle_s(e.clock(), now));
        }
        Access::Frequency(policy, now) => {
            // The counter has eight bits.
            out.extend_from_slice(&[op::FREQ, policy.frequency(e.clock(), now) as u8]);
        }
    }
    out.push(encode::kind_of(e, format));
    write::text(out, e.key(), format.compress);
}

/// Writes one file from its beginning to its end.
pub struct Writer {
    format: Format,
    access: Access,
    out: Vec<u8>,
    /// The database the next key belongs to unless another one is named.
    db: Option<u32>,
    sum: Option<Checksum>,
}

impl Writer {
    /// Begins a file: the magic, and what the file says about itself. Without `checksum`
    /// it ends with a zero, which readers do not check.
    pub fn new(format: Format, access: Access, checksum: bool, about: About) -> Writer {
        let sum = checksum.then(Checksum::default);
        let mut w = Writer { format, access, out: Vec::new(), db: None, sum };
        let magic = match format.version {
            v @ VERSION_VALKEY_9.. => format!("VALKEY{v:03}"),
            v => format!("REDIS{v:04}"),
        };
        w.out.extend_from_slice(magic.as_bytes());
        w.aux("valkey-ver", version::VALKEY.as_bytes());
        let number = |w: &mut Writer, name: &str, n: u64| w.aux(name, n.to_string().as_bytes());
        number(&mut w, "redis-bits", u64::from(usize::BITS));
        number(&mut w, "ctime", about.created.0 / 1000);
        number(&mut w, "used-mem", about.used_bytes);
        number(&mut w, "aof-base", about.aof_base.into());
        w
    }

    /// One more thing that the file says about itself.
    pub fn aux(&mut self, name: &str, value: &[u8]) {
        self.out.push(op::AUX);
        write::text(&mut self.out, name.as_bytes(), self.format.compress);
        write::text(&mut self.out, value, self.format.compress);
    }

    /// A library of functions. They come before all keys.
    pub fn function(&mut self, code: &[u8]) {
        self.out.push(op::FUNCTION2);
        write::bytes(&mut self.out, code, self.format.compress);
    }

    /// Says how many keys a database has, and how many of them expire: a hint, that spares
    /// a reader the growing of its tables.
    pub fn sizes(&mut self, db: u32, keys: u64, expiring: u64) {
        self.select(db);
        self.out.push(op::RESIZEDB);
        write::len(&mut self.out, keys);
        write::len(&mut self.out, expiring);
    }

    /// A key with its value.
    pub fn entry(&mut self, db: u32, e: &Entry) {
        self.select(db);
        record(e, self.access, self.format, &mut self.out);
    }

    /// A key that [`record`] wrote earlier, in the same format.
    pub fn saved(&mut self, db: u32, record: &[u8]) {
        self.select(db);
        self.out.extend_from_slice(record);
    }

    /// What of a key stands before its value's body, which the caller then appends to
    /// [`Writer::buffer`], as [`encode::body`] would, before anything else is written.
    pub fn begin(&mut self, db: u32, e: &Entry) {
        self.select(db);
        record_head(e, self.access, self.format, &mut self.out);
    }

    /// What has been written and not taken.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    /// The format of everything in the file.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What is written of access clocks.
    pub fn access(&self) -> Access {
        self.access
    }

    /// The end: nothing may follow.
    pub fn end(&mut self) {
        self.out.push(op::EOF);
        let sum = self.sum.as_ref().map_or(0, |sum| {
            let mut sum = sum.clone();
            sum.add(&self.out);
            sum.value()
        });
        self.out.extend_from_slice(&sum.to_le_bytes());
    }

    /// Takes what has been written since the last time; it may be cut anywhere.
    pub fn take(&mut self) -> Vec<u8> {
        if let Some(sum) = &mut self.sum {
            sum.add(&self.out);
        }
        std::mem::take(&mut self.out)
    }

    fn select(&mut self, db: u32) {
        if self.db != Some(db) {
            self.db = Some(db);
            self.out.push(op::SELECTDB);
            write::len(&mut self.out, db.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{keyspace::string, persist::checksum};

    fn format(version: u16) -> Format {
        Format { version, compress: false }
    }

    fn key(name: &str, expiry_ms: Option<u64>) -> Entry {
        string::entry(name.as_bytes(), b"value", expiry_ms)
    }

    fn after_head(access: Access, write: impl Fn(&mut Writer)) -> Vec<u8> {
        let mut w = Writer::new(format(11), access, true, About::default());
        w.take();
        write(&mut w);
        w.take()
    }

    #[test]
    fn a_file_begins_with_its_version() {
        let head = |v| Writer::new(format(v), Access::Nothing, true, About::default()).take();
        assert!(head(10).starts_with(b"REDIS0010\xfa\x0avalkey-ver"));
        assert!(head(11).starts_with(b"REDIS0011"));
        assert!(head(80).starts_with(b"VALKEY080\xfa"));
        let about = About { created: Wall(70_000_999), used_bytes: 200, aof_base: true };
        let head = Writer::new(format(11), Access::Nothing, true, about).take();
        assert!(
            head.ends_with(b"\xfa\x05ctime\xc2\x70\x11\x01\x00\xfa\x08used-mem\xc1\xc8\x00\xfa\x08aof-base\xc0\x01")
        );
    }

    #[test]
    fn a_database_is_named_when_it_changes() {
        let got = after_head(Access::Nothing, |w| {
            w.sizes(0, 2, 1);
            w.entry(0, &key("a", None));
            w.entry(3, &key("b", Some(258)));
            w.saved(3, b"saved");
            w.function(b"code");
            w.begin(0, &key("c", None));
        });
        let want: &[u8] = b"\xfe\x00\xfb\x02\x01\x00\x01a\x05value\xfe\x03\xfc\x02\x01\0\0\0\0\0\0\x00\x01b\x05value\
            saved\xf5\x04code\xfe\x00\x00\x01c";
        assert_eq!(got, want);
    }

    #[test]
    fn access_is_written_as_the_policy_needs_it() {
        let policy = |lfu| AccessPolicy { lfu, lfu_log_factor: 10, lfu_decay_minutes: 1, touch: true, ahead_ms: 0 };
        let now = Wall(1_000_000_000);
        let mut e = key("a", None);
        e.set_clock(policy(false).with_idle(100, now));
        let access = Access::of(MaxmemoryPolicy::AllkeysLru, policy(false), now);
        assert_eq!(after_head(access, |w| w.entry(0, &e)), b"\xfe\x00\xf8\x40\x64\x00\x01a\x05value");
        e.set_clock(policy(true).with_frequency(200, now));
        let access = Access::of(MaxmemoryPolicy::VolatileLfu, policy(true), now);
        assert_eq!(after_head(access, |w| w.entry(0, &e)), b"\xfe\x00\xf9\xc8\x00\x01a\x05value");
        assert!(matches!(Access::of(MaxmemoryPolicy::NoEviction, policy(false), now), Access::Nothing));
    }

    #[test]
    fn the_checksum_covers_all_that_was_taken() {
        for often in [false, true] {
            let mut w = Writer::new(format(11), Access::Nothing, true, About::default());
            let mut all = if often { w.take() } else { Vec::new() };
            w.entry(0, &key("a", None));
            if often {
                all.extend(w.take());
            }
            w.end();
            all.extend(w.take());
            let (body, sum) = all.split_at(all.len() - 8);
            assert_eq!(sum, checksum::of(body).to_le_bytes());
        }
        let mut w = Writer::new(format(11), Access::Nothing, false, About::default());
        w.end();
        assert!(w.take().ends_with(b"\xff\0\0\0\0\0\0\0\0"));
    }
}
