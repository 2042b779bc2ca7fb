//! What others ask of the writer.
//!
//! A rewrite replaces base and commands by a base of its moment:
//!
//! 1. [`AofHandle::begin_rewrite`]: the next file is made and listed.
//! 2. Under all locks the caller begins its snapshot and marks the journal; the writer goes on
//!    in the next file from there.
//! 3. The caller writes the snapshot to a temporary file and syncs it.
//! 4. [`AofHandle::finish_rewrite`]: it becomes the base, and what it replaces is removed. Or
//!    [`AofHandle::abort_rewrite`]: all files stay, and are loaded one after another.
//!
//! While `appendonly` is being turned on there is no file yet: the first step makes one that is
//! not listed, the second turns the journal on instead of marking it, and the last lists base
//! and file together; nothing is promised before. With `appendonly no` a rewrite is asked for
//! too: [`replace_all`] leaves a base and no file behind it, without the writer.

use super::{
    output::Output,
    store::{Place, Store},
    writer::{Trust, Writer},
};
use crate::{
    config::Persistence,
    env::{Disk, Env, words},
};
use std::{io, sync::atomic::Ordering::SeqCst};
use tokio::sync::{mpsc, oneshot};

/// The answer to a request: what went wrong, in words for the log.
pub type Answer = oneshot::Sender<Result<(), String>>;

/// A request to the writer.
pub enum Request {
    Begin(Answer),
    Finish { temp: String, rdb: bool, answer: Answer },
    Abort(Answer),
    Flush(Answer),
    Stop(Answer),
    Tidy(Answer),
}

/// How the writer is reached, from any worker.
#[derive(Clone)]
pub struct AofHandle {
    pub(super) requests: mpsc::UnboundedSender<Request>,
    /// Where its files are.
    pub place: Place,
}

impl AofHandle {
    async fn ask(&self, request: impl FnOnce(Answer) -> Request) -> Result<(), String> {
        let (answer, wait) = oneshot::channel();
        let sent = self.requests.send(request(answer));
        if sent.is_err() {
            return Err("the writer of the append-only file has ended".into());
        }
        wait.await.unwrap_or_else(|_| Err("the writer of the append-only file has ended".into()))
    }

    /// Makes the file that commands go to from the next mark of the journal on.
    ///
    /// # Errors
    /// If the file or the manifest cannot be written; nothing has changed then.
    pub async fn begin_rewrite(&self) -> Result<(), String> {
        self.ask(Request::Begin).await
    }

    /// Makes a file the new base: `temp` is its path, on the same file system; its content
    /// has been synced. Files that are no longer needed are removed.
    ///
    /// # Errors
    /// If a step fails; what was valid before is valid still.
    pub async fn finish_rewrite(&self, temp: String, rdb: bool) -> Result<(), String> {
        self.ask(|answer| Request::Finish { temp, rdb, answer }).await
    }

    /// Gives a rewrite up.
    pub async fn abort_rewrite(&self) {
        // There is nothing to undo that could fail.
        let _ = self.ask(Request::Abort).await;
    }

    /// Removes files that rewrites have left, if they may go.
    pub async fn tidy(&self) {
        // What cannot be removed is tried again after the next rewrite.
        let _ = self.ask(Request::Tidy).await;
    }

    /// Writes and syncs everything that is in the journal now.
    ///
    /// # Errors
    /// If that is not possible at the moment.
    pub async fn flush(&self) -> Result<(), String> {
        self.ask(Request::Flush).await
    }

    /// Writes what is left and closes the file, because `appendonly` is turned off.
    ///
    /// # Errors
    /// If not everything could be written; it is closed all the same.
    pub async fn stop(&self) -> Result<(), String> {
        self.ask(Request::Stop).await
    }
}

/// Makes a file the base and the whole append-only file, while nobody writes it: `temp` is its
/// path, in the same directory; its content has been synced.
///
/// # Errors
/// If a step fails; what was valid before is valid still.
pub async fn replace_all<D: Disk>(store: &Store<D>, temp: &str, rdb: bool, config: &Persistence) -> Result<(), String> {
    let mut manifest = store.manifest().await?;
    store.replace_base(&mut manifest, temp, rdb, i64::MAX).await?;
    store.forget_trust().await;
    store.remove_history(&mut manifest, config).await;
    Ok(())
}

