//! The directory of the append-only file, and the manifest in it.
//!
//! A manifest replaces the one before in one step: it is written under another name, synced,
//! renamed, and the directory is synced. Files are made and synced before a manifest lists
//! them, and removed after one no longer does.

use crate::server::files::{append_all, path_in};
use crate::{
    config::Persistence,
    env::{Disk, DiskFile, Open, words},
    persist::aof::{Manifest, manifest},
};
use bytes::Bytes;
use std::io::{self, ErrorKind};

/// Where the files are. They stay there while they are written, wherever `dir` leads later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The server's directory.
    pub home: String,
    /// Their own directory in there.
    pub dir: String,
    /// What all names begin with: `appendfilename`.
    pub prefix: String,
}

impl Place {
    /// What a configuration names.
    pub fn new(config: &Persistence) -> Place {
        let dir = path_in(&config.dir, &config.appenddirname);
        Place { home: config.dir.clone(), dir, prefix: config.appendfilename.clone() }
    }
}

/// The directory and the names in it.
#[derive(Clone)]
pub struct Store<D> {
    pub disk: D,
    pub place: Place,
}

impl<D: Disk> Store<D> {
    /// The store that a configuration names.
    pub fn new(disk: D, config: &Persistence) -> Store<D> {
        Store { disk, place: Place::new(config) }
    }

