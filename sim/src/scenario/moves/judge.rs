//! Whether what a server has after a restart is one point in time, and late enough.
//!
//! Snapshots and rewrites go on while keys are claimed, leave and arrive. So what has been loaded must be
//! a state of the journal's history, not before anything that was confirmed when the server crashed,
//! and what the RDB file holds the data set at the beginning of a snapshot (`durable::promise`). The
//! server starts paused, so that nobody changes what it has loaded before it has been looked at.

use crate::{
    durable::{image::Image, life::Life, promise::Promise},
    env::SimEnv,
    machine::Crash,
};
use norn::{config::Config, engine::Engine, env::Env};
use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::Ordering::SeqCst},
    time::Duration,
};

/// A pause that lasts until it is taken back.
const LONG_MS: u64 = 1 << 40;
/// How often is looked whether the server has loaded its data.
const LOOK: Duration = Duration::from_millis(1);

/// What is known about one server.
#[derive(Default)]
struct State {
    life: Option<Arc<Life>>,
    promise: Option<Promise>,
    /// The offset that must survive a loss of power.
    power: u64,
    /// What the RDB file may hold.
    saves: Vec<Arc<Image>>,
    checked: u64,
}

/// See the module.
#[derive(Clone)]
pub struct Judge(Arc<Mutex<State>>);

impl Judge {
    /// A judge of a server that has no data yet.
    pub fn new() -> Judge {
        let empty = Image::of_engine(&Engine::new(Config::default(), Default::default(), 1, 1));
        Judge(Arc::new(Mutex::new(State { saves: vec![Arc::new(empty)], ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at what a server has loaded that begins a life, then lets clients in.
    pub async fn receive(&self, env: &SimEnv, engine: &Arc<Engine>) {
        let life = Life::begin(engine.clone(), self.state().saves.clone());
        let (shared, now_ms) = (&engine.shared, env.mono().0 / 1_000_000);
        shared.pause.set(now_ms, now_ms + LONG_MS, true);
        env.sleep(LOOK).await;
        while shared.loading.is_on() {
            env.sleep(LOOK).await;
        }
        let found = life.loaded();
        let promise = self.state().promise.take();
        // A DEBUG RELOAD that waited for the start has ended the pause with its own.
        let is_untouched = life.notes().journal.is_empty();
        if let Some(promise) = promise.filter(|_| is_untouched) {
            if let Err(why) = promise.check(&found.picture) {
                panic!("what a server begins with is not what was promised: {why}");
            }
            self.state().checked += 1;
        }
        self.state().life = Some(life);
        shared.unpause();
    }

    /// The server is about to crash, and to find its append-only file.
    pub fn crash(&self, how: Crash) {
        let mut state = self.state();
        let Some(life) = state.life.take() else {
            // It had not loaded what was promised before.
            let power = state.power;
            if let (Crash::Power, Some(Promise::History { at_least, .. })) = (how, &mut state.promise) {
                *at_least = power;
            }
            return;
        };
        life.prune();
        let shared = &life.engine.shared;
        state.power = shared.journal.confirmed();
        let kept = if how == Crash::Power { state.power } else { state.power.max(shared.aof.written.load(SeqCst)) };
        state.promise = Some(Promise::history(&life, kept));
        state.saves.clone_from(&life.notes().saves);
    }

    /// What comes next is a start with the RDB file alone.
    pub fn expect_snapshot(&self) {
        let mut state = self.state();
        state.promise = Some(Promise::OneOf(state.saves.clone()));
    }

    /// Whether the server has begun a life and nothing is left to look at.
    pub fn is_done(&self) -> bool {
        let state = self.state();
        state.promise.is_none() && state.life.is_some()
    }

    /// How many starts have been looked at.
    pub fn checked(&self) -> u64 {
        self.state().checked
    }
}
