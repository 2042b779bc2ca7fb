//! Timers: active expiry, idle clients, figures about the process.

use super::{log::Log, worker::Local};
use crate::{
    base::clock::Clock,
    env::Env,
    session::{clients::flag, mailbox::Msg, shared::Process},
};
use std::{rc::Rc, sync::atomic::Ordering::Relaxed, time::Duration};

/// Ticks until the next look at idle clients and the process's figures.
const SLOW_EVERY: u32 = 10;

/// Runs for as long as the server does, on worker 0.
pub async fn run<E: Env>(local: Rc<Local<E>>, log: Option<Log>) {
    let (mut cursors, mut tick) = (Vec::new(), 0u32);
    let mut version = 0;
    loop {
        let hz = local.engine.shared.config.get().process.hz.max(1);
        local.env.sleep(Duration::from_millis(u64::from(1000 / hz))).await;
        if local.engine.shared.debug.pause_cron.load(Relaxed) {
            continue;
        }
        let now = local.now();
        let current = local.engine.shared.config.version();
        if let (Some(log), true) = (&log, current != version) {
            log.configure(&local.engine.shared.config.get().monitoring);
        }
        version = current;
        local.engine.expire_some(&mut local.worker.borrow_mut(), &*local, &mut cursors);
        local.engine.evict_some(&mut local.worker.borrow_mut(), &*local);
        tick = tick.wrapping_add(1);
        if tick.is_multiple_of(SLOW_EVERY) {
            close_idle(&local);
        }
        let u = local.env.usage();
        let process = Process {
            rss_bytes: u.rss_bytes,
            user_cpu_us: u.user_cpu_us,
            sys_cpu_us: u.sys_cpu_us,
            total_memory_bytes: u.total_memory_bytes,
            ..Process::default()
        };
        local.engine.tick(&local.worker.borrow(), now, local.now(), process);
    }
}

/// Ends connections that have said nothing for `timeout` seconds.
fn close_idle<E: Env>(local: &Local<E>) {
    let shared = &local.engine.shared;
    let limit_ms = u64::from(shared.config.get().network.timeout_s) * 1000;
    if limit_ms == 0 {
        return;
    }
    let now_ms = local.env.mono().0 / 1_000_000;
    let exempt = flag::BLOCKED | flag::PUBSUB | flag::MONITOR | flag::REPLICA;
    for c in shared.clients.all() {
        if !c.has_flag(exempt) && now_ms.saturating_sub(c.active_ms.load(Relaxed)) > limit_ms {
            tracing::debug!("Closing idle client");
            c.mailbox.post(Msg::Kill);
        }
    }
}
