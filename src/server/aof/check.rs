//! `norn check-aof`: what valkey-check-aof does, and what our checksums add to it.
//!
//! It says of each file whether it is whole and up to where it is sound, cuts off what is not
//! (`--fix`) or what was written later than a given time (`--truncate-to-timestamp`), and ends
//! with a failure where it can do neither.

use crate::{
    config::check_aof::CheckAof,
    env::{Disk, DiskFile, Open, words},
    persist::{
        aof::{
            Damage, End, Manifest, Reader,
            annotation::{HEADER_LEN, is_header},
            scan::Scan,
        },
        rdb::file::{Item, Options, Scanner},
    },
};
use std::io;

/// The person at the terminal.
pub trait Person {
    /// Shows a line.
    fn tell(&mut self, line: &str);
    /// Asks a question; whether the answer was yes.
    fn agrees(&mut self, question: &str) -> bool;
}

/// What became of a file.
enum Outcome {
    Valid,
    Empty,
    Cut,
    CutAtTime,
}

/// Bytes read at once.
const CHUNK_BYTES: usize = 1 << 20;

struct Tool<'a, D, P> {
    disk: &'a D,
    person: &'a mut P,
    args: &'a CheckAof,
}

/// Checks, and repairs if that was asked for.
///
/// # Errors
/// What is wrong and was not repaired, in words for the person.
pub async fn check<D: Disk, P: Person>(args: &CheckAof, disk: &D, person: &mut P) -> Result<(), String> {
    let mut tool = Tool { disk, person, args };
    let front = tool.front(&args.path, 1 << 16).await?;
    if is_manifest(&front) {
        return tool.parts().await;
    }
    tool.person.tell("Start checking Old-Style AOF");
    let outcome = tool.file(&args.path, &args.path, true).await?;
    tool.report(outcome, "AOF", &args.path);
    Ok(())
}

/// Whether the first line that is no comment lists a file.
fn is_manifest(front: &[u8]) -> bool {
    front.split(|b| *b == b'\n').find(|line| !line.starts_with(b"#")).is_some_and(|line| line.starts_with(b"file"))
}

fn is_rdb(front: &[u8]) -> bool {
    front.starts_with(b"REDIS") || front.starts_with(b"VALKEY")
}

