//! One RDB file into the key space, on all cores.
//!
//! The calling task reads, checks the checksum and finds where keys end; a chunk is read
//! while the one before is looked at. Loaders on threads of their own make the values and
//! store them; what is between them and the task is bounded, so the memory this takes does
//! not grow with the file.

use super::Progress;
use crate::{
    config::RdbVersionCheck,
    engine::{
        Engine,
        load::{Loader, Tally, Terms},
    },
    env::{Disk, DiskFile, Env, Open, words},
    persist::rdb::file::{Batch, Checked, Damage, Item, Options, Scanner},
};
use bytes::Bytes;
use std::{
    io,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};
use tokio::sync::{Mutex, mpsc};

/// Bytes read at once.
const CHUNK_BYTES: usize = 1 << 20;
/// Batches that wait for each loader.
const BATCHES_AHEAD: usize = 4;

/// What to load.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    pub path: &'a str,
    pub terms: Terms,
    /// Something else may follow the RDB part in the file: commands.
    pub more_follows: bool,
}

/// What came of it.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    pub tally: Tally,
    /// Length of the RDB part of the file.
    pub bytes: u64,
    /// What the file says about itself.
    pub about: Vec<(Bytes, Bytes)>,
    /// Libraries of functions.
    functions: Vec<Bytes>,
}

/// Where the loaders take batches from; whoever fails closes it.
type Queue = Arc<Mutex<mpsc::Receiver<Batch>>>;

/// Loads a file; `None` if there is none of this name. Functions in it take the place of
/// those that are there. Whoever calls says when loading begins and ends
/// ([`crate::session::loading::Loading`]).
///
/// # Errors
/// Why it cannot be loaded, naming the file and the place in it. Part of it may be in the key
/// space.
pub async fn load_rdb<E: Env>(
    env: &E,
    engine: &Arc<Engine>,
    source: Source<'_>,
    progress: &mut Progress,
) -> Result<Option<Loaded>, String> {
    let unreadable = |e: io::Error| format!("can't open the RDB file {} for reading: {}", source.path, words(&e));
    let file = match env.disk().open(source.path, Open::Read).await {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(unreadable(e)),
    };
    let len = file.size().await.map_err(unreadable)?;
    // A directory has a size too, but nothing can be read from it.
    file.read_at(0, 1).await.map_err(unreadable)?;
    engine.shared.loading.file(len);
    let (batches, queue) = mpsc::channel(BATCHES_AHEAD * engine.shared.workers.len());
    let results = spawn_loaders(env, engine, source.terms, queue)?;
    let config = engine.shared.config.get();
    let options = Options {
        strict: config.persistence.rdb_version_check == RdbVersionCheck::Strict,
        checksum: config.persistence.rdbchecksum && !engine.shared.debug.skip_checksums.load(Relaxed),
        len: Some(len),
        more_follows: source.more_follows,
    };
    let mut feed =
        Feed { env, engine, scanner: Scanner::new(options), batches: Some(batches), loaded: Loaded::default() };
    let fed = feed.run(&file, progress).await;
    progress.finish();
    // The loaders end when nothing more can come.
    feed.batches = None;
    let mut loaded = std::mem::take(&mut feed.loaded);
    let stored = gather(results).await;
    match (fed, stored) {
        (Ok(()), Ok(tally)) => loaded.tally = tally,
        (Err(Failure::Damage(a)), Err(b)) => return Err(damaged(source.path, if a.at < b.at { a } else { b })),
        (Err(Failure::Damage(damage)), Ok(_)) | (Ok(()), Err(damage)) => return Err(damaged(source.path, damage)),
        (Err(Failure::Io(at, e)), _) => {
            return Err(format!("can't read the RDB file {} at offset {at}: {}", source.path, words(&e)));
        }
    }
    *engine.shared.functions.lock() = std::mem::take(&mut loaded.functions);
    report(&loaded.tally);
    Ok(Some(loaded))
}

fn damaged(path: &str, damage: Damage) -> String {
    // In Valkey's words, which people look for in logs.
    format!("the RDB file {path} is damaged or not supported, integrity check failed: {damage}")
}

fn report(t: &Tally) {
    let empty = if t.empty > 0 { format!(", empty keys skipped: {}", t.empty) } else { String::new() };
    tracing::info!("Done loading RDB, keys loaded: {}, keys expired: {}{empty}.", t.loaded, t.expired);
}

/// Why a file could not be taken apart.
enum Failure {
    Damage(Damage),
    /// Reading failed at this offset.
    Io(u64, io::Error),
}

/// What goes through the file from its beginning to its end.
struct Feed<'a, E: Env> {
    env: &'a E,
    engine: &'a Engine,
    scanner: Scanner,
    /// Where loaders take batches from; none after the end, or if a loader has failed.
    batches: Option<mpsc::Sender<Batch>>,
    loaded: Loaded,
}

