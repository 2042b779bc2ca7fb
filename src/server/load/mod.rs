//! The data set from disk, before anybody may ask for it.
//!
//! Listeners are open while it is loaded, so that clients are told to wait and not that
//! nobody is there. Whatever is wrong with the files ends the server: it never serves a
//! part of what it should.

mod progress;
mod rdb;

pub use progress::{Console, Progress};
pub use rdb::{Loaded, Source, load_rdb};

use super::{aof, files::rdb_path, worker::Local};
use crate::{
    base::time::Mono,
    config::Config,
    engine::{Engine, load::Terms},
    env::{Disk, Env, Open},
};
use std::{io, sync::Arc};

/// Whether a former run of the server left something to load.
pub async fn is_needed<E: Env>(env: &E, config: &Config) -> bool {
    let found = env.disk().open(&rdb_path(&config.persistence), Open::Read).await;
    !matches!(found, Err(e) if e.kind() == io::ErrorKind::NotFound)
}

/// Loads what a former run of the server left, if anything.
///
/// # Errors
/// Why it cannot be loaded, in words for the log.
pub async fn load_dataset<E: Env>(local: &Local<E>, console: Option<Console>) -> Result<(), String> {
    let config = local.engine.shared.config.get();
    let path = &rdb_path(&config.persistence);
    let began = local.env.mono();
    let terms = Terms { skip_expired: true, replace: false, now: local.env.wall() };
    let source = Source { path, terms, more_follows: false };
    let mut progress = Progress::new(path, began, console);
    match load_rdb(&local.env, &local.engine, source, &mut progress).await {
        Ok(None) => Ok(()),
        Ok(Some(_)) => {
            let seconds = seconds_since(began, local.env.mono());
            tracing::info!("DB loaded from disk: {seconds:.3} seconds");
            Ok(())
        }
        Err(why) => {
            tracing::warn!("Internal error in RDB reading: {why}");
            tracing::warn!("Terminating server after rdb file reading failure.");
            Err(format!("Fatal error loading the DB, nothing is served: {why}"))
        }
    }
}

/// The base of an append-only file: it keeps keys that have expired, for what follows was
/// written about them.
pub struct Base<'a, E: Env> {
    pub env: &'a E,
    pub engine: &'a Arc<Engine>,
    pub console: Option<Console>,
}

impl<E: Env> aof::LoadRdb for Base<'_, E> {
    async fn load_rdb(&mut self, path: &str) -> Result<u64, String> {
        let terms = Terms { skip_expired: false, replace: false, now: self.env.wall() };
        let mut progress = Progress::new(path, self.env.mono(), self.console.clone());
        let source = Source { path, terms, more_follows: true };
        match load_rdb(self.env, self.engine, source, &mut progress).await? {
            Some(loaded) => Ok(loaded.bytes),
            None => Err(format!("the RDB file {path} has gone")),
        }
    }

    fn progress(&mut self, bytes: u64) {
        self.engine.shared.loading.advance(bytes);
    }
}

fn seconds_since(began: Mono, now: Mono) -> f64 {
    now.0.saturating_sub(began.0) as f64 / 1e9
}
