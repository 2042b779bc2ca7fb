//! What the contract cannot ask of a real kernel: deaths, cuts, slow links, full queues.

use super::{SimNet, SimStream};
use crate::{
    env::SimEnv,
    machine::{Crash, Machine},
    run::simulate,
};
use madsim::time::{sleep, timeout};
use norn::env::{Addr, BindOpts, Env, Listener};
use std::{
    future::Future,
    io::ErrorKind,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::oneshot,
};

const SECOND: Duration = Duration::from_secs(1);

/// Two machines; the first listens on port 1 and parks every connection it accepts.
struct Pair {
    server: Machine,
    client: Machine,
    accepted: Arc<Mutex<Vec<SimStream>>>,
}

impl Pair {
    fn new(backlog: u32, accepting: bool) -> Pair {
        let accepted: Arc<Mutex<Vec<SimStream>>> = Arc::default();
        let parked = accepted.clone();
        let main = move |env: SimEnv| {
            let parked = parked.clone();
            async move {
                let addr = Addr::Tcp(SocketAddr::from(([0, 0, 0, 0], 1)));
                let opts = BindOpts { backlog, unix_mode: None };
                let mut listener = env.bind(&addr, opts).await.expect("bind");
                if !accepting {
                    std::future::pending::<()>().await;
                }
                loop {
                    let stream = listener.accept().await.expect("accept");
                    parked.lock().expect("no panic").push(stream);
                }
            }
        };
        let server = Machine::with_process(1, main);
        let client = Machine::idle(2);
        Pair { server, client, accepted }
    }

    fn addr(&self) -> Addr {
        Addr::Tcp(SocketAddr::new(self.server.ip, 1))
    }

    /// Runs something on the client's machine and returns what it returns.
    async fn on_client<F, Fut, T>(&self, f: F) -> T
    where
        F: FnOnce(SimEnv, Addr) -> Fut + Send + 'static,
        Fut: Future<Output = T> + 'static,
        T: Send + 'static,
    {
        let (tx, rx) = oneshot::channel();
        let addr = self.addr();
        drop(self.client.spawn(move |env| async move {
            let _ = tx.send(f(env, addr).await);
        }));
        rx.await.expect("the client's machine lives")
    }

    async fn connect(&self) -> SimStream {
        sleep(SECOND / 100).await; // the server's process binds
        let connect = |env: SimEnv, addr: Addr| async move { env.connect(&addr).await };
        self.on_client(connect).await.expect("connect")
    }

    /// The server's end of the only connection.
    fn accepted(&self) -> SimStream {
        let mut all = self.accepted.lock().expect("no panic");
        all.pop().expect("it has accepted")
    }
}

/// Runs a test with several seeds.
fn test<F, Fut>(f: F)
where
    F: Fn() -> Fut + Clone + Send + 'static,
    Fut: Future<Output = ()>,
{
    for seed in 0..10 {
        simulate(seed, f.clone()).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
    }
}