impl<E: Env> Feed<'_, E> {
    /// Ends with the file, or when a loader has failed.
    async fn run<F: DiskFile>(&mut self, file: &F, progress: &mut Progress) -> Result<(), Failure> {
        let mut at = 0;
        let mut chunk = file.read_at(at, CHUNK_BYTES).await.map_err(|e| Failure::Io(at, e))?;
        while self.batches.is_some() {
            at += chunk.len() as u64;
            // The read comes first, so that it goes on while the last chunk is looked at.
            let (next, taken) = tokio::join!(biased; file.read_at(at, CHUNK_BYTES), self.take(chunk));
            taken.map_err(Failure::Damage)?;
            let now = self.env.mono();
            if progress.is_due(now) {
                let loading = &self.engine.shared.loading;
                progress.tell(now, loading.progress(self.env.wall()), loading.keys().0);
            }
            chunk = next.map_err(|e| Failure::Io(at, e))?;
        }
        Ok(())
    }

    /// Takes up one chunk; an empty one is the end of the file.
    async fn take(&mut self, chunk: Bytes) -> Result<(), Damage> {
        if chunk.is_empty() {
            self.scanner.end();
        }
        self.scanner.feed(chunk);
        while let Some(item) = self.scanner.next()? {
            match item {
                Item::Version(_) | Item::Sizes { .. } => {}
                Item::Aux { name, value } => self.note(name, value),
                Item::Function(code) => self.loaded.functions.push(code),
                Item::Keys(batch) => {
                    let Some(batches) = &self.batches else { break };
                    if batches.send(batch).await.is_err() {
                        self.batches = None;
                        break;
                    }
                }
                Item::End(checked) => {
                    if checked == Checked::Absent {
                        tracing::info!("RDB file was saved with checksum disabled: no check performed.");
                    }
                    self.loaded.bytes = self.scanner.at();
                    self.batches = None;
                }
            }
        }
        self.engine.shared.loading.reached(self.scanner.at());
        Ok(())
    }

    /// Says in the log what the file says about itself.
    fn note(&mut self, name: Bytes, value: Bytes) {
        let text = String::from_utf8_lossy(&value);
        let number = text.parse::<u64>().unwrap_or(0);
        match &name.to_ascii_lowercase()[..] {
            b"redis-ver" => tracing::info!("Loading RDB produced by Redis version {text}"),
            b"valkey-ver" => tracing::info!("Loading RDB produced by Valkey version {text}"),
            b"ctime" => {
                let age_s = (self.env.wall().0 / 1000).saturating_sub(number);
                tracing::info!("RDB age {age_s} seconds");
            }
            b"used-mem" => {
                self.engine.shared.loading.saved_with(number);
                tracing::info!("RDB memory usage when created {:.2} Mb", number as f64 / f64::from(1 << 20));
            }
            b"aof-preamble" if number > 0 => tracing::info!("RDB has an AOF tail"),
            b"aof-base" if number > 0 => tracing::info!("RDB is base AOF"),
            [b'%', ..] => tracing::info!("RDB '{}': {text}", String::from_utf8_lossy(&name)),
            _ => {}
        }
        self.loaded.about.push((name, value));
    }
}

/// Starts as many loaders as there are workers; each says what came of it.
fn spawn_loaders<E: Env>(
    env: &E,
    engine: &Arc<Engine>,
    terms: Terms,
    queue: mpsc::Receiver<Batch>,
) -> Result<mpsc::UnboundedReceiver<Result<Tally, Damage>>, String> {
    let (results, receiver) = mpsc::unbounded_channel();
    let queue: Queue = Arc::new(Mutex::new(queue));
    let workers = engine.shared.workers.len();
    for i in 0..workers {
        let (engine, queue, results) = (engine.clone(), queue.clone(), results.clone());
        let run = move |env: E| async move {
            let result = load_batches(&env, &engine, terms, &queue).await;
            if result.is_err() {
                queue.lock().await.close();
            }
            // Nobody listens if the server is ending.
            let _ = results.send(result);
        };
        env.spawn_worker(workers + i, run).map_err(|e| format!("Can't create a loading thread: {}", words(&e)))?;
    }
    Ok(receiver)
}

async fn load_batches<E: Env>(env: &E, engine: &Engine, terms: Terms, queue: &Queue) -> Result<Tally, Damage> {
    let mut loader = Loader::new(engine, terms);
    let mut sum = Tally::default();
    let delay_us = i64::from(engine.shared.config.get().persistence.key_load_delay_us);
    loop {
        let next = queue.lock().await.recv().await;
        let Some(batch) = next else { return Ok(sum) };
        let tally = loader.load(&batch)?;
        engine.shared.loading.add_keys(tally.loaded, tally.expired);
        sum.add(tally);
        // A negative delay is one microsecond for so many keys.
        let keys = tally.loaded as i64;
        let us = if delay_us < 0 { keys / -delay_us } else { keys * delay_us };
        if us > 0 {
            env.sleep(Duration::from_micros(us as u64)).await;
        }
    }
}

/// Waits for all loaders; their sum, or what is wrong first in the file.
async fn gather(mut results: mpsc::UnboundedReceiver<Result<Tally, Damage>>) -> Result<Tally, Damage> {
    let (mut sum, mut first) = (Tally::default(), None::<Damage>);
    while let Some(result) = results.recv().await {
        match result {
            Ok(tally) => sum.add(tally),
            Err(damage) if first.as_ref().is_none_or(|f| damage.at < f.at) => first = Some(damage),
            Err(_) => {}
        }
    }
    first.map_or(Ok(sum), Err)
}
