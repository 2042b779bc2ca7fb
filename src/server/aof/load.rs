//! Loading the append-only file when the server starts.
//!
//! Base and files with commands are loaded in the manifest's order. A torn tail is cut off, if
//! `aof-load-truncated` lets it be. Where the server stopped in the middle of a rewrite, the last
//! file but one may be torn: then nothing in the last was promised yet (see [`Writer`]), and it
//! is emptied. If it was, or in files of other servers, a torn file that is not the last is an
//! error, and so is rot: never is half a data set served.
//!
//! [`Writer`]: super::writer::Writer

use super::{output::Output, store::Store};
use crate::{
    engine::{
        Engine,
        replay::{Alien, Replay},
    },
    env::{Disk, DiskFile, Env, Open, words},
    persist::aof::{
        Damage, End, Manifest, Reader,
        annotation::HEADER_LEN,
        manifest::{self, Entry, Kind},
    },
    server::files::{is_temp_base, path_in},
};
use std::time::Duration;

/// How the base is loaded, which is somebody else's format.
pub trait LoadRdb {
    /// Loads the RDB file at a path into the key space; the offset behind it.
    ///
    /// # Errors
    /// In words for the log.
    #[allow(async_fn_in_trait)]
    async fn load_rdb(&mut self, path: &str) -> Result<u64, String>;

    /// So many bytes more have been loaded.
    fn progress(&mut self, bytes: u64);
}

/// What was loaded, and where to go on.
#[derive(Debug, Default)]
pub struct Loaded {
    pub manifest: Manifest,
    /// The salt of the manifest's last file, if it can be gone on with.
    pub last_salt: Option<u64>,
    /// Another server has written to it.
    pub last_is_foreign: bool,
    /// Bytes of all files, and of the base.
    pub bytes: u64,
    pub base_bytes: u64,
    pub commands: u64,
    /// A sync had failed before the last process ended: what was read may not be on the medium.
    pub mistrusted: bool,
}

/// Bytes read at once: other tasks get a turn in between.
const CHUNK_BYTES: usize = 256 << 10;

/// A file that ended too early.
struct Cut {
    name: String,
    at: u64,
    what: &'static str,
    salt: Option<u64>,
    /// Something follows that has to go.
    torn: bool,
}

struct Load<'a, E: Env, L> {
    env: &'a E,
    engine: &'a Engine,
    store: &'a Store<E::Disk>,
    rdb: &'a mut L,
    replay: Replay,
    /// A file before the one being loaded.
    cut: Option<Cut>,
    /// Files whose commands come after a cut, each with its salt.
    dropped: Vec<(String, Option<u64>)>,
    loaded: Loaded,
}

/// Loads what the store holds; the key space is empty, and the journal off.
///
/// # Errors
/// Why the server must not start, in words for the log.
pub async fn load<E: Env, L: LoadRdb>(
    env: &E,
    engine: &Engine,
    store: &Store<E::Disk>,
    rdb: &mut L,
) -> Result<Loaded, String> {
    clean_up(store).await?;
    let mut manifest = store.manifest().await?;
    take_over(store, &mut manifest).await?;
    let mut sizes = Vec::new();
    for entry in manifest.to_load() {
        let size = store.size(&entry.name).await;
        sizes.push(
            size.map_err(|e| format!("Unable to obtain the AOF file {} length. stat: {}", entry.name, words(&e)))?,
        );
    }
    let replay = Replay::new(engine, env.wall(), env.rand_u64());
    let loaded = Loaded {
        bytes: sizes.iter().sum(),
        base_bytes: manifest.base.as_ref().map_or(0, |_| sizes[0]),
        manifest: manifest.clone(),
        mistrusted: store.is_mistrusted().await?,
        ..Loaded::default()
    };
    let mut load = Load { env, engine, store, rdb, replay, cut: None, dropped: Vec::new(), loaded };
    let count = sizes.len();
    for (i, (entry, size)) in manifest.to_load().zip(sizes).enumerate() {
        let began = env.mono().0;
        load.file(entry, size, i + 1 == count).await?;
        let seconds = (env.mono().0 - began) as f64 / 1e9;
        let part = if entry.kind == Kind::Base { "base" } else { "incr" };
        tracing::info!("DB loaded from {part} file {}: {seconds:.3} seconds", entry.name);
    }
    load.finish().await
}

/// Removes what a server left behind that stopped while it was writing.
async fn clean_up<D: Disk>(store: &Store<D>) -> Result<(), String> {
    let names = store.names().await?;
    let temp = [manifest::temp_name(&store.place.prefix), store.adopted_name()];
    for name in names.iter().filter(|name| temp.contains(name) || is_temp_base(name)) {
        store.remove(name).await;
    }
    Ok(())
}

