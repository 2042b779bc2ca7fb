//! Connected sockets, TCP and unix, behind one type.
//!
//! Reading and writing go straight to tokio's sockets: they try the system call first and
//! wait for epoll only when it would block. After a read that did not fill the buffer they
//! expect nothing more, which saves the second call.

use super::net::Parcel;
use crate::env::{Addr, Stream};
use socket2::{SockRef, TcpKeepalive};
use std::{
    io,
    io::IoSlice,
    os::fd::AsRawFd,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpStream, UnixStream, tcp, unix},
};

/// Lost probes after which a peer counts as gone, as Valkey sets it.
const KEEPALIVE_PROBES: u32 = 3;

/// A connection of the worker that opened it. Nagle's algorithm starts off.
pub enum OsStream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// The receiving side of a split [`OsStream`].
pub enum ReadSide {
    Tcp(tcp::OwnedReadHalf),
    Unix(unix::OwnedReadHalf),
}

/// The sending side of a split [`OsStream`]; dropping it sends end-of-file.
pub enum WriteSide {
    Tcp(tcp::OwnedWriteHalf),
    Unix(unix::OwnedWriteHalf),
}

impl OsStream {
    pub(super) fn open(parcel: Parcel) -> io::Result<OsStream> {
        if parcel.unix {
            return Ok(OsStream::Unix(UnixStream::from_std(parcel.socket.into())?));
        }
        parcel.socket.set_tcp_nodelay(true)?;
        Ok(OsStream::Tcp(TcpStream::from_std(parcel.socket.into())?))
    }

    pub(super) async fn connect(addr: &Addr) -> io::Result<OsStream> {
        match addr {
            Addr::Tcp(a) => {
                let s = TcpStream::connect(a).await?;
                s.set_nodelay(true)?;
                Ok(OsStream::Tcp(s))
            }
            Addr::Unix(path) => Ok(OsStream::Unix(UnixStream::connect(path).await?)),
        }
    }

    fn socket(&self) -> SockRef<'_> {
        match self {
            OsStream::Tcp(s) => SockRef::from(s),
            OsStream::Unix(s) => SockRef::from(s),
        }
    }
}

impl Stream for OsStream {
    type R = ReadSide;
    type W = WriteSide;

    fn into_split(self) -> (ReadSide, WriteSide) {
        match self {
            OsStream::Tcp(s) => {
                let (r, w) = s.into_split();
                (ReadSide::Tcp(r), WriteSide::Tcp(w))
            }
            OsStream::Unix(s) => {
                let (r, w) = s.into_split();
                (ReadSide::Unix(r), WriteSide::Unix(w))
            }
        }
    }

    fn set_nodelay(&self, on: bool) -> io::Result<()> {
        match self {
            OsStream::Tcp(s) => s.set_nodelay(on),
            OsStream::Unix(_) => Ok(()),
        }
    }

    fn set_keepalive(&self, idle_s: u32) -> io::Result<()> {
        if matches!(self, OsStream::Unix(_)) {
            return Ok(());
        }
        if idle_s == 0 {
            return self.socket().set_keepalive(false);
        }
        let probes = TcpKeepalive::new()
            .with_time(Duration::from_secs(u64::from(idle_s)))
            .with_interval(Duration::from_secs(u64::from((idle_s / 3).max(1))))
            .with_retries(KEEPALIVE_PROBES);
        self.socket().set_tcp_keepalive(&probes)
    }

    fn peer_addr(&self) -> io::Result<Addr> {
        match self {
            OsStream::Tcp(s) => s.peer_addr().map(Addr::Tcp),
            OsStream::Unix(s) => unix_name(s.peer_addr()?, || s.local_addr()),
        }
    }

    fn local_addr(&self) -> io::Result<Addr> {
        match self {
            OsStream::Tcp(s) => s.local_addr().map(Addr::Tcp),
            OsStream::Unix(s) => unix_name(s.local_addr()?, || s.peer_addr()),
        }
    }

    fn descriptor(&self) -> Option<i32> {
        Some(match self {
            OsStream::Tcp(s) => s.as_raw_fd(),
            OsStream::Unix(s) => s.as_raw_fd(),
        })
    }
}

/// Only the listening end of a unix connection has a name; the other end borrows it.
fn unix_name(this: unix::SocketAddr, other: impl FnOnce() -> io::Result<unix::SocketAddr>) -> io::Result<Addr> {
    let named = if this.is_unnamed() { other()? } else { this };
    let path = named.as_pathname().unwrap_or("".as_ref());
    Ok(Addr::Unix(path.to_string_lossy().into_owned()))
}

macro_rules! forward_read {
    ($type:ident) => {
        impl AsyncRead for $type {
            #[inline]
            fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
                match self.get_mut() {
                    $type::Tcp(s) => Pin::new(s).poll_read(cx, buf),
                    $type::Unix(s) => Pin::new(s).poll_read(cx, buf),
                }
            }
        }
    };
}

macro_rules! forward_write {
    ($type:ident) => {
        impl AsyncWrite for $type {
            #[inline]
            fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
                match self.get_mut() {
                    $type::Tcp(s) => Pin::new(s).poll_write(cx, data),
                    $type::Unix(s) => Pin::new(s).poll_write(cx, data),
                }
            }

            #[inline]
            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                parts: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                match self.get_mut() {
                    $type::Tcp(s) => Pin::new(s).poll_write_vectored(cx, parts),
                    $type::Unix(s) => Pin::new(s).poll_write_vectored(cx, parts),
                }
            }

            fn is_write_vectored(&self) -> bool {
                true
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                match self.get_mut() {
                    $type::Tcp(s) => Pin::new(s).poll_flush(cx),
                    $type::Unix(s) => Pin::new(s).poll_flush(cx),
                }
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                match self.get_mut() {
                    $type::Tcp(s) => Pin::new(s).poll_shutdown(cx),
                    $type::Unix(s) => Pin::new(s).poll_shutdown(cx),
                }
            }
        }
    };
}

forward_read!(OsStream);
forward_read!(ReadSide);
forward_write!(OsStream);
forward_write!(WriteSide);
