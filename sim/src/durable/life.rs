//! One life of a server, from start to crash, as its judge notes it down.

use super::image::Image;
use bytes::Bytes;
use norn::{engine::Engine, session::jobs::Job};
use std::sync::{
    Arc, Mutex, MutexGuard, OnceLock, PoisonError,
    atomic::{
        AtomicBool, AtomicU64,
        Ordering::{Relaxed, SeqCst},
    },
};

/// See the module.
pub struct Life {
    pub engine: Arc<Engine>,
    /// It has ended: clients give up.
    pub over: AtomicBool,
    /// Replies its clients have received, and those that refused a write because of the disk.
    pub replies: AtomicU64,
    pub refused: AtomicU64,
    notes: Mutex<Notes>,
}

/// What has been noted.
#[derive(Default)]
pub struct Notes {
    /// Each append to the journal: the offset behind it, and its text.
    pub journal: Vec<(u64, Bytes)>,
    /// Where the journal begins: the data set there, and the offset.
    pub base: Option<(Arc<Image>, u64)>,
    /// The journal is being turned on: every base that begins takes the place of the last.
    pub rebase: bool,
    /// What the RDB file may hold, oldest first.
    pub saves: Vec<Arc<Image>>,
    /// How many of these were begun in this life.
    pub begun: u64,
    /// When a client received a reply, and the offset behind its last change.
    pub acknowledged: Vec<(u64, u64)>,
}

impl Life {
    /// Begins to take notes; `saves` is what the RDB file may hold.
    pub fn begin(engine: Arc<Engine>, saves: Vec<Arc<Image>>) -> Arc<Life> {
        let notes = Mutex::new(Notes { saves, ..Notes::default() });
        let (over, replies, refused) = Default::default();
        let life = Arc::new(Life { engine, over, replies, refused, notes });
        let shared = &life.engine.shared;
        // The engine must not own who owns it.
        let weak = Arc::downgrade(&life);
        shared.journal.set_tap(Arc::new(move |at, text: &[u8]| {
            if let Some(life) = weak.upgrade() {
                life.notes().journal.push((at + text.len() as u64, Bytes::copy_from_slice(text)));
            }
        }));
        let weak = Arc::downgrade(&life);
        shared.saving.set_witness(Arc::new(move |held, aof_base| {
            let Some(life) = weak.upgrade() else { return };
            let mut notes = life.notes();
            if !aof_base {
                notes.saves.push(Arc::new(Image::take(held)));
                notes.begun += 1;
            } else if notes.rebase {
                notes.base = Some((Arc::new(Image::take(held)), life.engine.shared.journal.end()));
            }
        }));
        life
    }

    pub fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has been loaded is what the journal begins with.
    pub fn loaded(&self) -> Arc<Image> {
        let image = Arc::new(Image::of_engine(&self.engine));
        let end = self.engine.shared.journal.end();
        let mut notes = self.notes();
        notes.base = Some((image.clone(), end));
        image
    }

    /// A client has received a reply.
    pub fn acknowledge(&self, now_ns: u64, offset: u64) {
        self.replies.fetch_add(1, Relaxed);
        self.notes().acknowledged.push((now_ns, offset));
    }

    /// The offset that clients had seen acknowledged by then.
    pub fn acknowledged_by(&self, ns: u64) -> u64 {
        let notes = self.notes();
        notes.acknowledged.iter().filter(|(at, _)| *at <= ns).map(|(_, offset)| *offset).max().unwrap_or(0)
    }

    /// Forgets snapshots that a later one has replaced for good.
    pub fn prune(&self) {
        let count = self.engine.shared.jobs.record(Job::Save).count;
        let mut notes = self.notes();
        // One that failed or was given up has replaced nothing.
        if count > 0 && count == notes.begun {
            let old = notes.saves.len().saturating_sub(1);
            notes.saves.drain(..old);
        }
    }

    /// Ends it.
    pub fn end(&self) {
        self.over.store(true, SeqCst);
    }
}

/// The life that is going on.
pub type Now = Arc<Mutex<Option<Arc<Life>>>>;

/// Where the server puts its engine.
pub type Cell = Arc<OnceLock<Arc<Engine>>>;
