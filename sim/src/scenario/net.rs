//! Random connections under network faults and crashes.
//!
//! Clients stream numbered bytes to servers and back. A stream must arrive in order and
//! complete, however the network misbehaves, unless one of the two machines crashed meanwhile;
//! not even then may it contain anything else. Once the network is calm every client must
//! reach every server, and at the end no connection may be left over.

use crate::{
    env::SimEnv,
    machine::{Crash, Machine},
    net::{NetConfig, SimNet},
};
use madsim::{
    rand::{Rng, thread_rng},
    time::sleep,
};
use norn::env::{Addr, BindOpts, Env, Listener, Stream};
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const PORT: u16 = 7000;
const SERVERS: usize = 3;
const CLIENTS: usize = 3;
/// Sessions that a client runs at the same time.
const TASKS: u64 = 4;
const FAULTY: Duration = Duration::from_secs(30);
/// Time within which a calm network must serve everybody, and drain.
const RECOVERY: Duration = Duration::from_secs(120);

/// What machines and the supervisor share; the network knows nothing of it.
#[derive(Default)]
struct Board {
    /// How often each machine has crashed, by machine number.
    crashes: [AtomicU64; SERVERS + CLIENTS],
    /// Sessions completed since the network is calm, by client and server.
    served: [[AtomicU64; SERVERS]; CLIENTS],
    complete: AtomicU64,
    broken: AtomicU64,
    bytes: AtomicU64,
    calm: AtomicBool,
    stop: AtomicBool,
}

/// One stream each way over one connection.
#[derive(Clone, Copy)]
struct Session {
    id: u64,
    /// Bytes from the client to the server and back.
    up: u64,
    down: u64,
}

pub(super) async fn run(_seed: u64) -> String {
    let config = NetConfig::draw(&mut thread_rng());
    SimNet::current().configure(|c| *c = config);
    let board = Arc::new(Board::default());
    let machines = start(&board);
    madsim::time::timeout(FAULTY, make_trouble(machines.clone(), board.clone()))
        .await
        .expect_err("trouble has no end of its own");
    calm_down(&machines, &board);
    let everybody_served = || {
        let mut counts = board.served.iter().flatten();
        counts.all(|n| n.load(Relaxed) > 0)
    };
    wait_until("every client reaches every server", everybody_served).await;
    board.stop.store(true, Relaxed);
    wait_until("no connection is left", || SimNet::current().connections() == 0).await;
    let count = |n: &AtomicU64| n.load(Relaxed);
    let crashes: u64 = board.crashes.iter().map(count).sum();
    format!(
        "{} sessions, {} broken by {crashes} crashes, {} bytes",
        count(&board.complete),
        count(&board.broken),
        count(&board.bytes),
    )
}

fn start(board: &Arc<Board>) -> Vec<Machine> {
    let number = |i: usize| u8::try_from(i + 1).expect("few machines");
    let server = |i| {
        let board = board.clone();
        Machine::with_process(number(i), move |env| serve(env, board.clone()))
    };
    let client = |i| {
        let board = board.clone();
        let main = move |env| request_forever(env, board.clone(), i);
        Machine::with_process(number(SERVERS + i), main)
    };
    (0..SERVERS).map(server).chain((0..CLIENTS).map(client)).collect()
}

async fn wait_until(what: &str, done: impl Fn() -> bool) {
    let mut waited = Duration::ZERO;
    while !done() {
        assert!(waited < RECOVERY, "after {RECOVERY:?}, not yet: {what}");
        sleep(Duration::from_millis(100)).await;
        waited += Duration::from_millis(100);
    }
}

/// Cuts, slows, freezes and crashes at random until it is dropped.
async fn make_trouble(machines: Vec<Machine>, board: Arc<Board>) {
    let mut rng = thread_rng();
    let net = SimNet::current();
    loop {
        sleep(Duration::from_millis(rng.gen_range(50..2_000))).await;
        let i = rng.gen_range(0..machines.len());
        let j = rng.gen_range(0..machines.len());
        let (a, b) = (machines[i], machines[j]);
        match rng.gen_range(0..8) {
            0 => net.set_cut(a.node, b.node, true),
            1 => {
                net.set_cut(a.node, b.node, true);
                net.set_cut(b.node, a.node, true);
            }
            2 | 3 => net.heal(),
            4 => net.set_speed(a.node, b.node, Some(rng.gen_range(10_000..1_000_000))),
            5 => {
                a.pause();
                sleep(Duration::from_millis(rng.gen_range(1..3_000))).await;
                a.resume();
            }
            n => {
                let how = if n == 6 { Crash::Process } else { Crash::Power };
                board.crashes[i].fetch_add(1, Relaxed);
                a.crash(how);
                sleep(Duration::from_millis(rng.gen_range(1..3_000))).await;
                a.restart();
            }
        }
    }
}

/// Ends all faults. A machine caught frozen or dead in the middle of one runs again.
fn calm_down(machines: &[Machine], board: &Board) {
    SimNet::current().configure(|c| *c = NetConfig::calm());
    SimNet::current().heal();
    for (machine, crashes) in machines.iter().zip(&board.crashes) {
        machine.resume();
        crashes.fetch_add(1, Relaxed);
        machine.crash(Crash::Process);
        machine.restart();
    }
    board.calm.store(true, Relaxed);
}