impl<D: Disk, P: Person> Tool<'_, D, P> {
    async fn front(&self, path: &str, len: usize) -> Result<bytes::Bytes, String> {
        let read = async { self.disk.open(path, Open::Read).await?.read_at(0, len).await };
        read.await.map_err(|e| format!("Cannot open file {path}: {}", words(&e)))
    }

    /// Checks what a manifest lists.
    async fn parts(&mut self) -> Result<(), String> {
        self.person.tell("Start checking Multi Part AOF");
        let path = &self.args.path;
        let text = async {
            let file = self.disk.open(path, Open::Read).await?;
            file.read_at(0, file.size().await? as usize).await
        };
        let text = text.await.map_err(|e| format!("Cannot open file {path}: {}", words(&e)))?;
        let manifest = Manifest::parse(&text).map_err(|e| e.to_string())?;
        let dir = path.rsplit_once('/').map_or(".", |(dir, _)| if dir.is_empty() { "/" } else { dir });
        let count = manifest.to_load().count();
        for (i, entry) in manifest.to_load().enumerate() {
            let path = format!("{dir}/{}", entry.name);
            let base = manifest.base.as_ref() == Some(entry);
            if base {
                let rdb = is_rdb(&self.front(&path, 8).await?);
                self.person.tell(&format!("Start to check BASE AOF ({} format).", if rdb { "RDB" } else { "RESP" }));
            } else if Some(entry) == manifest.incr.first() {
                self.person.tell("Start to check INCR files.");
            }
            let outcome = self.file(&entry.name, &path, i + 1 == count).await?;
            self.report(outcome, if base { "BASE AOF" } else { "INCR AOF" }, &entry.name);
        }
        self.person.tell("All AOF files and manifest are valid");
        Ok(())
    }

    fn report(&mut self, outcome: Outcome, part: &str, name: &str) {
        let line = match outcome {
            Outcome::Valid => format!("{part} {name} is valid"),
            Outcome::Empty => format!("{part} {name} is empty"),
            Outcome::Cut => format!("Successfully truncated AOF {name}"),
            Outcome::CutAtTime => {
                format!("Successfully truncated AOF {name} to timestamp {}", self.args.upto_s.unwrap_or(0))
            }
        };
        self.person.tell(&line);
    }

    async fn file(&mut self, name: &str, path: &str, last: bool) -> Result<Outcome, String> {
        let unreadable = |e: io::Error| format!("Cannot open file {path}: {}, aborting...", words(&e));
        let mode = if self.args.fix || self.args.upto_s.is_some() { Open::Append } else { Open::Read };
        // Whoever opens to append would make a file that is not there.
        self.front(path, 0).await?;
        let mut file = self.disk.open(path, mode).await.map_err(unreadable)?;
        let size = file.size().await.map_err(unreadable)?;
        if size == 0 {
            return Ok(Outcome::Empty);
        }
        let front = file.read_at(0, HEADER_LEN).await.map_err(unreadable)?;
        let mut start = 0;
        if is_rdb(&front) {
            start = self.preamble(&file, size).await?;
        }
        let mut reader = if start > 0 { Reader::after(start) } else { Reader::new() };
        reader.keep_stamps();
        let (mut at, mut lines) = (start, 1);
        let verdict = loop {
            match read_some(&mut reader, &mut lines) {
                Err(damage) => break Err(damage),
                Ok(()) if at >= size => break reader.finish(),
                Ok(()) => {}
            }
            if let Some(at) = self.late(&reader.take_stamps(), name, last, is_header(&front))? {
                return self.cut(&mut file, name, at).await.map(|()| Outcome::CutAtTime);
            }
            let chunk = file.read_at(at, CHUNK_BYTES).await;
            let chunk = chunk.map_err(|e| format!("Failed to read from AOF {name}: {}, aborting...", words(&e)))?;
            at += (chunk.len() as u64).max(1);
            reader.feed(&chunk);
            if at >= size {
                reader.end();
            }
        };
        if let Some(at) = self.late(&reader.take_stamps(), name, last, is_header(&front))? {
            return self.cut(&mut file, name, at).await.map(|()| Outcome::CutAtTime);
        }
        let whole = match verdict {
            Ok(End::Whole { .. }) => size,
            Ok(End::Torn { at, what }) => self.complain(at, at, what),
            Err(Damage { at, what }) => self.complain(at, reader.whole(), what),
        };
        self.verdict(&mut file, name, last, (size, whole, lines + reader.foreign_lines())).await
    }

    fn complain(&mut self, at: u64, whole: u64, what: &str) -> u64 {
        self.person.tell(&format!("0x{at:>16x}: {what}"));
        whole
    }

    /// Says up to where a file is sound, and cuts it there if that was asked for.
    async fn verdict(
        &mut self,
        file: &mut D::File,
        name: &str,
        last: bool,
        (size, whole, lines): (u64, u64, u64),
    ) -> Result<Outcome, String> {
        let rest = size - whole;
        if let (0, Some(upto_s)) = (rest, self.args.upto_s) {
            self.person.tell(&format!("Truncate nothing in AOF {name} to timestamp {upto_s}"));
            return Ok(Outcome::Valid);
        }
        self.person.tell(&format!(
            "AOF analyzed: filename={name}, size={size}, ok_up_to={whole}, ok_up_to_line={lines}, diff={rest}"
        ));
        match (rest, self.args.fix) {
            (0, _) => return Ok(Outcome::Valid),
            (_, false) => return Err(format!("AOF {name} is not valid. Use the --fix option to try fixing it.")),
            (_, true) if !last => return Err(format!("Failed to truncate AOF {name} because it is not the last file")),
            _ => {}
        }
        self.person
            .tell(&format!("This will shrink the AOF {name} from {size} bytes, with {rest} bytes, to {whole} bytes"));
        if !self.person.agrees("Continue? [y/N]: ") {
            return Err("Aborting...".into());
        }
        self.cut(file, name, whole).await.map(|()| Outcome::Cut)
    }

    async fn cut(&self, file: &mut D::File, name: &str, at: u64) -> Result<(), String> {
        let cut = async {
            file.truncate(at).await?;
            file.sync().await
        };
        cut.await.map_err(|e| format!("Failed to truncate AOF {name}: {}", words(&e)))
    }

    /// Where the first thing begins that was written too late.
    fn late(&self, stamps: &[(u64, u64)], name: &str, last: bool, ours: bool) -> Result<Option<u64>, String> {
        let Some(upto_s) = self.args.upto_s else { return Ok(None) };
        let Some((at, _)) = stamps.iter().find(|(_, seconds)| *seconds > upto_s) else { return Ok(None) };
        if *at == if ours { HEADER_LEN as u64 } else { 0 } {
            return Err(format!("AOF {name} has nothing before timestamp {upto_s}, aborting..."));
        }
        if !last {
            return Err(format!(
                "Failed to truncate AOF {name} to timestamp {upto_s} to offset {at} because it is not the last file.\n\
                 If you insist, please delete all files after this file according to the manifest file and delete the \
                 corresponding records in manifest file manually. Then re-run norn check-aof."
            ));
        }
        Ok(Some(*at))
    }

    /// Checks the RDB part at a file's beginning; its length.
    async fn preamble(&mut self, file: &D::File, size: u64) -> Result<u64, String> {
        let insane = |why: &dyn std::fmt::Display| format!("{why}\nRDB preamble of AOF file is not sane, aborting.");
        let mut scanner = Scanner::new(Options { strict: false, checksum: true, len: Some(size), more_follows: true });
        let mut at = 0;
        loop {
            while let Some(item) = scanner.next().map_err(|e| insane(&e))? {
                if matches!(item, Item::End(_)) {
                    self.person.tell("RDB preamble is OK, proceeding with AOF tail...");
                    return Ok(scanner.at());
                }
            }
            let chunk = file.read_at(at, CHUNK_BYTES).await.map_err(|e| insane(&words(&e)))?;
            at += chunk.len() as u64;
            if chunk.is_empty() {
                scanner.end();
            }
            scanner.feed(chunk);
        }
    }
}

/// Reads as far as there are bytes, counting the lines of batches of ours.
fn read_some(reader: &mut Reader, lines: &mut u64) -> Result<(), Damage> {
    loop {
        let before = reader.whole();
        let Some(run) = reader.next_run()? else { return Ok(()) };
        let mut scan = Scan::default();
        let scanned = scan.advance(&run);
        if scanned.is_err() || scan.whole() < run.len() {
            // Right by its checksum: so it was written wrong.
            return Err(Damage { at: before, what: "a batch holds no whole commands" });
        }
        if reader.salt().is_some() {
            *lines += scan.lines();
        }
    }
}
