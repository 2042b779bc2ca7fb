//! Connected sockets as their process holds them.

use super::{
    Net,
    conn::{ConnId, Packet, Side},
    meter::Act,
    world::World,
};
use bytes::{Buf, Bytes};
use madsim::rand::Rng;
use norn::env::{Addr, Stream};
use std::{
    io::{self, ErrorKind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The receiving half.
pub struct SimReader(Half);
/// The sending half; dropping it sends end-of-file.
pub struct SimWriter(Half);

/// A connected socket.
pub struct SimStream {
    reader: SimReader,
    writer: SimWriter,
}

struct Half {
    net: Arc<Net>,
    conn: ConnId,
    side: Side,
    is_write: bool,
}

impl Drop for Half {
    fn drop(&mut self) {
        self.net.world().drop_half(self.conn, self.side, self.is_write);
    }
}

impl SimStream {
    pub(super) fn new(net: Arc<Net>, conn: ConnId, side: Side) -> SimStream {
        let half = |is_write| Half { net: net.clone(), conn, side, is_write };
        SimStream { reader: SimReader(half(false)), writer: SimWriter(half(true)) }
    }

    fn addr_of(&self, other: bool) -> io::Result<Addr> {
        let half = &self.reader.0;
        let world = half.net.world();
        let conn = world.conns.get(&half.conn);
        let side = if other { 1 - half.side } else { half.side };
        let found = conn.map(|c| c.ends[side].addr.clone());
        found.ok_or_else(|| ErrorKind::NotConnected.into())
    }
}

impl Stream for SimStream {
    type R = SimReader;
    type W = SimWriter;

    fn into_split(self) -> (SimReader, SimWriter) {
        (self.reader, self.writer)
    }

    fn set_nodelay(&self, _on: bool) -> io::Result<()> {
        Ok(())
    }

    fn set_keepalive(&self, _idle_s: u32) -> io::Result<()> {
        Ok(())
    }

    fn peer_addr(&self) -> io::Result<Addr> {
        self.addr_of(true)
    }

    fn local_addr(&self) -> io::Result<Addr> {
        self.addr_of(false)
    }
}

impl World {
    fn poll_read(&mut self, id: ConnId, side: Side, waker: &Waker, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let short = self.config.short_read;
        let Some(conn) = self.conns.get_mut(&id) else {
            return Poll::Ready(Err(ErrorKind::NotConnected.into()));
        };
        let end = &mut conn.ends[side];
        if end.inbox.is_empty() {
            if end.eof {
                return Poll::Ready(Ok(()));
            }
            if let Some(kind) = end.failure {
                return Poll::Ready(Err(kind.into()));
            }
            end.reader = Some(waker.clone());
            self.meter(id, side, Act::Idle);
            return Poll::Pending;
        }
        let ready: usize = end.inbox.iter().map(Bytes::len).sum();
        let mut want = ready.min(buf.remaining());
        if want > 1 && self.chance(short) {
            want = self.rng.gen_range(1..=want);
        }
        let conn = self.conns.get_mut(&id).expect("looked up above");
        let mut left = want;
        let inbox = &mut conn.ends[side].inbox;
        while left > 0 {
            let first = &mut inbox[0];
            let n = left.min(first.len());
            buf.put_slice(&first[..n]);
            first.advance(n);
            left -= n;
            if first.is_empty() {
                inbox.pop_front();
            }
        }
        self.trace.note(self.now_ns(), [7, id << 1 | side as u64, want as u64]);
        self.meter(id, side, Act::Read(want));
        self.give_credit(id, 1 - side, want);
        Poll::Ready(Ok(()))
    }

    /// `n` bytes were read: their room returns to the sender when the news arrives.
    fn give_credit(&mut self, id: ConnId, sender: Side, n: usize) {
        let link = self.conns[&id].link(1 - sender);
        let at = self.now_ns() + self.latency_ns(link);
        let conn = self.conns.get_mut(&id).expect("looked up above");
        let end = &mut conn.ends[sender];
        if end.is_gone() || end.failure.is_some() {
            return;
        }
        let at = end.wire.credits.back().map_or(at, |last| last.0.max(at));
        end.wire.credits.push_back((at, n));
        self.expect_credit(id, sender);
    }

    fn poll_write(&mut self, id: ConnId, side: Side, waker: &Waker, data: &[u8]) -> Poll<io::Result<usize>> {
        let (window, segment) = (self.config.window, self.config.segment);
        let short = self.config.short_write;
        let Some(conn) = self.conns.get_mut(&id) else {
            return Poll::Ready(Err(ErrorKind::NotConnected.into()));
        };
        let end = &mut conn.ends[side];
        if let Some(kind) = end.failure {
            return Poll::Ready(Err(kind.into()));
        }
        if end.wire.closed {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        if data.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.collect_credits(id, side);
        let end = &mut self.conns.get_mut(&id).expect("looked up above").ends[side];
        let room = window.saturating_sub(end.wire.outstanding);
        if room == 0 {
            end.writer = Some(waker.clone());
            self.meter(id, side, Act::Full);
            self.expect_credit(id, side);
            return Poll::Pending;
        }
        let mut n = data.len().min(room).min(segment);
        if n > 1 && self.chance(short) {
            n = self.rng.gen_range(1..=n);
        }
        self.meter(id, side, Act::Wrote(&data[..n]));
        self.send(id, side, Packet::Data(Bytes::copy_from_slice(&data[..n])));
        Poll::Ready(Ok(n))
    }

    fn shutdown(&mut self, id: ConnId, side: Side) -> io::Result<()> {
        if self.conns.contains_key(&id) {
            self.shut(id, side);
        }
        Ok(())
    }
}

impl AsyncRead for SimReader {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let half = &self.0;
        half.net.world().poll_read(half.conn, half.side, cx.waker(), buf)
    }
}

impl AsyncWrite for SimWriter {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let half = &self.0;
        half.net.world().poll_write(half.conn, half.side, cx.waker(), data)
    }

    /// Written data leaves by itself, as from a kernel's socket.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let half = &self.0;
        Poll::Ready(half.net.world().shutdown(half.conn, half.side))
    }
}

impl AsyncRead for SimStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reader).poll_read(cx, buf)
    }
}

impl AsyncWrite for SimStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.writer).poll_write(cx, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_shutdown(cx)
    }
}
