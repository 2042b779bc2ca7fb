//! Timers: active expiry, idle clients, figures about the process.

use super::{connection, log::Log, save, worker::Local};
use crate::{
    base::clock::Clock,
    env::Env,
    session::{clients::flag, mailbox::Msg},
};
use std::{rc::Rc, sync::atomic::Ordering::Relaxed, time::Duration};

/// Ticks until the next look at idle clients and the process's figures.
const SLOW_EVERY: u32 = 10;
/// Time between two looks at what the process uses.
const USAGE_EVERY_NS: u64 = 100_000_000;

/// Runs for as long as the server does, on worker 0.
pub async fn run<E: Env>(local: Rc<Local<E>>, log: Option<Log>) {
    let (mut cursors, mut tick, mut next_usage_ns) = (Vec::new(), 0u32, 0);
    let mut version = 0;
    loop {
        let hz = local.engine.shared.config.get().process.hz.max(1);
        local.env.sleep(Duration::from_millis(u64::from(1000 / hz))).await;
        if local.engine.shared.debug.pause_cron.load(Relaxed) {
            continue;
        }
        let now = local.now();
        let current = local.engine.shared.config.version();
        if current != version {
            follow_config(&local, log.as_ref());
        }
        version = current;
        local.engine.expire_some(&mut local.worker.borrow_mut(), &*local, &mut cursors);
        local.engine.evict_some(&mut local.worker.borrow_mut(), &*local);
        save::follow_aof(&local.engine, now.mono);
        save::follow_save_points(&local.engine, now.mono, now.wall.0 / 1000);
        tick = tick.wrapping_add(1);
        if tick.is_multiple_of(SLOW_EVERY) {
            look_at_clients(&local);
        }
        if now.mono.0 >= next_usage_ns {
            next_usage_ns = now.mono.0 + USAGE_EVERY_NS;
            *local.engine.shared.process.lock() = local.env.usage();
        }
        local.engine.tick(&local.worker.borrow(), now, local.now());
    }
}

/// Hands changes of the configuration on to those who do not look for themselves.
fn follow_config<E: Env>(local: &Local<E>, log: Option<&Log>) {
    let config = local.engine.shared.config.get();
    if let Some(log) = log {
        log.configure(&config.monitoring);
    }
    local.env.release_memory_in_background(config.memory.jemalloc_bg_thread);
    // CONFIG SET in a transaction leaves these to be done here.
    if let Err(can) = super::files::make_room(&local.env, config.limits.maxclients) {
        tracing::warn!("The limit of open files allows {can} clients, less than maxclients");
    }
    super::title::set(&local.env, &config, &local.engine.shared.boot);
}

/// Ends connections that have said nothing for `timeout` seconds, and has idle ones give
/// back the room of their buffers.
fn look_at_clients<E: Env>(local: &Local<E>) {
    let shared = &local.engine.shared;
    let limit_ms = u64::from(shared.config.get().network.timeout_s) * 1000;
    let now_ms = local.env.mono().0 / 1_000_000;
    let exempt = flag::BLOCKED | flag::PUBSUB | flag::MONITOR | flag::REPLICA;
    for c in shared.clients.all() {
        let idle_ms = now_ms.saturating_sub(c.active_ms.load(Relaxed));
        if limit_ms > 0 && idle_ms > limit_ms && !c.has_flag(exempt) {
            tracing::debug!("Closing idle client");
            c.mailbox.post(Msg::Kill);
        } else if idle_ms > connection::TRIM_IDLE_MS && c.query_free_bytes.load(Relaxed) > connection::TRIM_BYTES as u64
        {
            c.mailbox.post(Msg::Nudge);
        }
    }
}