#[test]
fn a_killed_process_closes_its_connections() {
    test(|| async {
        let pair = Pair::new(8, true);
        let mut quiet = pair.connect().await;
        let mut busy = pair.connect().await;
        busy.write_all(b"unread").await.expect("write");
        sleep(SECOND).await;
        pair.server.crash(Crash::Process);
        let n = quiet.read(&mut [0; 1]).await.expect("end of file");
        assert_eq!(n, 0);
        let e = busy.read(&mut [0; 1]).await.expect_err("reset");
        assert_eq!(e.kind(), ErrorKind::ConnectionReset);
        let refused = |env: SimEnv, addr: Addr| async move { env.connect(&addr).await.err() };
        let e = pair.on_client(refused).await.expect("nobody listens");
        assert_eq!(e.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn a_machine_without_power_is_silent_until_it_boots() {
    test(|| async {
        let pair = Pair::new(8, true);
        let mut stream = pair.connect().await;
        sleep(SECOND).await;
        pair.server.crash(Crash::Power);
        let mut byte = [0; 1];
        let heard = timeout(60 * SECOND, stream.read(&mut byte)).await;
        assert!(heard.is_err(), "heard {heard:?} from a dead machine");
        stream.write_all(b"hello?").await.expect("buffered");
        pair.server.restart();
        let e = stream.read(&mut byte).await.expect_err("it remembers nothing");
        assert_eq!(e.kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn connects_time_out_when_nobody_answers() {
    test(|| async {
        let pair = Pair::new(8, true);
        let connect = |env: SimEnv, addr: Addr| async move { env.connect(&addr).await.err() };
        SimNet::current().set_cut(pair.server.node, pair.client.node, true);
        let e = pair.on_client(connect).await.expect("the way back is cut");
        assert_eq!(e.kind(), ErrorKind::TimedOut);
        SimNet::current().heal();
        pair.server.crash(Crash::Power);
        let e = pair.on_client(connect).await.expect("no power");
        assert_eq!(e.kind(), ErrorKind::TimedOut);
    });
}

#[test]
fn a_cut_holds_back_one_direction_only() {
    test(|| async {
        let pair = Pair::new(8, true);
        let mut client = pair.connect().await;
        sleep(SECOND).await;
        let mut server = pair.accepted();
        SimNet::current().set_cut(pair.client.node, pair.server.node, true);
        client.write_all(b"held").await.expect("buffered");
        server.write_all(b"free").await.expect("buffered");
        let mut got = [0; 4];
        client.read_exact(&mut got).await.expect("this way is open");
        assert_eq!(&got, b"free");
        let early = timeout(30 * SECOND, server.read_exact(&mut got)).await;
        assert!(early.is_err(), "data crossed a cut link");
        SimNet::current().heal();
        server.read_exact(&mut got).await.expect("sent again");
        assert_eq!(&got, b"held");
    });
}

#[test]
fn senders_give_up_in_the_end() {
    test(|| async {
        let pair = Pair::new(8, true);
        let mut client = pair.connect().await;
        SimNet::current().set_cut(pair.client.node, pair.server.node, true);
        client.write_all(b"x").await.expect("buffered");
        let e = client.read(&mut [0; 1]).await.expect_err("given up");
        assert_eq!(e.kind(), ErrorKind::TimedOut);
    });
}

#[test]
fn slow_links_are_slow() {
    test(|| async {
        let pair = Pair::new(8, true);
        let mut client = pair.connect().await;
        sleep(SECOND).await;
        let mut server = pair.accepted();
        SimNet::current().set_speed(pair.client.node, pair.server.node, Some(10_000));
        client.write_all(&[1; 100_000]).await.expect("buffered");
        let mut got = vec![0; 100_000];
        let early = timeout(9 * SECOND, server.read_exact(&mut got)).await;
        assert!(early.is_err(), "100 kB in 9 s at 10 kB/s");
        let mut rest = vec![0; 1];
        let late = timeout(3 * SECOND, server.read_exact(&mut rest)).await;
        late.expect("10 s are enough").expect("read");
    });
}

#[test]
fn a_window_bounds_what_is_under_way() {
    test(|| async {
        SimNet::current().configure(|c| c.window = 10_000);
        let pair = Pair::new(8, true);
        let mut client = pair.connect().await;
        let mut sent = 0;
        while let Ok(n) = timeout(SECOND, client.write(&[1; 3_000])).await {
            sent += n.expect("write");
        }
        assert_eq!(sent, 10_000);
        let mut server = pair.accepted();
        server.read_exact(&mut [0; 4_000]).await.expect("read");
        let n = timeout(SECOND, client.write(&[1; 9_000])).await;
        assert_eq!(n.expect("there is room").expect("write"), 4_000);
    });
}

#[test]
fn a_full_accept_queue_delays_connects() {
    test(|| async {
        let pair = Pair::new(2, false);
        let _first = pair.connect().await;
        let _second = pair.connect().await;
        let connect = |env: SimEnv, addr: Addr| async move { env.connect(&addr).await.err() };
        let e = pair.on_client(connect).await.expect("the queue is full");
        assert_eq!(e.kind(), ErrorKind::TimedOut);
    });
}

#[test]
fn running_out_of_descriptors_loses_no_connection() {
    test(|| async {
        SimNet::current().configure(|c| c.accept_error = 0.7);
        let machine = Machine::idle(3);
        let (tx, rx) = oneshot::channel();
        drop(machine.spawn(move |env| async move {
            let addr = Addr::Tcp(SocketAddr::new(machine.ip, 9));
            let opts = BindOpts { backlog: 8, unix_mode: None };
            let mut listener = env.bind(&addr, opts).await.expect("bind");
            let mut failures = 0;
            for _ in 0..20 {
                let _client = env.connect(&addr).await.expect("connect");
                while let Err(e) = listener.accept().await {
                    assert_eq!(e.raw_os_error(), Some(24));
                    failures += 1;
                }
            }
            tx.send(failures).expect("receiver waits");
        }));
        assert!(rx.await.expect("the machine lives") > 0);
    });
}