impl<E: Env> Writer<E> {
    pub(super) async fn begin_rewrite(&mut self) -> Result<(), String> {
        // An earlier rewrite's mark must not be taken for the one to come.
        self.drain().await?;
        self.rewriting = true;
        if self.next.is_some() {
            return Ok(());
        }
        self.store.create_dir().await?;
        let swept = self.store.remove_strays(&mut self.manifest).await;
        swept.map_err(|e| format!("Can't write the AOF manifest: {}", words(&e)))?;
        let mut manifest = self.manifest.clone();
        let name = manifest.add_incr(&self.store.place.prefix).name.clone();
        let fail = |e: io::Error| format!("Can't open the append-only file {name}: {}", words(&e));
        if self.out.is_some() {
            self.store.draft(&manifest).await.map_err(fail)?;
        }
        self.manifest.use_up_names_of(&manifest);
        let created = Output::create(&self.store.disk, &self.store.path(&name), self.random()).await;
        let output = created.map_err(fail)?;
        if self.out.is_none() {
            self.manifest = manifest;
            (self.out, self.trust) = (Some(output), Trust::None);
            return Ok(());
        }
        self.store.publish().await.map_err(fail)?;
        tracing::info!("Creating AOF incr file {name} on background rewrite");
        (self.manifest, self.next) = (manifest, Some(output));
        Ok(())
    }

    pub(super) async fn finish_rewrite(&mut self, temp: &str, rdb: bool) -> Result<(), String> {
        self.rewriting = false;
        self.drain().await?;
        let out = match (&mut self.out, &self.next) {
            (Some(out), None) => out,
            _ => return Err("the journal was not marked".into()),
        };
        // Only what is durable may replace what was.
        let synced = out.size();
        if let Err(e) = out.sync_quietly().await {
            // It is the file that goes on being written, whatever becomes of the rewrite.
            if self.trust != Trust::None {
                self.mistrust(&words(&e)).await;
            }
            return Err(format!("Error syncing the file of the AOF rewrite: {}", words(&e)));
        }
        let last = self.manifest.incr.last().map_or(0, |entry| entry.seq);
        let base = self.store.replace_base(&mut self.manifest, temp, rdb, last).await?;
        if self.trust != Trust::Full {
            self.store.trust().await;
        }
        self.trust = Trust::Full;
        self.out.iter_mut().for_each(|out| out.promise(synced));
        let status = &self.engine.shared.aof;
        status.set_wants_rewrite(false);
        let bytes = self.store.size(&base).await.unwrap_or(0) + synced;
        status.current_bytes.store(bytes, SeqCst);
        status.base_bytes.store(bytes, SeqCst);
        self.recovered();
        self.confirm();
        self.store.remove_history(&mut self.manifest, &self.engine.shared.config.get().persistence).await;
        Ok(())
    }

    pub(super) async fn abort_rewrite(&mut self) -> Result<(), String> {
        self.rewriting = false;
        if self.trust == Trust::None {
            // Never listed, so nobody will miss it.
            if let (Some(out), Some(entry)) = (self.out.take(), self.manifest.incr.pop()) {
                drop(out);
                self.store.remove(&entry.name).await;
            }
        }
        Ok(())
    }

    pub(super) async fn tidy(&mut self) -> Result<(), String> {
        // Without a base the manifest is not to be written yet; the rewrite that makes one tidies up.
        if self.trust != Trust::None {
            self.store.remove_history(&mut self.manifest, &self.engine.shared.config.get().persistence).await;
        }
        Ok(())
    }

    pub(super) async fn flush(&mut self) -> Result<(), String> {
        self.drain().await?;
        self.sync().await;
        self.confirm();
        match self.engine.shared.aof.is_failing() {
            true => Err(self.engine.shared.aof.error()),
            false => Ok(()),
        }
    }

    pub(super) async fn stop(&mut self) -> Result<(), String> {
        let flushed = self.flush().await;
        (self.out, self.next, self.rewriting) = (None, None, false);
        self.forget();
        flushed
    }
}
