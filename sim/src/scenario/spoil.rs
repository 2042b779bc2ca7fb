//! What happens to a disk between a crash and the next start: bits rot, sectors cannot be read,
//! everything fails. The server must not start and say which file is to blame, or
//! have everything; and once the damage is gone it starts.

use super::disk::Play;
use crate::{
    disk::SimDisks,
    durable::{image::Image, promise::Promise},
    machine::Crash,
};
use madsim::time::sleep;
use norn::persist::aof::{
    Manifest,
    annotation::{self, Found, HEADER_LEN, MARK_LEN, Place},
    manifest,
};
use std::{sync::Arc, time::Duration};

/// Of a file that rotted, messages show the end.
const SHOWN_BYTES: usize = 300;

/// The files that the next start reads.
fn files(play: &Play) -> Vec<String> {
    let p = &play.now.config.persistence;
    if p.appendonly { listed(play) } else { vec![p.dbfilename.clone()] }
}

/// The files of the append-only file, which may be off.
fn listed(play: &Play) -> Vec<String> {
    let (disks, node, p) = (SimDisks::current(), play.theatre.server.node, &play.now.config.persistence);
    let in_dir = |name: &str| format!("{}/{name}", p.appenddirname);
    let list = in_dir(&manifest::file_name(&p.appendfilename));
    // A server that was killed soon enough has left none.
    let Some(text) = disks.content(node, &list) else { return Vec::new() };
    let listed = Manifest::parse(&text).unwrap_or_else(|e| panic!("after a crash {list} is: {e}"));
    let mut all: Vec<String> = listed.to_load().map(|entry| in_dir(&entry.name)).collect();
    all.push(list);
    all
}

/// The files that a server at work and at rest has no use for, and those that it has.
pub(super) fn left_over(play: &Play) -> (Vec<String>, Vec<String>) {
    let (disks, node, p) = (SimDisks::current(), play.theatre.server.node, &play.now.config.persistence);
    let mut useful = listed(play);
    useful.extend([p.dbfilename.clone(), p.appenddirname.clone()]);
    useful.push(format!("{}/temp-{}.trust", p.appenddirname, p.appendfilename));
    let inside = if p.appendonly { disks.names(node, &p.appenddirname) } else { Vec::new() };
    let inside = inside.into_iter().map(|name| format!("{}/{name}", p.appenddirname));
    let all = disks.names(node, "").into_iter().chain(inside);
    (all.filter(|name| !useful.contains(name)).collect(), useful)
}

/// Up to where the lines of a file with commands say that it was durable once.
fn vouched(content: &[u8]) -> usize {
    let salt = annotation::parse_header(&content[..HEADER_LEN.min(content.len())]).expect("our first line");
    let lines = (0..content.len()).filter(|at| content[*at] == b'#').filter_map(|at| {
        match annotation::find(&content[at..], Place { salt, at: at as u64 }) {
            Found::Mark(mark, _) => Some(mark.durable as usize),
            _ => None,
        }
    });
    lines.max().unwrap_or(0).max(HEADER_LEN)
}

/// One byte of one of them: path, size, offset.
fn spot(play: &mut Play) -> Option<(String, usize, usize)> {
    let files = files(play);
    let path = files.get(play.rng.below(files.len().max(1) as u64) as usize)?.clone();
    let size = SimDisks::current().size(play.theatre.server.node, &path).filter(|n| *n > 0)?;
    // Both ends are where the lines are that only we write.
    let at = match play.rng.below(4) {
        0 => play.rng.below(size.min(HEADER_LEN) as u64) as usize,
        1 => size - 1 - play.rng.below(size.min(2 * MARK_LEN) as u64) as usize,
        _ => play.rng.below(size as u64) as usize,
    };
    Some((path, size, at))
}

/// Asserts that an error of the start names the file.
fn names(why: &str, path: &str) -> bool {
    why.contains(path.rsplit('/').next().unwrap_or(path))
}

/// Ends a start that was only a test.
async fn stop(play: &Play) {
    play.theatre.crash(Crash::Process);
    sleep(Duration::from_millis(1)).await;
}

