//! A subscriber that counts the keyspace events it hears.

use super::asker::{Asker, text};
use crate::{env::SimEnv, machine::Machine};
use norn::{
    env::{Addr, Env},
    protocol::value::Value,
};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

/// Number of the machine it runs on.
const MACHINE: u8 = 200;
const TICK: Duration = Duration::from_millis(100);

/// See the module.
#[derive(Clone, Default)]
pub struct Ear(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// How often each event was heard.
    events: Mutex<BTreeMap<String, u64>>,
    listening: AtomicBool,
    stop: AtomicBool,
}

impl Ear {
    /// Makes the server tell of events and listens; returns when nothing can be missed.
    pub async fn listen(server: SocketAddr) -> Ear {
        let ear = Ear::default();
        let task = ear.clone();
        // Nobody waits for it: what it has heard counts.
        drop(Machine::idle(MACHINE).spawn(move |env: SimEnv| async move { task.live(&env, server).await }));
        while !ear.0.listening.load(Relaxed) {
            madsim::time::sleep(TICK).await;
        }
        ear
    }

    /// How often this event was heard.
    pub fn heard(&self, event: &str) -> u64 {
        self.0.events.lock().expect("a panic ends the simulation").get(event).copied().unwrap_or(0)
    }

    /// Disconnects, sooner or later.
    pub fn close(&self) {
        self.0.stop.store(true, Relaxed);
    }

    async fn live(&self, env: &SimEnv, server: SocketAddr) {
        let stream = loop {
            match env.connect(&Addr::Tcp(server)).await {
                Ok(stream) => break stream,
                Err(_) => env.sleep(TICK).await,
            }
        };
        let mut asker = Asker::new(stream);
        asker.ask(&text(["CONFIG", "SET", "notify-keyspace-events", "AE"])).await;
        asker.ask(&text(["PSUBSCRIBE", "__keyevent@*__:*"])).await;
        self.0.listening.store(true, Relaxed);
        while !self.0.stop.load(Relaxed) {
            if let Some(message) = env.timeout(TICK, asker.next()).await {
                let event = event_of(&message).unwrap_or_else(|| panic!("no event: {message:?}"));
                *self.0.events.lock().expect("a panic ends the simulation").entry(event).or_default() += 1;
            }
        }
    }
}

/// The event that a message on a `__keyevent@N__` channel is about.
fn event_of(message: &Value) -> Option<String> {
    let Value::Array(items) = message else { return None };
    let channel = std::str::from_utf8(items.get(2)?.bytes()?).ok()?;
    Some(channel.rsplit_once(':')?.1.to_owned())
}