    /// Where a file of the directory is.
    pub fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.place.dir)
    }

    /// Creates the directory for good.
    pub async fn create_dir(&self) -> Result<(), String> {
        let made = async {
            self.disk.create_dir(&self.place.dir).await?;
            self.disk.sync_dir(&self.place.home).await
        };
        made.await.map_err(|e| format!("Can't open or create append-only dir {}: {}", self.place.dir, words(&e)))
    }

    /// The file names in the directory; none if there is no directory.
    pub async fn names(&self) -> Result<Vec<String>, String> {
        match self.disk.list(&self.place.dir).await {
            Ok(names) => Ok(names),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(Vec::new()),
            Err(e) => Err(format!("Can't open or create append-only dir {}: {}", self.place.dir, words(&e))),
        }
    }

    /// The manifest, empty if there is none.
    ///
    /// # Errors
    /// If it cannot be read, in words for the log.
    pub async fn manifest(&self) -> Result<Manifest, String> {
        let name = manifest::file_name(&self.place.prefix);
        if !self.names().await?.contains(&name) {
            return Ok(Manifest::default());
        }
        let path = self.path(&name);
        let text = self
            .read(&path)
            .await
            .map_err(|e| format!("Fatal error: can't open the AOF manifest file {path} for reading: {}", words(&e)))?;
        Manifest::parse(&text).map_err(|e| format!("{path}: {e}"))
    }

    async fn read(&self, path: &str) -> io::Result<Bytes> {
        let file = self.disk.open(path, Open::Read).await?;
        let size = file.size().await?;
        file.read_at(0, size as usize).await
    }

    /// Replaces the manifest.
    pub async fn persist(&self, manifest: &Manifest) -> io::Result<()> {
        self.draft(manifest).await?;
        self.publish().await
    }

    /// Writes what is to be the manifest under another name.
    pub async fn draft(&self, manifest: &Manifest) -> io::Result<()> {
        self.write_new(&manifest::temp_name(&self.place.prefix), manifest.format().into()).await
    }

    /// Makes the manifest what was written last, which needs no more room where there was one.
    pub async fn publish(&self) -> io::Result<()> {
        let (temp, name) = (manifest::temp_name(&self.place.prefix), manifest::file_name(&self.place.prefix));
        self.disk.rename(&self.path(&temp), &self.path(&name)).await?;
        self.sync_dir().await
    }

    /// Lists a file as the new base: `temp` is its path, on the same file system; its content
    /// has been synced. Files with commands before number `keep` become history. The name
    /// that the base gets; after a failure it is used up, and nothing else has changed.
    ///
    /// # Errors
    /// In words for the log.
    pub async fn replace_base(
        &self,
        manifest: &mut Manifest,
        temp: &str,
        rdb: bool,
        keep: i64,
    ) -> Result<String, String> {
        let mut next = manifest.clone();
        let base = next.add_base(&self.place.prefix, rdb).to_owned();
        next.retire_incr(keep);
        let fail = |what: &str, e: io::Error| format!("Error {what} of the AOF rewrite: {}", words(&e));
        // Where there is no room for it, the base must not stay.
        self.draft(&next).await.map_err(|e| fail("writing the manifest", e))?;
        manifest.use_up_names_of(&next);
        self.disk.rename(temp, &self.path(&base)).await.map_err(|e| fail("renaming the base", e))?;
        self.sync_dir().await.map_err(|e| fail("syncing the directory", e))?;
        self.publish().await.map_err(|e| fail("renaming the manifest", e))?;
        *manifest = next;
        Ok(base)
    }

    /// Removes what failed attempts have left, once no manifest can list it.
    ///
    /// # Errors
    /// If such a manifest cannot be written. Then the next attempt would leave something again.
    pub async fn remove_strays(&self, manifest: &mut Manifest) -> io::Result<()> {
        if manifest.strays().is_empty() {
            return Ok(());
        }
        self.persist(manifest).await?;
        let mut left = Vec::new();
        for name in manifest.strays() {
            if !self.remove(name).await {
                left.push(name.clone());
            }
        }
        manifest.set_strays(left);
        Ok(())
    }

    /// Removes what is listed as history, in the configuration's sense; what is left over is
    /// tried again after the next rewrite.
    pub async fn remove_history(&self, manifest: &mut Manifest, config: &Persistence) {
        if manifest.history.is_empty() || config.aof_disable_auto_gc {
            return;
        }
        let mut rest = manifest.clone();
        rest.history.clear();
        for entry in &manifest.history {
            if !self.remove(&entry.name).await {
                rest.history.push(entry.clone());
            }
        }
        match self.persist(&rest).await {
            Ok(()) => *manifest = rest,
            Err(e) => tracing::warn!("Can't write the AOF manifest: {}", words(&e)),
        }
    }

    /// Writes a file and makes its content durable; its name is not yet.
    pub async fn write_new(&self, name: &str, data: Bytes) -> io::Result<()> {
        let mut file = self.disk.open(&self.path(name), Open::Truncate).await?;
        append_all(&mut file, data).await?;
        file.sync().await
    }

    /// Name of the file that is empty while the others are not trusted. It is there before, because a
    /// full disk may refuse to make it, but not to empty it. That need not be durable: a loss
    /// of power shows what is on the medium, only a process that ended does not.
    fn trust_name(&self) -> String {
        format!("temp-{}.trust", self.place.prefix)
    }

    /// Name of a file of another server while it is written anew.
    pub fn adopted_name(&self) -> String {
        format!("temp-{}.adopted", self.place.prefix)
    }

    /// Leaves word for the next process that a sync has failed, so that what it reads may not
    /// be what the medium holds.
    pub async fn leave_mistrust(&self) -> io::Result<()> {
        self.disk.open(&self.path(&self.trust_name()), Open::Truncate).await.map(drop)
    }

    /// Whether a former process has left that word.
    ///
    /// # Errors
    /// In words for the log.
    pub async fn is_mistrusted(&self) -> Result<bool, String> {
        let name = self.trust_name();
        if !self.names().await?.contains(&name) {
            return Ok(false);
        }
        let size = self.size(&name).await;
        Ok(size.map_err(|e| format!("Unable to obtain the length of {name}: {}", words(&e)))? == 0)
    }

    /// Passes on what became of a sync at the start. After one that failed the next may succeed
    /// and mean nothing, so the next start must know.
    pub async fn mistrust_if_failed<T>(&self, synced: io::Result<T>) -> io::Result<T> {
        if synced.is_err()
            && let Err(e) = self.leave_mistrust().await
        {
            tracing::warn!("Can't leave word of a sync that failed: {}", words(&e));
        }
        synced
    }

    /// Takes that back, and prepares for the next time.
    pub async fn trust(&self) {
        let path = self.path(&self.trust_name());
        let said = async {
            let mut file = self.disk.open(&path, Open::Append).await?;
            if file.size().await? == 0 {
                append_all(&mut file, Bytes::from_static(b"+")).await?;
                // Empty after a loss of power, it would say the opposite.
                file.sync().await?;
            }
            Ok::<(), io::Error>(())
        };
        if said.await.is_err() {
            self.forget_trust().await;
        }
    }

    /// Says nothing either way, because all that was written before has been replaced.
    pub async fn forget_trust(&self) {
        // Often there is no such file.
        let _ = self.disk.remove(&self.path(&self.trust_name())).await;
    }

    /// Makes durable what was found at the start. A server that was killed may have left files,
    /// and the names of files, in the page cache alone; what is written from now on relies on
    /// all of them.
    ///
    /// # Errors
    /// In words for the log.
    pub async fn settle(&self, manifest: &Manifest) -> Result<(), String> {
        for entry in manifest.to_load() {
            let name = &entry.name;
            let synced = async { self.disk.open(&self.path(name), Open::Read).await?.sync().await };
            let synced = self.mistrust_if_failed(synced.await).await;
            synced.map_err(|e| format!("Can't fsync the append-only file {name}: {}", words(&e)))?;
        }
        let synced = self.mistrust_if_failed(self.sync_dir().await).await;
        synced.map_err(|e| format!("Can't fsync the append-only dir {}: {}", self.place.dir, words(&e)))
    }

    /// Makes names in the directory durable.
    pub async fn sync_dir(&self) -> io::Result<()> {
        self.disk.sync_dir(&self.place.dir).await
    }

    /// Removes a file of the directory; false if it may still be there, which is logged.
    pub async fn remove(&self, name: &str) -> bool {
        match self.disk.remove(&self.path(name)).await {
            Err(e) if e.kind() != ErrorKind::NotFound => {
                tracing::warn!("Can't remove the file {name}: {}", words(&e));
                false
            }
            _ => {
                tracing::info!("Removing the history file {name} in the background");
                true
            }
        }
    }

    /// Size of a file of the directory.
    pub async fn size(&self, name: &str) -> io::Result<u64> {
        self.disk.open(&self.path(name), Open::Read).await?.size().await
    }
}