/// Makes an old append-only file, which was one file in the working directory, the base.
async fn take_over<D: Disk>(store: &Store<D>, manifest: &mut Manifest) -> Result<(), String> {
    let old = &store.place.prefix;
    let here = store
        .disk
        .list(&store.place.home)
        .await
        .map_err(|e| format!("Can't list the working directory: {}", words(&e)))?;
    if !here.contains(old) {
        return Ok(());
    }
    let interrupted = manifest.incr.is_empty() && manifest.base.as_ref().is_some_and(|base| base.name == *old);
    if !(manifest.is_empty() || interrupted && !store.names().await?.contains(old)) {
        return Ok(());
    }
    store.create_dir().await?;
    manifest.take_over(old);
    let moved = async {
        store.persist(manifest).await?;
        store.disk.rename(&path_in(&store.place.home, old), &store.path(old)).await?;
        store.sync_dir().await?;
        store.disk.sync_dir(&store.place.home).await
    };
    moved.await.map_err(|e| {
        format!("Error trying to move the old AOF file {old} into dir {}: {}", store.place.dir, words(&e))
    })?;
    tracing::info!("Successfully migrated an old-style AOF file ({old}) into the AOF directory ({}).", store.place.dir);
    Ok(())
}

impl<E: Env, L: LoadRdb> Load<'_, E, L> {
    async fn file(&mut self, entry: &Entry, size: u64, last: bool) -> Result<(), String> {
        let name = &entry.name;
        let path = self.store.path(name);
        let unreadable = |e: std::io::Error| {
            format!("Fatal error: can't open the append log file {name} for reading: {}", words(&e))
        };
        let file = self.store.disk.open(&path, Open::Read).await.map_err(unreadable)?;
        let mut reader = Reader::new();
        let mut at = 0;
        let magic = file.read_at(0, 5).await.map_err(unreadable)?;
        if matches!(magic.as_ref(), b"REDIS" | b"VALKE") {
            let old = *name == self.store.place.prefix;
            tracing::info!(
                "{}",
                if old { "Reading RDB preamble from AOF file..." } else { "Reading RDB base file on AOF loading..." }
            );
            at = self.rdb.load_rdb(&path).await?;
            reader = Reader::after(at);
        }
        while at < size {
            let chunk = file.read_at(at, CHUNK_BYTES).await.map_err(|e| {
                format!("Unrecoverable error reading the append only file {name} at offset {at}: {}", words(&e))
            })?;
            if chunk.is_empty() {
                break;
            }
            reader.feed(&chunk);
            at += chunk.len() as u64;
            if at >= size {
                reader.end();
            }
            while let Some(mut run) = reader.next_run().map_err(|e| damaged(name, e))? {
                if !self.may_follow(name, &reader)? {
                    continue;
                }
                self.replay.run(self.engine, &mut run).map_err(|e| alien(name, reader.offset(), e))?;
            }
            self.rdb.progress(chunk.len() as u64);
            // Clients want to hear that the server is loading.
            self.env.sleep(Duration::ZERO).await;
        }
        let end = reader.finish().map_err(|e| damaged(name, e))?;
        self.ended(entry, end, &reader, last)
    }

    /// Whether commands of a file may be executed: not if one before it was cut. Then it must
    /// not have promised anything.
    fn may_follow(&mut self, name: &str, reader: &Reader) -> Result<bool, String> {
        let Some(cut) = &self.cut else { return Ok(true) };
        if reader.is_vouched() || reader.salt().is_none() || cut.salt.is_none() {
            return Err(not_last(cut));
        }
        if self.dropped.last().is_none_or(|last| last.0 != name) {
            self.dropped.push((name.into(), reader.salt()));
        }
        Ok(false)
    }

    fn ended(&mut self, entry: &Entry, end: End, reader: &Reader, last: bool) -> Result<(), String> {
        let (name, salt) = (&entry.name, reader.salt());
        self.loaded.last_is_foreign = last && salt.is_none() && entry.kind == Kind::Incr;
        if let Some(cut) = &self.cut
            && reader.is_vouched()
        {
            // The line that vouches for the only batch stands behind it.
            return Err(not_last(cut));
        }
        let cut = match end {
            End::Torn { at, what } => Some((at, what)),
            // A file of ours that is not the last says so at its end.
            End::Whole { closed: false } if salt.is_some() && !last => {
                Some((reader.offset(), "the file's end is missing"))
            }
            End::Whole { closed } => {
                self.loaded.last_salt = salt.filter(|_| last && !closed && entry.kind == Kind::Incr);
                None
            }
        };
        let Some((at, what)) = cut else { return Ok(()) };
        if entry.kind == Kind::Base && salt.is_some() {
            // It was complete before it was listed.
            return Err(damaged(name, Damage { at, what }));
        }
        let torn = matches!(end, End::Torn { .. });
        if torn && salt.is_none() && !last {
            // Nothing can tell what comes after it.
            return Err(not_last(&Cut { name: name.clone(), at, what, salt, torn }));
        }
        if torn && !self.engine.shared.config.get().persistence.aof_load_truncated {
            return Err(format!(
                "Unexpected end of file reading the append only file {name}: {what} at offset {at}. You can: 1) Make \
                 a backup of your AOF file, then use norn check-aof --fix <filename.manifest>. 2) Alternatively you \
                 can set the 'aof-load-truncated' configuration option to yes and restart the server."
            ));
        }
        if self.cut.is_none() {
            self.cut = Some(Cut { name: name.clone(), at, what, salt, torn });
        } else {
            self.dropped.push((name.clone(), salt));
        }
        if last {
            self.loaded.last_salt = salt.filter(|_| entry.kind == Kind::Incr);
        }
        Ok(())
    }

    /// Cuts off what must not be there at the next start.
    async fn finish(mut self) -> Result<Loaded, String> {
        self.loaded.commands = self.replay.commands;
        if self.replay.errors > 0 {
            let n = self.replay.errors;
            tracing::warn!("{n} commands of the append only file replied an error when they were executed again");
        }
        for (name, salt) in std::mem::take(&mut self.dropped) {
            tracing::warn!("!!! Dropping the content of the AOF {name}, of which nothing was promised yet !!!");
            self.cut_off(&name, HEADER_LEN as u64, salt).await?;
        }
        let Some(cut) = self.cut.take() else { return Ok(self.loaded) };
        let (name, at) = (&cut.name, cut.at);
        if cut.torn {
            tracing::warn!("!!! Warning: short read while loading the AOF file {name}: {} !!!", cut.what);
            tracing::warn!("!!! Truncating the AOF {name} at offset {at} !!!");
        }
        self.cut_off(name, at, cut.salt).await?;
        if cut.torn {
            tracing::warn!("AOF {name} loaded anyway because aof-load-truncated is enabled");
        }
        Ok(self.loaded)
    }

    /// Cuts a file off, and says at its end that it is whole if others follow it.
    async fn cut_off(&self, name: &str, at: u64, salt: Option<u64>) -> Result<(), String> {
        self.truncate(name, at).await?;
        let is_last = self.loaded.manifest.to_load().last().is_some_and(|entry| entry.name == name);
        let Some(salt) = salt.filter(|_| !is_last) else { return Ok(()) };
        let closed = async {
            let mut file = Output::reopen(&self.store.disk, &self.store.path(name), salt).await?;
            file.promise(0);
            file.end().await?;
            file.sync().await
        };
        let closed = self.store.mistrust_if_failed(closed.await).await;
        closed.map_err(|e| format!("Error writing the AOF file {name}: {}", words(&e)))
    }

    async fn truncate(&self, name: &str, at: u64) -> Result<(), String> {
        let cut = async {
            let mut file = self.store.disk.open(&self.store.path(name), Open::Append).await?;
            file.truncate(at).await?;
            file.sync().await
        };
        let cut = self.store.mistrust_if_failed(cut.await).await;
        cut.map_err(|e| format!("Error truncating the AOF file {name}: {}", words(&e)))
    }
}

/// A file ended too early, and promises follow in the next.
fn not_last(cut: &Cut) -> String {
    let Cut { name, at, what, .. } = cut;
    format!("Fatal error: the truncated file is not the last file: {name}: {what} at offset {at}")
}

fn damaged(name: &str, damage: Damage) -> String {
    format!(
        "Bad file format reading the append only file {name}: {damage}: make a backup of your AOF file, then use \
         norn check-aof --fix <filename.manifest>"
    )
}

fn alien(name: &str, before: u64, alien: Alien) -> String {
    match alien {
        Alien::Unknown(command) => format!("Unknown command '{command}' reading the append only file {name}"),
        Alien::Refused(command) => format!("Command '{command}' does not belong in the append only file {name}"),
        Alien::Malformed => {
            format!("Bad file format reading the append only file {name}: no whole commands before offset {before}")
        }
    }
}
