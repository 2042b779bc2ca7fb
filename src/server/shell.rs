//! What commands ask of the world outside: files, sockets, the end of the server.

use super::{
    connection::reply_error,
    data::{self, AofCell},
    files::append_all,
    migrate, shutdown,
    worker::Local,
};
use crate::{
    commands::ShellRequest,
    config::{self, Config},
    engine::Engine,
    env::{Disk, DiskFile, Env, Open, words},
    protocol::{Error, Output, Reply},
    session::Session,
};
use std::{future::poll_fn, io, rc::Rc, time::Duration};
use tokio::sync::{mpsc, oneshot};

/// A request to listen as the live configuration says, answered with what went wrong.
pub type Rebind = oneshot::Sender<Result<(), String>>;

/// What CONFIG SET blames when the listeners cannot follow.
const PORT_TAKEN: (&[u8], &str) = (b"port", "Unable to listen on this port. Check server logs.");
const NO_SUCH_ADDRESS: (&[u8], &str) = (b"bind", "Failed to bind to specified addresses.");

/// How connections reach the task that owns the listeners.
#[derive(Clone)]
pub struct ShellHandle {
    pub rebind: mpsc::UnboundedSender<Rebind>,
    pub aof: AofCell,
    /// Held by whoever loads the data set.
    pub loads: data::Loads,
}

/// Returns the memory nobody uses; false if that cannot be done. While another thread is at it,
/// it waits a little: who has asked for it will look.
async fn release_memory(env: &impl Env) -> bool {
    /// What may be left: others free memory all the time.
    const LEFT_BYTES: u64 = 1 << 20;
    for _ in 0..50 {
        match env.release_memory() {
            None => return false,
            Some(..=LEFT_BYTES) => break,
            Some(_) => env.sleep(Duration::from_millis(2)).await,
        }
    }
    true
}

/// Does what a command asked for and writes its reply; false if the connection is to end.
pub async fn perform<E: Env>(local: &Rc<Local<E>>, request: ShellRequest, out: &mut Output, session: &Session) -> bool {
    let resp3 = session.resp3;
    match request {
        ShellRequest::Sleep { ms } => {
            // Valkey's sleep stops the whole server; so nobody else's commands run meanwhile.
            let now_ms = local.env.mono().0 / 1_000_000;
            local.engine.shared.pause.set(now_ms, now_ms + ms, true);
            local.env.sleep(Duration::from_millis(ms)).await;
            Reply::new(out, resp3).ok();
        }
        ShellRequest::WriteConfig { path, all } => {
            let config = local.engine.shared.config.get();
            match write_config(local.env.disk(), &path, &config, all).await {
                Ok(()) => Reply::new(out, resp3).ok(),
                Err(e) => {
                    tracing::warn!("CONFIG REWRITE failed: {}", words(&e));
                    reply_error(out, resp3, format!("ERR Rewriting config file: {}", words(&e)));
                }
            }
        }
        ShellRequest::Reconfigure { undo } => match reconfigure(local, &undo).await {
            Ok(()) => Reply::new(out, resp3).ok(),
            Err((name, reason)) => {
                let restored: Result<(), ()> = local.engine.shared.config.update(|c| {
                    *c = *undo;
                    Ok(())
                });
                restored.expect("putting the old values back cannot fail");
                Reply::new(out, resp3).error(&Error::config_set_failed(name, &reason));
            }
        },
        ShellRequest::ReleaseMemory if release_memory(&local.env).await => Reply::new(out, resp3).ok(),
        ShellRequest::ReleaseMemory => reply_error(out, resp3, "ERR Error purging dirty pages".into()),
        ShellRequest::AllocatorReport => {
            Reply::new(out, resp3).verbatim("txt", local.env.allocator_report().as_bytes())
        }
        ShellRequest::LoadAgain(what) => match data::load_again(local, what).await {
            Ok(()) => Reply::new(out, resp3).ok(),
            Err(why) => {
                tracing::warn!("Loading the data set again failed: {why}");
                reply_error(out, resp3, "ERR Error trying to load the RDB dump, check server logs".into());
            }
        },
        ShellRequest::AwaitJob { ticket } => match poll_fn(|cx| local.engine.shared.jobs.poll_end(ticket, cx)).await {
            true => Reply::new(out, resp3).ok(),
            false => reply_error(out, resp3, "ERR".into()),
        },
        ShellRequest::AwaitFlushed { freed, saved } => await_flushed(&local.engine, freed, saved).await,
        ShellRequest::Migrate(migration) => match migrate::perform(local, *migration, session).await {
            Ok(()) => Reply::new(out, resp3).ok(),
            Err(e) => Reply::new(out, resp3).error(&e),
        },
        ShellRequest::Shutdown { save, force } => {
            tracing::warn!("User requested shutdown...");
            match shutdown::prepare(local, save, force).await {
                true => local.engine.shared.stop(),
                false => Reply::new(out, resp3).error(&Error::SHUTDOWN_FAILED),
            }
            return !local.engine.shared.is_stopping();
        }
        ShellRequest::InTurn(requests) => return Box::pin(perform_all(local, requests, out, session)).await,
    }
    true
}

