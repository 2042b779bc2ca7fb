//! Listening sockets, TCP and unix.
//!
//! A listener registers its descriptor with the accepting worker's epoll instance and
//! hands out connections as unregistered sockets ([`Parcel`]): whichever worker opens one
//! registers it there, so an accepted connection costs no registration with the acceptor.
//!
//! Only the two errors that concern a single incoming connection (it was gone again, a
//! signal came) are dealt with here. Running out of descriptors (`EMFILE`, `ENFILE`) is
//! returned: the pending connection stays in the queue and the next call would fail at
//! once, so the caller must wait before it tries again.

use super::stream::OsStream;
use crate::env::{Addr, BindOpts, Listener};
use socket2::{Domain, SockAddr, Socket, Type};
use std::{
    fs, io,
    net::SocketAddr,
    os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt},
};
use tokio::io::{Interest, unix::AsyncFd};

/// A listening socket of the worker that bound it.
pub struct OsListener {
    socket: AsyncFd<Socket>,
    addr: Addr,
    /// A unix socket's file, removed with the listener.
    file: Option<SocketFile>,
}

/// An accepted connection that no worker owns yet.
pub struct Parcel {
    pub(super) socket: Socket,
    pub(super) unix: bool,
}

impl OsListener {
    pub(super) fn bind(addr: &Addr, opts: BindOpts) -> io::Result<OsListener> {
        let (socket, file) = match addr {
            Addr::Tcp(a) => (bind_tcp(*a)?, None),
            Addr::Unix(path) => {
                let (socket, file) = bind_unix(path, opts.unix_mode)?;
                (socket, Some(file))
            }
        };
        socket.listen(i32::try_from(opts.backlog).unwrap_or(i32::MAX))?;
        let addr = match socket.local_addr()?.as_socket() {
            Some(actual) => Addr::Tcp(actual),
            None => addr.clone(),
        };
        // SAFETY: a `Socket` owns its descriptor and keeps it until dropped, and only shared
        // references to it leave the `AsyncFd`.
        let socket = unsafe { AsyncFd::register_with_interest(socket, Interest::READABLE) }?;
        Ok(OsListener { socket, addr, file })
    }
}

impl Listener for OsListener {
    type Stream = OsStream;
    type Parcel = Parcel;

    async fn accept(&mut self) -> io::Result<Parcel> {
        loop {
            let accepted = self.socket.async_io(Interest::READABLE, Socket::accept);
            match accepted.await {
                Ok((socket, _peer)) => {
                    socket.set_nonblocking(true)?;
                    let unix = self.file.is_some();
                    return Ok(Parcel { socket, unix });
                }
                Err(e) if is_passing(&e) => {}
                Err(e) => return Err(e),
            }
        }
    }

    fn open(parcel: Parcel) -> io::Result<OsStream> {
        OsStream::open(parcel)
    }

    fn local_addr(&self) -> io::Result<Addr> {
        Ok(self.addr.clone())
    }
}

/// Errors that say nothing about the listener itself.
fn is_passing(e: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, Interrupted};
    matches!(e.kind(), ConnectionAborted | Interrupted)
}

fn bind_tcp(addr: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    if addr.is_ipv6() {
        // `bind * -::*` means two listeners; a dual-stack one would take both ports.
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&addr.into())?;
    Ok(socket)
}

fn bind_unix(path: &str, mode: Option<u32>) -> io::Result<(Socket, SocketFile)> {
    // A server that was killed leaves its socket file behind; anything else stays and
    // makes `bind` fail.
    if fs::symlink_metadata(path).is_ok_and(|m| m.file_type().is_socket()) {
        fs::remove_file(path)?;
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::unix(path)?)?;
    let file = SocketFile::new(path)?;
    // Nobody can connect before `listen`, so the wider default never matters.
    if let Some(mode) = mode {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    Ok((socket, file))
}

/// The file of a bound unix socket; removed on drop unless another server has taken over
/// the path in the meantime.
struct SocketFile {
    path: String,
    inode: u64,
}

impl SocketFile {
    fn new(path: &str) -> io::Result<SocketFile> {
        let inode = fs::symlink_metadata(path)?.ino();
        let path = path.to_owned();
        Ok(SocketFile { path, inode })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|m| m.ino() == self.inode) {
            // Nothing can be done about a failure while going down.
            let _ = fs::remove_file(&self.path);
        }
    }
}