/// A bit rots: the server does not start. Behind what is vouched for, which is in a file's last lines,
/// it cannot be told from the end of a write that the power interrupted: nothing is missing then.
pub(super) async fn rot(play: &mut Play, all: &Promise) {
    let Some((path, size, at)) = spot(play) else { return };
    let (disks, node, bit) = (SimDisks::current(), play.theatre.server.node, play.rng.below(8) as u32);
    let content = disks.content(node, &path).expect("its size was seen");
    disks.flip_bit(node, &path, at, bit);
    let shown = &content[content.len().saturating_sub(SHOWN_BYTES)..];
    let what = format!("bit {bit} of byte {at} of {path}, {size} bytes, was flipped (...{})", shown.escape_ascii());
    play.theatre.restart(play.now.config.clone(), Vec::new());
    match play.theatre.loaded().await {
        Err(why) => {
            assert!(names(&why, &path), "{what}, and the server says: {why}");
            play.tally.rotten += 1;
        }
        Ok(life) => {
            let torn = path.ends_with(".incr.aof") && at >= vouched(&content);
            assert!(torn, "{what}, and the server starts");
            if let Err(why) = all.check(&life.loaded().picture) {
                panic!("{what}, and that is served: {why}");
            }
            assert!(disks.size(node, &path) < Some(size), "{what}, and it is still there");
            play.tally.harmless += 1;
        }
    }
    stop(play).await;
    disks.flip_bit(node, &path, at, bit);
}

/// A sector cannot be read: the server does not start, and leaves everything as it is.
pub(super) async fn sector(play: &mut Play) {
    let Some((path, size, at)) = spot(play) else { return };
    let (disks, node) = (SimDisks::current(), play.theatre.server.node);
    disks.lose_sector(node, &path, at);
    play.theatre.restart(play.now.config.clone(), Vec::new());
    match play.theatre.loaded().await {
        Err(why) => assert!(names(&why, &path), "byte {at} of {path} cannot be read, and the server says: {why}"),
        Ok(_) => panic!("byte {at} of {path}, {size} bytes, cannot be read, and the server starts"),
    }
    play.tally.unreadable += 1;
    stop(play).await;
    disks.mend_sectors(node, &path);
}

/// Reads fail now and then: the server does not start, or has everything.
pub(super) async fn reads(play: &mut Play, promise: &Promise) {
    let chance = [0.05, 0.3, 1.0][play.rng.below(3) as usize];
    SimDisks::current().configure(|c| c.read_error = chance);
    play.theatre.restart(play.now.config.clone(), Vec::new());
    check_start(play, promise, |why, files| {
        assert!(files.iter().any(|path| names(why, path)), "reads fail, and the server says: {why}");
    })
    .await;
    stop(play).await;
    play.heal();
}

/// The disk is ill while the server starts, and is healed after another crash, of which the kind
/// is returned.
pub(super) async fn start_ill(play: &mut Play, saves: &[Arc<Image>], promise: &Promise) -> Crash {
    play.break_something();
    play.theatre.restart(play.now.config.clone(), saves.to_vec());
    check_start(play, promise, |why, _| assert!(!why.is_empty(), "it does not say why it does not start")).await;
    sleep(Duration::from_micros(play.rng.below(20_000))).await;
    let how = if play.rng.below(3) == 0 { Crash::Power } else { Crash::Process };
    play.theatre.crash(how);
    play.heal();
    sleep(Duration::from_millis(1)).await;
    how
}

/// Waits for a start: it fails for a reason, or everything is there.
async fn check_start(play: &mut Play, promise: &Promise, explains: impl Fn(&str, &[String])) {
    let files = files(play);
    play.tally.ill_starts += 1;
    match play.theatre.loaded().await {
        Err(why) => explains(&why, &files),
        Ok(life) => {
            if let Err(why) = promise.check(&life.loaded().picture) {
                panic!("the disk was ill during the start, and what is served was not promised: {why}");
            }
        }
    }
}