/// Does what a transaction asked for, and appends the replies that were made behind each; false if
/// the connection is to end.
async fn perform_all<E: Env>(
    local: &Rc<Local<E>>,
    requests: Vec<(ShellRequest, Output)>,
    out: &mut Output,
    session: &Session,
) -> bool {
    for (request, rest) in requests {
        if !perform(local, request, out, session).await {
            return false;
        }
        out.append(rest);
    }
    true
}

/// Waits until what was flushed is freed, and until a job of the saving task has ended.
async fn await_flushed(engine: &Engine, freed: bool, saved: Option<u64>) {
    let (grave, jobs) = (&engine.shared.graveyard, &engine.shared.jobs);
    if freed {
        let ticket = grave.last();
        poll_fn(|cx| grave.poll_freed(ticket, cx)).await;
    }
    if let Some(ticket) = saved {
        // If it could not be saved, the log says so; the keys are gone.
        poll_fn(|cx| jobs.poll_end(ticket, cx)).await;
    }
}

/// Does outside what follows from the live configuration, which was `old` before; fails
/// with the directive to blame and the reason.
async fn reconfigure<E: Env>(local: &Local<E>, old: &Config) -> Result<(), (&'static [u8], String)> {
    let config = local.engine.shared.config.get();
    if config.persistence.dir != old.persistence.dir {
        enter_dir(local, &config.persistence.dir).await.map_err(|e| (&b"dir"[..], words(&e)))?;
    }
    if let Err(can) = super::files::make_room(&local.env, config.limits.maxclients) {
        let reason = "The operating system is not able to handle the specified number of clients, try with";
        return Err((b"maxclients", format!("{reason} {can}")));
    }
    if (&config.network.bind, config.network.port) != (&old.network.bind, old.network.port) {
        let (answer, wait) = oneshot::channel();
        let sent = local.shell.rebind.send(answer).is_ok();
        let bound = if sent { wait.await.unwrap_or(Ok(())) } else { Ok(()) };
        if bound.is_err() {
            let (name, reason) = if config.network.port == old.network.port { NO_SUCH_ADDRESS } else { PORT_TAKEN };
            return Err((name, reason.into()));
        }
    }
    super::title::set(&local.env, &config, &local.engine.shared.boot);
    if config.persistence.appendonly != old.persistence.appendonly {
        data::follow_appendonly(&local.engine, &local.shell.aof).await;
    }
    if old.persistence.aof_disable_auto_gc && !config.persistence.aof_disable_auto_gc {
        let aof = local.shell.aof.lock().await.clone();
        if let Some(aof) = aof {
            aof.tidy().await;
        }
    }
    Ok(())
}

/// Makes sure that `dir` is a directory, and has the configuration name it in full.
async fn enter_dir<E: Env>(local: &Local<E>, dir: &str) -> io::Result<()> {
    let full = local.env.disk().resolve_dir(dir).await?;
    let updated: Result<(), ()> = local.engine.shared.config.update(|c| {
        // Somebody else may have changed it meanwhile.
        if c.persistence.dir == dir {
            c.persistence.dir = full;
        }
        Ok(())
    });
    updated.expect("there is nothing that could fail");
    if let Some(aof) = &*local.shell.aof.lock().await {
        tracing::warn!(
            "The append-only file stays in {}: it moves when appendonly is turned off and on",
            aof.place.dir
        );
    }
    Ok(())
}

/// Writes beside the file, then renames, so that a crash leaves the old file or the new.
async fn write_config<D: Disk>(disk: &D, path: &str, config: &Config, all: bool) -> io::Result<()> {
    let old = match disk.open(path, Open::Read).await {
        Ok(f) => {
            let len = f.size().await?;
            f.read_at(0, len as usize).await?
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => bytes::Bytes::new(),
        Err(e) => return Err(e),
    };
    let text = bytes::Bytes::from(config::rewrite(&old, config, &Config::default(), all));
    let temp = format!("{path}.tmp");
    let mut f = disk.open(&temp, Open::Truncate).await?;
    append_all(&mut f, text).await?;
    f.sync().await?;
    disk.rename(&temp, path).await?;
    disk.sync_dir(path.rsplit_once('/').map_or("", |(dir, _)| if dir.is_empty() { "/" } else { dir })).await
}
