//! The knobs of the simulated disks.

use madsim::rand::{Rng, seq::SliceRandom};

/// How disks behave; may change while a scenario runs. Probabilities are per operation.
#[derive(Clone, Debug)]
pub struct DiskConfig {
    /// Time of an operation on the page cache or the directory, in microseconds.
    pub op_us: (u64, u64),
    /// Time of a sync, in microseconds.
    pub sync_us: (u64, u64),
    /// Chance that a sync takes up to this long instead.
    pub slow_sync: f64,
    pub slow_sync_max_ms: u64,
    /// Bytes that a node's files and their names may take together.
    pub capacity: u64,
    /// Of which each name takes so many: that is the room which a directory has to grow by.
    pub name_bytes: u64,
    /// Files and directories that a node may have.
    pub inodes: u64,
    /// The disk has promised more than it has, as a thin volume does: writes are taken beyond the
    /// capacity, and the syncs fail that find no room for them.
    pub is_thin: bool,
    /// Chance that an append takes less than it could.
    pub short_write: f64,
    pub read_error: f64,
    pub write_error: f64,
    pub sync_error: f64,
    /// Of creating, renaming and removing files.
    pub name_error: f64,
    /// At a loss of power, the chance of an unsynced sector to survive; `None` draws it anew
    /// for each crash.
    pub sector_survives: Option<f64>,
    /// The chance of a sector that does not survive to be garbage instead of missing.
    pub sector_garbage: f64,
}

impl DiskConfig {
    /// A quick disk without faults.
    pub fn calm() -> DiskConfig {
        DiskConfig {
            op_us: (2, 30),
            sync_us: (100, 2_000),
            slow_sync: 0.0,
            slow_sync_max_ms: 0,
            capacity: 1 << 30,
            name_bytes: 0,
            inodes: 1 << 20,
            is_thin: false,
            short_write: 0.0,
            read_error: 0.0,
            write_error: 0.0,
            sync_error: 0.0,
            name_error: 0.0,
            sector_survives: None,
            sector_garbage: 0.1,
        }
    }

    /// A disk drawn at random. Errors stay off: not every server promises to survive them, so
    /// a scenario turns them on itself.
    pub fn draw(rng: &mut impl Rng) -> DiskConfig {
        let mut pick = |from: &[f64]| *from.choose(rng).expect("there are choices");
        let slow_sync = pick(&[0.0, 0.0, 0.01, 0.1]);
        let short_write = pick(&[0.0, 0.01, 0.3]);
        let sector_garbage = pick(&[0.0, 0.1, 0.5]);
        DiskConfig {
            op_us: (1, rng.gen_range(10..=500)),
            sync_us: (50, rng.gen_range(500..=20_000)),
            slow_sync,
            slow_sync_max_ms: rng.gen_range(50..=3_000),
            short_write,
            sector_garbage,
            ..DiskConfig::calm()
        }
    }
}
