//! The journey of MIGRATE's keys to another server.
//!
//! The command has read the keys, and claimed them unless they are to be copied: until the
//! claim ends, requests that name them wait. They are sent in one go ([`exchange`]) over a
//! connection that may be left from an earlier journey ([`links`]), while no lock is held and
//! other clients are served. Keys that the target acknowledged are deleted, which the journal
//! shows as DEL; whatever else happens, a key stays, so that there is one at least.
//!
//! A connection that has been kept may have died meanwhile. So what fails before the target has
//! answered is tried once more, unless it was silence: then the target may be slow, and busy
//! with the keys already.

mod exchange;
mod links;

pub use links::Links;

use super::worker::Local;
use crate::{
    base::clock::Clock,
    env::{Addr, Env, Stream},
    protocol::Error,
    session::{Session, moving::Migration},
};
use bytes::{Buf, BytesMut};
use exchange::Exchange;
use links::{Link, Target};
use std::{io, rc::Rc, sync::atomic::Ordering::Relaxed, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What the timeout is for is one such piece, or one answer.
const CHUNK_BYTES: usize = 64 << 10;
/// No answer is as long.
const LINE_MAX_BYTES: usize = 16 << 10;
/// How often connections are looked at that nobody uses.
const SWEEP: Duration = Duration::from_secs(1);
/// How often is asked whether a snapshot has a value that is to be deleted.
const SNAPSHOT_WAIT: Duration = Duration::from_millis(1);

/// Why a connection is of no more use.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Failure {
    Connecting,
    Writing { silent: bool },
    Reading { silent: bool },
}

impl Failure {
    fn error(self) -> Error {
        Error::Static(match self {
            Failure::Connecting => "IOERR error or timeout connecting to the client",
            Failure::Writing { .. } => "IOERR error or timeout writing to target instance",
            Failure::Reading { .. } => "IOERR error or timeout reading to target instance",
        })
    }

    fn is_silence(self) -> bool {
        matches!(self, Failure::Writing { silent: true } | Failure::Reading { silent: true })
    }
}

/// Carries keys to another server, and deletes those that arrived if they are not to stay.
///
/// # Errors
/// What the client is told. Some of the keys may have arrived.
pub async fn perform<E: Env>(local: &Rc<Local<E>>, mut m: Migration, session: &Session) -> Result<(), Error> {
    let (arrived, outcome) = transfer(local, &m).await;
    if let Some(mut claim) = m.claim.take() {
        let arrived: Vec<&[u8]> = arrived.iter().map(|i| &*m.cargo[*i].key).collect();
        loop {
            let ended = {
                let mut w = local.worker.borrow_mut();
                local.engine.end_move(&mut w, &session.info, local.now(), m.db, claim, &arrived)
            };
            match ended {
                Ok(()) => break,
                Err(again) => claim = again,
            }
            local.env.sleep(SNAPSHOT_WAIT).await;
        }
    }
    outcome
}

/// Sends the keys; which of them arrived, and what the client is told.
async fn transfer<E: Env>(local: &Rc<Local<E>>, m: &Migration) -> (Vec<usize>, Result<(), Error>) {
    let mut may_retry = true;
    loop {
        let mut link = match reach(local, m).await {
            Ok(link) => link,
            Err(failure) => return (Vec::new(), Err(failure.error())),
        };
        let (mut exchange, text) = Exchange::new(m, link.selected != Some(m.database), local.env.wall());
        let failure = converse(&local.env, &mut link, m, &mut exchange, text).await.err();
        let refusal = exchange.refusal();
        if failure.is_none() {
            link.selected = refusal.is_none().then_some(m.database);
            keep(local, link);
        }
        let outcome = match (refusal, failure) {
            (Some(text), _) => Err(Error::concat(&[b"ERR Target instance replied with error: ", text])),
            (None, None) => Ok(()),
            (None, Some(failure)) if may_retry && !exchange.has_begun() && !failure.is_silence() => {
                may_retry = false;
                continue;
            }
            (None, Some(failure)) => Err(failure.error()),
        };
        return (exchange.arrived().to_vec(), outcome);
    }
}

/// A connection to the target, an old one or a new one.
async fn reach<E: Env>(local: &Local<E>, m: &Migration) -> Result<Link<E::Stream>, Failure> {
    let target = Target::of(m);
    let old = local.links.borrow_mut().take(&target);
    if let Some(link) = old {
        local.engine.shared.migrate_links.fetch_sub(1, Relaxed);
        return Ok(link);
    }
    let connect = async {
        let mut outcome = Err(io::ErrorKind::NotFound.into());
        for addr in local.env.resolve(&m.host, m.port).await? {
            outcome = local.env.connect(&Addr::Tcp(addr)).await;
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    };
    match local.env.timeout(Duration::from_millis(m.timeout_ms), connect).await {
        Some(Ok(stream)) if stream.set_nodelay(true).is_ok() => {
            Ok(Link { target, stream, selected: None, input: BytesMut::new(), used: local.env.mono() })
        }
        _ => Err(Failure::Connecting),
    }
}

/// Says everything, then takes the answers.
async fn converse<E: Env>(
    env: &E,
    link: &mut Link<E::Stream>,
    m: &Migration,
    exchange: &mut Exchange,
    text: Vec<u8>,
) -> Result<(), Failure> {
    let patience = Duration::from_millis(m.timeout_ms);
    for chunk in text.chunks(CHUNK_BYTES) {
        match env.timeout(patience, link.stream.write_all(chunk)).await {
            Some(Ok(())) => {}
            outcome => return Err(Failure::Writing { silent: outcome.is_none() }),
        }
    }
    while !exchange.is_complete() {
        let outcome = env.timeout(patience, read_line(link)).await;
        let Some(Ok(line)) = outcome else { return Err(Failure::Reading { silent: outcome.is_none() }) };
        exchange.answer(&line).map_err(|_| Failure::Reading { silent: false })?;
    }
    // Whatever else the target said, it was not to us.
    if link.input.is_empty() { Ok(()) } else { Err(Failure::Reading { silent: false }) }
}

/// The next line, without its end.
async fn read_line<S: Stream>(link: &mut Link<S>) -> io::Result<BytesMut> {
    loop {
        if let Some(at) = memchr::memchr(b'\n', &link.input) {
            let mut line = link.input.split_to(at);
            link.input.advance(1);
            if line.last() == Some(&b'\r') {
                line.truncate(at - 1);
            }
            return Ok(line);
        }
        if link.input.len() > LINE_MAX_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if link.stream.read_buf(&mut link.input).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// Keeps a connection for the next journey.
fn keep<E: Env>(local: &Rc<Local<E>>, mut link: Link<E::Stream>) {
    link.used = local.env.mono();
    change(local, |links| links.put(link));
    if std::mem::replace(&mut local.links.borrow_mut().is_swept, true) {
        return;
    }
    let sweeper = local.clone();
    local.env.spawn(async move {
        while sweeper.links.borrow().len() > 0 {
            sweeper.env.sleep(SWEEP).await;
            let now = sweeper.env.mono();
            change(&sweeper, |links| links.sweep(now));
        }
        sweeper.links.borrow_mut().is_swept = false;
    });
}

/// Changes what is kept, and counts it.
fn change<E: Env>(local: &Local<E>, f: impl FnOnce(&mut Links<E::Stream>)) {
    let mut links = local.links.borrow_mut();
    let before = links.len() as u64;
    f(&mut links);
    let count = &local.engine.shared.migrate_links;
    count.fetch_add((links.len() as u64).wrapping_sub(before), Relaxed);
}
