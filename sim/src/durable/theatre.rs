//! A server with its disk, that is started, crashed and started again.

use super::{
    client::{self, Habits, Wire},
    image::Image,
    life::{Cell, Life, Now},
};
use crate::{
    env::SimEnv,
    machine::{Crash, Machine},
    trace::mix,
};
use madsim::time::{TimeHandle, sleep};
use norn::{
    config::Config,
    engine::Engine,
    env::{Addr, Env},
    protocol::value::Value,
    server::{self, Launch},
};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

const PORT: u16 = 6379;
/// Longest virtual time in which a server loads its data set.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often the supervisor looks.
const TICK: Duration = Duration::from_millis(1);

/// What the next start of the server finds.
#[derive(Clone)]
struct Setup {
    config: Config,
    saves: Vec<Arc<Image>>,
}

/// How a server ended that was not crashed.
type Ended = Arc<Mutex<Option<Result<(), String>>>>;

/// See the module.
pub struct Theatre {
    pub server: Machine,
    pub addr: SocketAddr,
    clients: Machine,
    setup: Arc<Mutex<Setup>>,
    now: Now,
    /// What a server that ended by itself said.
    ended: Ended,
}

fn get<T>(m: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    m.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Theatre {
    /// Starts a server on an empty disk.
    pub fn new(config: Config) -> Theatre {
        let empty = Arc::new(Image::of_engine(&Engine::new(Config::default(), Default::default(), 1, 1)));
        let setup = Arc::new(Mutex::new(Setup { config, saves: vec![empty] }));
        let (now, ended) = (Now::default(), Ended::default());
        let (setup2, now2, ended2) = (setup.clone(), now.clone(), ended.clone());
        let server = Machine::with_process(1, move |env: SimEnv| {
            let (setup, now, ended) = (get(&setup2).clone(), now2.clone(), ended2.clone());
            async move {
                let cell = Cell::default();
                let launch = Launch { engine: cell.clone(), ..Launch::default() };
                let serve = server::run(env, setup.config, launch);
                let watch = async {
                    // The engine is there before anything waits.
                    let engine = cell.get().expect("a server has an engine").clone();
                    *get(&now) = Some(Life::begin(engine, setup.saves));
                    std::future::pending::<()>().await;
                };
                let end = tokio::select! { biased; end = serve => end, () = watch => unreachable!("it waits") };
                *get(&ended) = Some(end);
            }
        });
        Theatre { server, addr: SocketAddr::new(server.ip, PORT), clients: Machine::idle(2), setup, now, ended }
    }

    /// Waits until the server has loaded what it found.
    ///
    /// # Errors
    /// Why it did not start.
    pub async fn loaded(&self) -> Result<Arc<Life>, String> {
        let mut waited = Duration::ZERO;
        loop {
            if let Some(end) = get(&self.ended).take() {
                return Err(end.expect_err("nobody asked it to end"));
            }
            if let Some(life) = &*get(&self.now)
                && !life.engine.shared.loading.is_on()
            {
                return Ok(life.clone());
            }
            assert!(waited < PATIENCE, "the server is still loading after {PATIENCE:?}");
            sleep(TICK).await;
            waited += TICK;
        }
    }

    /// How the server has ended by itself, if it has.
    pub fn end(&self) -> Option<Result<(), String>> {
        get(&self.ended).clone()
    }

    /// Sends clients to the server.
    pub fn invite(&self, life: &Arc<Life>, habits: Habits, seed: u64) {
        for i in 0..habits.clients {
            let (life, addr) = (life.clone(), self.addr);
            drop(self.clients.spawn(move |env| client::live(env, life, addr, habits, mix(seed, i))));
        }
    }

    /// Asks for one thing on a connection of its own; `None` if there is no reply in time.
    pub async fn ask(&self, request: &str, patience: Duration) -> Option<Value> {
        let (reply, words, addr) = (Arc::new(Mutex::new(None)), client::words(request), self.addr);
        let reply2 = reply.clone();
        let task = self.clients.spawn(move |env| async move {
            let Ok(stream) = env.connect(&Addr::Tcp(addr)).await else { return };
            let answer = env.timeout(patience, Wire::new(stream).ask(&words)).await;
            *get(&reply2) = answer.and_then(Result::ok);
        });
        task.await.expect("the clients' machine stays up");
        get(&reply).take()
    }

    /// Runs a task on the clients' machine.
    pub fn send<F, Fut>(&self, f: F)
    where
        F: FnOnce(SimEnv) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + 'static,
    {
        drop(self.clients.spawn(f));
    }

    /// Crashes the server.
    pub fn crash(&self, how: Crash) {
        self.server.crash(how);
        if let Some(life) = get(&self.now).take() {
            life.end();
        }
        *get(&self.ended) = None;
    }

    /// Starts it again with another configuration; `saves` is what the RDB file may hold.
    pub fn restart(&self, config: Config, saves: Vec<Arc<Image>>) {
        *get(&self.setup) = Setup { config, saves };
        self.server.restart();
    }

    /// Virtual nanoseconds.
    pub fn now_ns(&self) -> u64 {
        TimeHandle::current().elapsed().as_nanos() as u64
    }
}