/// The byte at an offset of a session's stream in one direction.
fn byte_at(session: u64, direction: u64, off: u64) -> u8 {
    let x = (session ^ direction << 7).wrapping_add(off.wrapping_mul(0x9E37_79B9));
    (x ^ x >> 11 ^ x >> 23) as u8
}

async fn serve(env: SimEnv, board: Arc<Board>) {
    let addr = Addr::Tcp(SocketAddr::from(([0, 0, 0, 0], PORT)));
    let opts = BindOpts { backlog: 16, unix_mode: None };
    let mut listener = env.bind(&addr, opts).await.expect("a fresh process can bind");
    loop {
        let Ok(parcel) = listener.accept().await else {
            env.sleep(Duration::from_millis(100)).await;
            continue;
        };
        let stream = <SimEnv as Env>::Listener::open(parcel).expect("open");
        let (env2, board) = (env.clone(), board.clone());
        env.spawn(async move {
            let (mut r, w) = stream.into_split();
            // A client that dies before it said what it wants is no violation.
            let Ok(session) = read_session(&mut r).await else {
                return;
            };
            let receive = check_stream(&env2, &board, r, session.id, 0, session.up);
            let send = write_stream(&env2, w, session.id, 1, session.down);
            // The client knows whether somebody crashed and judges the outcome.
            let _ = tokio::join!(receive, send);
        });
    }
}

async fn read_session<R: tokio::io::AsyncRead + Unpin>(r: &mut R) -> io::Result<Session> {
    Ok(Session { id: r.read_u64().await?, up: r.read_u64().await?, down: r.read_u64().await? })
}

async fn request_forever(env: SimEnv, board: Arc<Board>, me: usize) {
    for _ in 0..TASKS {
        let (env2, board) = (env.clone(), board.clone());
        env.spawn(async move {
            while !board.stop.load(Relaxed) {
                let pause_ms = env2.rand_u64() % 50;
                env2.sleep(Duration::from_millis(pause_ms)).await;
                let server = (env2.rand_u64() % SERVERS as u64) as usize;
                one_session(&env2, &board, me, server).await;
            }
        });
    }
    std::future::pending::<()>().await;
}

/// Connects, streams both ways and judges the result.
async fn one_session(env: &SimEnv, board: &Board, me: usize, server: usize) {
    let crashes = &board.crashes[server];
    let before = crashes.load(Relaxed);
    let was_calm = board.calm.load(Relaxed);
    let ip = [10, 0, 0, u8::try_from(server + 1).expect("few servers")];
    let addr = Addr::Tcp(SocketAddr::from((ip, PORT)));
    // A server that is down or cut off may be unreachable.
    let Ok(stream) = env.connect(&addr).await else {
        return;
    };
    let size = |bits: u64| (bits >> 8) % (1 << (bits % 18));
    let session = Session { id: env.rand_u64(), up: size(env.rand_u64()), down: size(env.rand_u64()) };
    let (r, mut w) = stream.into_split();
    let send = async {
        w.write_u64(session.id).await?;
        w.write_u64(session.up).await?;
        w.write_u64(session.down).await?;
        write_stream(env, w, session.id, 0, session.up).await
    };
    let receive = check_stream(env, board, r, session.id, 1, session.down);
    let (sent, received) = tokio::join!(send, receive);
    match sent.and(received) {
        Ok(()) => {
            board.complete.fetch_add(1, Relaxed);
            board.served[me][server].fetch_add(u64::from(was_calm), Relaxed);
        }
        Err(e) => {
            let crashed = crashes.load(Relaxed) != before;
            assert!(crashed, "nobody crashed, yet a stream broke: {e}");
            board.broken.fetch_add(1, Relaxed);
        }
    }
}

/// Sends a session's stream in pieces of any size, then end-of-file.
async fn write_stream<W>(env: &SimEnv, mut w: W, id: u64, direction: u64, len: u64) -> io::Result<()>
where
    W: tokio::io::AsyncWrite + Unpin,
{
    let mut off = 0;
    while off < len {
        let draw = env.rand_u64();
        let n = (1 + (draw >> 8) % (1 << (draw % 15))).min(len - off);
        let piece: Vec<u8> = (off..off + n).map(|o| byte_at(id, direction, o)).collect();
        w.write_all(&piece).await?;
        off += n;
        if draw >> 60 == 0 {
            env.sleep(Duration::from_millis((draw >> 32) % 100)).await;
        }
    }
    w.shutdown().await
}

/// Reads a session's stream to its end. Wrong bytes are a violation whatever happened;
/// an early end is an error that the caller judges.
async fn check_stream<R>(env: &SimEnv, board: &Board, mut r: R, id: u64, direction: u64, len: u64) -> io::Result<()>
where
    R: tokio::io::AsyncRead + Unpin,
{
    let mut off = 0;
    let size = 1 + env.rand_u64() % 8192;
    let mut buf = vec![0; size as usize];
    loop {
        let n = r.read(&mut buf).await?;
        if n == 0 {
            break;
        }
        for &byte in &buf[..n] {
            assert_eq!(byte, byte_at(id, direction, off), "wrong byte at {off}");
            off += 1;
        }
        board.bytes.fetch_add(n as u64, Relaxed);
    }
    assert!(off <= len, "{off} bytes of {len}");
    if off < len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}
