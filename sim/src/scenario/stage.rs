//! One server, its clients and all that can happen to them: what scenarios have in common.
//!
//! The clients note what they asked and what they were told while the clock jumps, machines
//! crash and links are cut. When they are done, faults stop, and each has a last session
//! that must succeed. Then each group of keys must have a linearizable history, nobody may
//! be left watching or waiting, and an emptied server must account for no memory but its
//! tables'.

use super::Report;
use crate::{
    check::{
        History,
        search::{Verdict, check},
    },
    env::SimEnv,
    machine::{Crash, Machine},
    model::Calendar,
    net::{FindGauge, Meters, NetConfig, SimNet},
    os::SimOs,
    workload::{audit, board::Board, client, plan::Plan},
};
use madsim::{
    rand::thread_rng,
    time::{TimeHandle, sleep},
};
use norn::{
    base::prng::Prng,
    config::Config,
    engine::Engine,
    env::Addr,
    server::{self, Launch},
};
use std::{
    cell::Cell,
    net::SocketAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

const PORT: u16 = 6379;
/// Virtual time within which a workload must come to its end, faults included.
const WORKLOAD: Duration = Duration::from_secs(600);
/// Virtual time within which everybody must be served once faults have stopped.
const RECOVERY: Duration = Duration::from_secs(300);
/// How often the supervisor looks.
const TICK: Duration = Duration::from_millis(5);

/// See the module.
pub struct Stage {
    pub board: Arc<Board>,
    engine: Arc<OnceLock<Arc<Engine>>>,
    pub server: Machine,
    pub addr: SocketAddr,
    pub clients: Vec<Machine>,
    /// A client's machine that has crashed and not been started again.
    crashed: Cell<Option<Machine>>,
}

impl Stage {
    /// Starts the server.
    pub fn new(plan: Plan) -> Stage {
        let net = NetConfig::draw(&mut thread_rng());
        SimNet::current().configure(|c| *c = net);
        let history = History::new(&plan.groups, Calendar::new(epoch_ns()));
        let board = Arc::new(Board::new(plan, history));
        let engine = Arc::new(OnceLock::new());
        SimNet::current().start_meters(Meters::new(gauges(engine.clone())));
        let (server, addr) = start_server(&board.plan, engine.clone());
        Stage { board, engine, server, addr, clients: Vec::new(), crashed: Cell::new(None) }
    }

    /// Lets clients work while things go wrong as `seed` decides, then ends all faults.
    pub async fn play(&mut self, seed: u64) {
        self.clients = start_clients(&self.board, self.addr);
        let board = &self.board;
        let busy = async {
            while board.lock().begun < board.plan.ops {
                sleep(TICK).await;
            }
        };
        let trouble = self.make_trouble(seed);
        let wait = async {
            tokio::select! { biased; () = busy => {}, () = trouble => unreachable!("trouble never ends") }
        };
        // What has not been done by then is left.
        let _ = madsim::time::timeout(WORKLOAD, wait).await;
        self.calm_down();
        let everybody = (1 << board.plan.clients) - 1;
        wait_until("every client has had its last session", || board.lock().finished == everybody).await;
    }

    /// The server's inside.
    pub fn engine(&self) -> &Engine {
        self.engine.get().expect("the server has started")
    }

    /// Looks for leftovers, reads every key, judges every reply; returns what there was to judge.
    pub async fn judge(self) -> Report {
        wait_until("no connection is left", || SimNet::current().connections() == 0).await;
        audit::nobody_is_left(self.engine());
        audit::read_everything(&self.board, self.clients[0], self.addr).await;
        wait_until("the reader is gone", || SimNet::current().connections() == 0).await;
        assert_eq!(audit::account(self.engine()), 0, "bytes of entries after FLUSHALL");
        judge(&self.board)
    }

    /// Jumps the clock, cuts, crashes and freezes at random until it is dropped.
    async fn make_trouble(&self, seed: u64) {
        let (plan, net, server, clients) = (&self.board.plan, SimNet::current(), self.server, &self.clients);
        let mut rng = Prng::new(seed);
        if plan.trouble_ms == 0 {
            std::future::pending::<()>().await;
        }
        loop {
            sleep(Duration::from_millis(1 + rng.below(plan.trouble_ms))).await;
            let client = clients[rng.below(clients.len() as u64) as usize];
            if plan.clock_jump_ms > 0 && rng.below(2) == 0 {
                let skew_ms = rng.below(2 * plan.clock_jump_ms as u64) as i64 - plan.clock_jump_ms;
                self.jump(skew_ms);
            } else if rng.f64() < plan.crash {
                self.crash(client).await;
            } else if rng.f64() < plan.link_cut {
                let (from, to) = if rng.below(2) == 0 { (server, client) } else { (client, server) };
                net.set_cut(from.node, to.node, true);
                sleep(Duration::from_millis(rng.below(2_000))).await;
                net.heal();
            } else if rng.f64() < plan.freeze {
                server.pause();
                sleep(Duration::from_millis(rng.below(500))).await;
                server.resume();
            }
        }
    }

    /// Sets how far the server's clock is ahead of true time.
    pub fn jump(&self, skew_ms: i64) {
        SimOs::current().set_skew(self.server.node, skew_ms);
        let now_ns = self.board.now_ns();
        self.board.lock().history.calendar.jump(now_ns, skew_ms);
    }

    /// Crashes a client machine: what its clients did not read they will never know.
    async fn crash(&self, client: Machine) {
        client.crash(Crash::Process);
        self.crashed.set(Some(client));
        sleep(Duration::from_millis(10)).await;
        client.restart();
        self.crashed.set(None);
    }

    /// Ends all faults.
    fn calm_down(&self) {
        let net = SimNet::current();
        net.configure(|c| *c = NetConfig::calm());
        net.heal();
        self.server.resume();
        self.crashed.take().into_iter().for_each(Machine::restart);
        self.board.lock().calm = true;
    }
}

/// Reads how far the server has come with a connection's requests from what CLIENT LIST shows.
fn gauges(engine: Arc<OnceLock<Arc<Engine>>>) -> FindGauge {
    Box::new(move |addr| {
        let Addr::Tcp(addr) = addr else { return None };
        let name = addr.to_string();
        let client = engine.get()?.shared.clients.all().into_iter().find(|c| c.addr == name)?;
        Some(Box::new(move || client.query_bytes.load(Relaxed)))
    })
}

/// Unix nanoseconds of virtual time 0.
fn epoch_ns() -> u64 {
    let time = TimeHandle::current();
    let now = time.now_time().duration_since(std::time::UNIX_EPOCH).expect("simulations begin in 2022");
    (now - time.elapsed()).as_nanos() as u64
}

fn start_server(plan: &Plan, engine: Arc<OnceLock<Arc<Engine>>>) -> (Machine, SocketAddr) {
    let mut config = Config::default();
    config.network.io_threads = plan.workers;
    config.network.port = PORT;
    config.network.protected_mode = false;
    let active_expiry = plan.active_expiry;
    let machine = Machine::with_process(1, move |env: SimEnv| {
        let (config, engine) = (config.clone(), engine.clone());
        async move {
            let launch = Launch { engine: engine.clone(), ..Launch::default() };
            let serve = server::run(env, config, launch);
            let switch = async {
                tokio::task::yield_now().await;
                if let Some(engine) = engine.get() {
                    engine.shared.debug.active_expire.store(active_expiry, Relaxed);
                }
                std::future::pending::<()>().await;
            };
            tokio::select! {
                biased;
                end = serve => panic!("the server ended: {end:?}"),
                () = switch => {}
            }
        }
    });
    (machine, SocketAddr::new(machine.ip, PORT))
}

fn start_clients(board: &Arc<Board>, addr: SocketAddr) -> Vec<Machine> {
    let machines = board.plan.machines;
    let start = |m: usize| {
        let board = board.clone();
        let life = Arc::new(AtomicU64::new(0));
        let main = move |env: SimEnv| {
            let (board, life) = (board.clone(), life.fetch_add(1, Relaxed));
            async move {
                for client in (m..board.plan.clients).step_by(machines) {
                    if board.lock().finished & 1 << client != 0 {
                        continue;
                    }
                    let (env, board) = (env.clone(), board.clone());
                    madsim::task::spawn_local(async move { client::live(&env, &board, addr, client, life).await });
                }
                std::future::pending::<()>().await;
            }
        };
        Machine::with_process(u8::try_from(m + 2).expect("few machines"), main)
    };
    (0..machines).map(start).collect()
}

/// Waits, with a bound, until faults have been recovered from.
pub async fn wait_until(what: &str, done: impl Fn() -> bool) {
    let mut waited = Duration::ZERO;
    while !done() {
        assert!(waited < RECOVERY, "{RECOVERY:?} after the last fault, not yet: {what}");
        sleep(TICK).await;
        waited += TICK;
    }
}

/// Every group's history must be linearizable.
fn judge(board: &Board) -> Report {
    let end_ns = board.now_ns();
    let mut inner = board.lock();
    let meters = SimNet::current().take_meters().expect("meters run");
    inner.settle(&board.plan, meters.into_all(), end_ns);
    let mut steps = 0;
    for group in 0..board.plan.groups.len() {
        match check(&inner.history, group) {
            Verdict::Linearizable { steps: n } => steps += n,
            Verdict::Undecided(why) => panic!("group {group} is too much to search: {why}\nplan: {:?}", board.plan),
            Verdict::Violation(why) => panic!("group {group}: {why}\nplan: {:?}", board.plan),
        }
    }
    let checked = inner.history.answered;
    let (groups, connections, unread) = (board.plan.groups.len(), inner.connections, inner.unread);
    let text = format!(
        "{checked} replies checked in {steps} steps, {groups} groups, {connections} connections, {unread} unread"
    );
    Report { text, checked }
}
