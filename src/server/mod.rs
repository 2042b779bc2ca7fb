//! The shell: listeners, connections, timers; generic over [`Env`].
//!
//! [`run`] is the whole server. Production calls it with sockets and files, the simulator
//! with its own network and disk; there is no other way in.

pub mod aof;
mod banner;
mod check_rdb;
mod connection;
mod cron;
mod data;
mod files;
mod lazy_free;
mod listen;
pub mod load;
pub mod log;
mod migrate;
mod pace;
mod save;
mod shell;
mod shutdown;
mod snapshot_file;
mod title;
mod worker;

pub use check_rdb::check_rdb;
pub use shell::ShellHandle;

use crate::{base::process::Usage, config::Config, engine::Engine, env::Env, session::shared::Boot};
use std::sync::{Arc, OnceLock};
use tokio::sync::mpsc;
use worker::{Local, Parcel};

/// What the caller knows about the process.
#[derive(Clone, Default)]
pub struct Launch {
    /// The program's name, as it was called.
    pub program: String,
    /// The program's path.
    pub executable: String,
    /// Absolute path of the configuration file; empty if there is none.
    pub config_file: String,
    pub os: String,
    /// The log, to be told of configuration changes; none in the simulator.
    pub log: Option<log::Log>,
    /// Where a person can watch a bar grow.
    pub console: Option<load::Console>,
    /// Set as soon as there is an engine: for callers that look inside a running server.
    pub engine: Arc<OnceLock<Arc<Engine>>>,
}

/// Runs a server until it is told to stop.
///
/// # Errors
/// Why it could not start, in words for the log.
pub async fn run<E: Env>(env: E, mut config: Config, launch: Launch) -> Result<(), String> {
    let usage = env.usage();
    let workers = match config.network.io_threads {
        0 => usage.cores.max(1),
        n => n,
    };
    config.network.io_threads = workers;
    files::limit_clients(&env, &mut config);
    let boot = boot(&env, &launch, usage);
    let seed = env.rand_u64();
    crate::engine::check_config(&config)?;
    title::set(&env, &config, &boot);
    env.release_memory_in_background(config.memory.jemalloc_bg_thread);
    let engine = Engine::new(config, boot, workers, seed);
    *engine.shared.process.lock() = usage;
    // A launch that is used again keeps its first engine.
    let _ = launch.engine.set(engine.clone());
    let (rebind, rebinds) = mpsc::unbounded_channel();
    let shell = ShellHandle { rebind, aof: data::AofCell::default(), loads: data::Loads::default() };
    let mut inboxes = Vec::new();
    let (first, first_inbox) = mpsc::unbounded_channel::<Parcel<E>>();
    inboxes.push(first);
    for i in 1..workers {
        let (tx, rx) = mpsc::unbounded_channel();
        inboxes.push(tx);
        let (engine, shell) = (engine.clone(), shell.clone());
        env.spawn_worker(i, move |env: E| async move { worker::run(Local::new(env, engine, i, shell), rx).await })
            .map_err(|e| format!("Can't create a worker: {e}"))?;
    }
    lazy_free::spawn(&env, engine.clone(), workers)?;
    save::spawn(&env, engine.clone(), shell.aof.clone(), workers + 1)?;
    let listeners = std::rc::Rc::new(listen::Listeners::new(env.clone(), listen::Spread::new(inboxes)));
    if data::is_waited_for(&env, &engine).await {
        // Nobody may see the key space before it is what it was.
        engine.shared.loading.start(env.wall());
    }
    listeners.open(&engine.shared.config.get()).await?;
    let local = Local::new(env.clone(), engine.clone(), 0, shell);
    env.spawn(worker::run(local.clone(), first_inbox));
    env.spawn(cron::run(local.clone(), launch.log));
    let (following, engine2) = (listeners.clone(), engine.clone());
    env.spawn(async move { following.follow(engine2, rebinds).await });
    banner::print(&engine.shared.config.get(), &engine.shared.boot);
    tracing::info!("Server initialized");
    let serve = async {
        if engine.shared.loading.is_on() {
            data::start(&local, launch.console).await?;
            engine.shared.loading.stop();
        }
        for kind in listeners.kinds() {
            tracing::info!("Ready to accept connections {kind}");
        }
        std::future::pending().await
    };
    let result = tokio::select! {
        biased;
        ended = shutdown::wait_for_end(&local) => ended,
        failed = serve => failed,
    };
    listeners.close();
    tracing::warn!("Valkey is now ready to exit, bye bye...");
    result
}

/// What does not change about this process.
fn boot<E: Env>(env: &E, launch: &Launch, usage: Usage) -> Boot {
    let id = || (0..3).map(|_| format!("{:016x}", env.rand_u64())).collect::<String>()[..40].to_owned();
    Boot {
        started: env.now(),
        run_id: id(),
        replication_id: id(),
        pid: usage.pid,
        cores: usage.cores,
        program: launch.program.clone(),
        executable: launch.executable.clone(),
        config_file: launch.config_file.clone(),
        os: launch.os.clone(),
    }
}
