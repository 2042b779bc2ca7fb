//! From a directory to a running writer.

use super::{adopt::adopt, load::Loaded, output::Output, rewrite::AofHandle, store::Store, writer::Writer};
use crate::{
    config::Config,
    engine::Engine,
    env::{Disk, Env, words},
    persist::{
        aof::{
            Manifest,
            annotation::{self, Mark, Place},
        },
        rdb::{
            Format,
            file::{About, Access, Writer as RdbWriter},
        },
    },
};
use std::{
    io,
    sync::{Arc, atomic::Ordering::SeqCst},
};
use tokio::sync::{mpsc, oneshot};

/// Starts the writer on worker `index`. With `loaded`, the append-only file is on: a data set
/// that began empty gets an empty base, and the journal is turned on. Without, the writer waits
/// for a rewrite to turn it on.
///
/// # Errors
/// Why the server must not start, in words for the log.
pub async fn start<E: Env>(
    env: &E,
    engine: &Arc<Engine>,
    store: Store<E::Disk>,
    loaded: Option<Loaded>,
    index: usize,
) -> Result<AofHandle, String> {
    let (send, requests) = mpsc::unbounded_channel();
    let (on, mistrusted) = (loaded.is_some(), loaded.as_ref().is_some_and(|loaded| loaded.mistrusted));
    let (manifest, last) = match loaded {
        None => (store.manifest().await?, None),
        Some(loaded) => {
            engine.shared.aof.current_bytes.store(loaded.bytes, SeqCst);
            engine.shared.aof.base_bytes.store(loaded.base_bytes, SeqCst);
            let (manifest, last) = prepare(env, engine, &store, loaded).await?;
            if !mistrusted {
                store.trust().await;
            }
            (manifest, Some(last))
        }
    };
    let (opened, wait) = oneshot::channel();
    let (engine2, place) = (engine.clone(), store.place.clone());
    let run = move |env: E| async move {
        // Nothing else runs on this worker.
        let store = Store { disk: env.disk().in_place(), place };
        let out = match last {
            None => None,
            Some(Last { name, salt }) => {
                let reopened = Output::reopen(&store.disk, &store.path(&name), salt).await;
                match store.mistrust_if_failed(reopened).await {
                    Ok(out) => Some(out),
                    Err(e) => {
                        // Who waits ends the server for it.
                        let _ = opened.send(Err(format!("Can't open the append-only file {name}: {}", words(&e))));
                        return;
                    }
                }
            }
        };
        if opened.send(Ok(())).is_ok() {
            let mut writer = Writer::new(env, engine2, store, manifest, out);
            if mistrusted {
                writer.inherit_mistrust().await;
            }
            writer.run(requests).await;
        }
    };
    env.spawn_worker(index, run).map_err(|e| format!("Can't create the thread of the append-only file: {e}"))?;
    wait.await.map_err(|_| "the thread of the append-only file has ended".to_owned())??;
    if on {
        engine.shared.journal.turn(true);
    }
    Ok(AofHandle { requests: send, place: store.place })
}

/// The file to go on with.
struct Last {
    name: String,
    salt: u64,
}

/// Sees to it that there are a base and a file to write to, and that both are listed.
async fn prepare<E: Env>(
    env: &E,
    engine: &Engine,
    store: &Store<E::Disk>,
    loaded: Loaded,
) -> Result<(Manifest, Last), String> {
    let mut manifest = loaded.manifest;
    store.create_dir().await?;
    store.settle(&manifest).await?;
    if let (Some(salt), Some(entry)) = (loaded.last_salt, manifest.incr.last()) {
        tracing::info!("Opening AOF incr file {} on server start", entry.name);
        let name = entry.name.clone();
        return Ok((manifest, Last { name, salt }));
    }
    let failed = |name: &str, e: io::Error| format!("Can't open the append-only file {name}: {}", words(&e));
    // What is not trusted must not vouch for what stands before it; a rewrite is about to replace all.
    let adoptable = loaded.last_is_foreign && !loaded.mistrusted;
    if let (true, Some(entry)) = (adoptable, manifest.incr.last()) {
        let (salt, name) = (env.rand_u64(), entry.name.clone());
        let before = store.size(&name).await.map_err(|e| failed(&name, e))?;
        if let Some(after) = adopt(store, &name, salt).await.map_err(|e| failed(&name, e))? {
            engine.shared.aof.current_bytes.fetch_add(after, SeqCst);
            engine.shared.aof.current_bytes.fetch_sub(before, SeqCst);
            tracing::info!("Opening AOF incr file {name} on server start");
            return Ok((manifest, Last { name, salt }));
        }
    }
    if manifest.is_empty() {
        let config = engine.shared.config.get();
        let rdb = config.persistence.aof_use_rdb_preamble;
        let base = manifest.add_base(&store.place.prefix, rdb).to_owned();
        let data = if rdb { empty_rdb(env, &config) } else { empty_aof(env) };
        store.write_new(&base, data.into()).await.map_err(|e| failed(&base, e))?;
        tracing::info!("Creating AOF base file {base} on server start");
    }
    let (salt, name) = (env.rand_u64(), manifest.add_incr(&store.place.prefix).name.clone());
    let created = Output::create(&store.disk, &store.path(&name), salt).await;
    drop(created.map_err(|e| failed(&name, e))?);
    store.sync_dir().await.map_err(|e| failed(&name, e))?;
    let listed = store.persist(&manifest).await;
    listed.map_err(|e| format!("Error trying to write the AOF manifest file: {}", words(&e)))?;
    tracing::info!("Creating AOF incr file {name} on server start");
    Ok((manifest, Last { name, salt }))
}

/// The file of a data set without keys.
fn empty_rdb<E: Env>(env: &E, config: &Config) -> Vec<u8> {
    let p = &config.persistence;
    let format = Format { version: p.rdb_version as u16, compress: p.rdbcompression };
    let about = About { created: env.wall(), aof_base: true, ..About::default() };
    let mut w = RdbWriter::new(format, Access::Nothing, p.rdbchecksum, about);
    w.end();
    w.take()
}

fn empty_aof<E: Env>(env: &E) -> Vec<u8> {
    let salt = env.rand_u64();
    let mut data = annotation::header(salt);
    let at = data.len() as u64;
    Mark::end(0).push(Place { salt, at }, None, &mut data);
    data
}
