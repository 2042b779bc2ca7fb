//! Listening sockets and the handshake.
//!
//! A connect sends its request, which is lost while the link is cut, the host has no power or
//! the accept queue is full; it then tries again until it times out. The answer travels back
//! the same way, so the accepting side may work on a connection that the connecting side
//! still waits for. Port 0 picks a free port; an unspecified address listens on all of a
//! host's addresses; 127.0.0.1 and ::1 are the host itself.

use super::{
    Net,
    conn::{Conn, ConnId},
    stream::SimStream,
    world::World,
};
use madsim::task::NodeId;
use norn::env::{Addr, Listener};
use std::{
    collections::VecDeque,
    future::poll_fn,
    io::{self, ErrorKind},
    net::{IpAddr, SocketAddr},
    sync::Arc,
    task::{Poll, Waker},
    time::Duration,
};

/// First port handed out to connecting ends, as in Linux.
const EPHEMERAL: u16 = 32_768;
const EMFILE: i32 = 24;

/// A listening socket as the network sees it.
pub(super) struct Listening {
    id: u64,
    backlog: usize,
    queue: VecDeque<ConnId>,
    waker: Option<Waker>,
}

/// A listening socket as its process holds it.
pub struct SimListener {
    net: Arc<Net>,
    key: (NodeId, Addr),
    id: u64,
}

/// What came of a connection request.
enum Answer {
    Connected(ConnId),
    Refused(ErrorKind),
    /// No answer: it was lost.
    Lost,
}

impl World {
    fn find_host(&self, me: NodeId, ip: IpAddr) -> Option<NodeId> {
        if ip.is_loopback() {
            return Some(me);
        }
        let found = self.hosts.iter().find(|(_, h)| h.ip == ip);
        found.map(|(node, _)| *node)
    }

    fn free_port(&mut self, node: NodeId) -> u16 {
        let host = self.hosts.get_mut(&node).expect("hosts are registered");
        let port = host.next_port.max(EPHEMERAL);
        host.next_port = port.checked_add(1).unwrap_or(EPHEMERAL);
        port
    }

    fn bind(&mut self, node: NodeId, addr: &Addr, backlog: u32) -> io::Result<(Addr, u64)> {
        let mut addr = addr.clone();
        if let Addr::Tcp(a) = &mut addr {
            let requested = a.port();
            let own = a.ip().is_unspecified() || self.find_host(node, a.ip()) == Some(node);
            if !own {
                return Err(ErrorKind::AddrNotAvailable.into());
            }
            while a.port() == 0 || self.listeners.contains_key(&(node, Addr::Tcp(*a))) {
                if requested != 0 {
                    return Err(ErrorKind::AddrInUse.into());
                }
                a.set_port(self.free_port(node));
            }
        }
        let key = (node, addr.clone());
        self.next_id += 1;
        let listening =
            Listening { id: self.next_id, backlog: backlog.max(1) as usize, queue: VecDeque::new(), waker: None };
        let id = listening.id;
        // A unix socket's path is taken over; whoever held it listens in vain.
        if let Some(old) = self.listeners.insert(key, listening) {
            old.queue.into_iter().for_each(|conn| self.refuse_waiting(conn));
        }
        Ok((addr, id))
    }

    /// The listener that serves an address: its own or one on all addresses of the host.
    fn listening(&self, node: NodeId, addr: &Addr) -> Option<Addr> {
        let mut names = vec![addr.clone()];
        if let Addr::Tcp(a) = addr {
            let all: IpAddr = match a {
                SocketAddr::V4(_) => [0; 4].into(),
                SocketAddr::V6(_) => [0; 16].into(),
            };
            names.push(Addr::Tcp(SocketAddr::new(all, a.port())));
        }
        let found = names.into_iter().map(|a| (node, a));
        let mut found = found.filter(|key| self.listeners.contains_key(key));
        found.next().map(|(_, addr)| addr)
    }

    /// A connection request reaches its destination, or not.
    fn request(&mut self, me: NodeId, to: NodeId, addr: &Addr) -> Answer {
        if !self.is_reachable((me, to)) {
            return Answer::Lost;
        }
        let Some(name) = self.listening(to, addr) else {
            return Answer::Refused(match addr {
                Addr::Tcp(_) => ErrorKind::ConnectionRefused,
                Addr::Unix(_) => ErrorKind::NotFound,
            });
        };
        let listening = &self.listeners[&(to, name.clone())];
        if listening.queue.len() >= listening.backlog {
            return Answer::Lost;
        }
        let from = match addr {
            Addr::Unix(_) => addr.clone(),
            Addr::Tcp(a) => {
                let ip = if to == me { a.ip() } else { self.hosts[&me].ip };
                Addr::Tcp(SocketAddr::new(ip, self.free_port(me)))
            }
        };
        self.next_id += 1;
        let id = self.next_id;
        self.trace.note(self.now_ns(), [6, id, 0]);
        self.conns.insert(id, Conn::new((me, from), (to, addr.clone())));
        let listening = self.listeners.get_mut(&(to, name)).expect("found above");
        listening.queue.push_back(id);
        listening.waker.take().into_iter().for_each(Waker::wake);
        Answer::Connected(id)
    }

    fn poll_accept(&mut self, key: &(NodeId, Addr), id: u64, waker: &Waker) -> Poll<io::Result<ConnId>> {
        let failing = self.config.accept_error;
        let Some(listening) = self.listeners.get_mut(key).filter(|l| l.id == id) else {
            return Poll::Pending; // its path was taken over
        };
        if listening.queue.is_empty() {
            listening.waker = Some(waker.clone());
            return Poll::Pending;
        }
        if self.chance(failing) {
            return Poll::Ready(Err(io::Error::from_raw_os_error(EMFILE)));
        }
        let listening = self.listeners.get_mut(key).expect("found above");
        Poll::Ready(Ok(listening.queue.pop_front().expect("not empty")))
    }

    fn unbind(&mut self, key: &(NodeId, Addr), id: u64) {
        if self.listeners.get(key).is_some_and(|l| l.id == id) {
            let listening = self.listeners.remove(key).expect("checked above");
            let waiting = listening.queue.into_iter();
            waiting.for_each(|conn| self.refuse_waiting(conn));
        }
    }
}

impl Net {
    pub(crate) fn bind(self: &Arc<Net>, node: NodeId, addr: &Addr, backlog: u32) -> io::Result<SimListener> {
        let (addr, id) = self.world().bind(node, addr, backlog)?;
        let (net, key) = (self.clone(), (node, addr));
        Ok(SimListener { net, key, id })
    }

    pub(crate) async fn connect(self: &Arc<Net>, me: NodeId, addr: &Addr) -> io::Result<SimStream> {
        let to = match addr {
            Addr::Unix(_) => Some(me),
            Addr::Tcp(a) => self.world().find_host(me, a.ip()),
        };
        let Some(to) = to else {
            return Err(ErrorKind::HostUnreachable.into());
        };
        let tries = self.world().config.connect_tries;
        for attempt in 0..tries {
            self.travel((me, to)).await;
            let answer = self.world().request(me, to, addr);
            match answer {
                Answer::Connected(id) => {
                    let stream = SimStream::new(self.clone(), id, 0);
                    return self.answered((to, me), tries).await.map(|()| stream);
                }
                Answer::Refused(kind) => {
                    self.answered((to, me), tries).await?;
                    return Err(kind.into());
                }
                Answer::Lost => self.pause(Duration::from_secs(1 << attempt)).await,
            }
        }
        Err(ErrorKind::TimedOut.into())
    }

    /// The answer travels back, again and again while the way back is cut.
    async fn answered(&self, link: (NodeId, NodeId), tries: u32) -> io::Result<()> {
        for attempt in 0..tries {
            self.travel(link).await;
            if self.world().is_reachable(link) {
                return Ok(());
            }
            self.pause(Duration::from_secs(1 << attempt)).await;
        }
        Err(ErrorKind::TimedOut.into())
    }

    async fn travel(&self, link: (NodeId, NodeId)) {
        let ns = self.world().latency_ns(link);
        self.pause(Duration::from_nanos(ns)).await;
    }

    async fn pause(&self, d: Duration) {
        crate::clock::pause(&self.time, d).await;
    }
}

impl Listener for SimListener {
    type Stream = SimStream;
    type Parcel = SimStream;

    async fn accept(&mut self) -> io::Result<SimStream> {
        let (net, key, id) = (&self.net, &self.key, self.id);
        let conn = poll_fn(|cx| net.world().poll_accept(key, id, cx.waker())).await?;
        Ok(SimStream::new(net.clone(), conn, 1))
    }

    fn open(parcel: SimStream) -> io::Result<SimStream> {
        Ok(parcel)
    }

    fn local_addr(&self) -> io::Result<Addr> {
        Ok(self.key.1.clone())
    }
}

impl Drop for SimListener {
    fn drop(&mut self) {
        self.net.world().unbind(&self.key, self.id);
    }
}
