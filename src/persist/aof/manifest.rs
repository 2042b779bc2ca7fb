//! The manifest: which files make up the append-only file, in which order they are loaded.
//!
//! One line per file: `file NAME seq NUMBER type b|h|i`, for the base, *history* (replaced by a
//! rewrite, not yet removed) and the files with the commands since the base. Names are quoted
//! where they hold blanks or other bytes that would break a line. Fields may come in any order
//! and unknown ones are skipped, as in Valkey; a comment line starts with `#`.
//!
//! The last line of a manifest of ours is a comment without an end, `#NORN:` and the CRC-32 of
//! all before it: one rotten bit could make a file with commands history, which nobody loads.
//! Other servers skip the line and do not write it again.

use super::annotation::checksum;
use crate::base::split;
use std::fmt;

/// What part a file plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Base,
    History,
    Incr,
}

impl Kind {
    fn letter(self) -> char {
        match self {
            Kind::Base => 'b',
            Kind::History => 'h',
            Kind::Incr => 'i',
        }
    }
}

/// One file of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// A name in the append-only directory, never a path.
    pub name: String,
    /// Never 0; increasing among files of one kind.
    pub seq: i64,
    pub kind: Kind,
}

/// The list of files. The default lists none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    pub base: Option<Entry>,
    /// Files to remove.
    pub history: Vec<Entry>,
    /// In the order of their commands; the last is the one being written.
    pub incr: Vec<Entry>,
    base_seq: i64,
    incr_seq: i64,
    /// Names of attempts that failed, whose files may be there: no manifest on the disk is to list
    /// them, but one may. The file does not hold this.
    strays: Vec<String>,
}

/// The longest line, with its end.
const MAX_LINE_BYTES: usize = 1024;

const INVALID: &str = "Invalid AOF manifest file format";

const SEAL: &[u8] = b"#NORN:";
const SEAL_LEN: usize = SEAL.len() + 8;
const BROKEN_SEAL: &str = "The checksum in the last line is wrong: the file is damaged, or was edited, then remove \
                           that line";

/// Why a manifest cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestError {
    /// Number and text of the line, if one is to blame.
    pub line: Option<(usize, String)>,
    pub what: &'static str,
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n*** FATAL AOF MANIFEST FILE ERROR ***")?;
        if let Some((number, text)) = &self.line {
            writeln!(f, "Reading the manifest file, at line {number}\n>>> '{text}'")?;
        }
        write!(f, "{}", self.what)
    }
}

impl std::error::Error for ManifestError {}

impl Manifest {
    /// The manifest that a file holds.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(text: &[u8]) -> Result<Manifest, ManifestError> {
        let mut manifest = Manifest::default();
        let mut rest = text;
        let mut number = 0;
        if rest.is_empty() {
            return Err(ManifestError { line: None, what: "Found an empty AOF manifest" });
        }
        if !is_sound(text) {
            return Err(ManifestError { line: None, what: BROKEN_SEAL });
        }
        while !rest.is_empty() {
            let room = rest.len().min(MAX_LINE_BYTES);
            let end = memchr::memchr(b'\n', &rest[..room]).map_or(room, |i| i + 1);
            let (line, after) = rest.split_at(end);
            (rest, number) = (after, number + 1);
            if line.starts_with(SEAL) && (line.len() != SEAL_LEN || !rest.is_empty()) {
                // Somebody has written behind it, or the file is cut.
                return Err(ManifestError { line: None, what: BROKEN_SEAL });
            }
            if line[0] == b'#' {
                continue;
            }
            if !line.ends_with(b"\n") || line.contains(&0) {
                return Err(ManifestError { line: None, what: "The AOF manifest file contains too long line" });
            }
            let line = line.trim_ascii();
            manifest.add(line).map_err(|what| {
                let text = String::from_utf8_lossy(line).into_owned();
                ManifestError { line: Some((number, text)), what }
            })?;
        }
        Ok(manifest)
    }

    fn add(&mut self, line: &[u8]) -> Result<(), &'static str> {
        let entry = parse_entry(line)?;
        match entry.kind {
            Kind::Base if self.base.is_some() => return Err("Found duplicate base file information"),
            Kind::Base => {
                self.base_seq = entry.seq;
                self.base = Some(entry);
            }
            Kind::History => self.history.push(entry),
            Kind::Incr if entry.seq <= self.incr_seq => return Err("Found a non-monotonic sequence number"),
            Kind::Incr => {
                self.incr_seq = entry.seq;
                self.incr.push(entry);
            }
        }
        Ok(())
    }

    /// The manifest as a file holds it.
    pub fn format(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for entry in self.base.iter().chain(&self.history).chain(&self.incr) {
            out.extend(b"file ");
            push_name(entry.name.as_bytes(), &mut out);
            out.extend(format!(" seq {} type {}\n", entry.seq, entry.kind.letter()).bytes());
        }
        let seal = seal(&out);
        out.extend(seal);
        out
    }

    /// Whether there is nothing to load.
    pub fn is_empty(&self) -> bool {
        self.base.is_none() && self.incr.is_empty()
    }

    /// The files to load, in order.
    pub fn to_load(&self) -> impl Iterator<Item = &Entry> {
        self.base.iter().chain(&self.incr)
    }

    /// Lists a new base, with the name that it gets; the one before becomes history.
    pub fn add_base(&mut self, prefix: &str, rdb: bool) -> &str {
        if let Some(mut old) = self.base.take() {
            old.kind = Kind::History;
            self.history.insert(0, old);
        }
        let ending = if rdb { "rdb" } else { "aof" };
        let (seq, name) = self.next_name(self.base_seq, |seq| format!("{prefix}.{seq}.base.{ending}"));
        self.base_seq = seq;
        &self.base.insert(Entry { name, seq, kind: Kind::Base }).name
    }

    /// Lists the next file for commands, with the name that it gets.
    pub fn add_incr(&mut self, prefix: &str) -> &Entry {
        let (seq, name) = self.next_name(self.incr_seq, |seq| format!("{prefix}.{seq}.incr.aof"));
        self.incr_seq = seq;
        self.incr.push(Entry { name, seq, kind: Kind::Incr });
        &self.incr[self.incr.len() - 1]
    }

    /// The next number and its name, but for names of files that are still to be removed: numbers
    /// begin again where a manifest that is read lists no file of a kind.
    fn next_name(&self, last: i64, name: impl Fn(i64) -> String) -> (i64, String) {
        let mut seq = last + 1;
        while self.history.iter().any(|old| old.name == name(seq)) {
            seq += 1;
        }
        (seq, name(seq))
    }

    /// Takes an old append-only file, which was one file, as the base.
    pub fn take_over(&mut self, name: &str) {
        self.base_seq = 1;
        self.base = Some(Entry { name: name.into(), seq: 1, kind: Kind::Base });
    }

    /// Does not give out the names again that `other` got, a copy of this manifest that may or
    /// may not have reached the disk. Unless it takes the place of this one, they are strays.
    pub fn use_up_names_of(&mut self, other: &Manifest) {
        (self.base_seq, self.incr_seq) = (other.base_seq, other.incr_seq);
        let is_new = |name: &&Entry| self.to_load().chain(&self.history).all(|own| own.name != name.name);
        let new: Vec<String> = other.to_load().filter(is_new).map(|entry| entry.name.clone()).collect();
        self.strays.extend(new);
    }

    /// Names of files that failed attempts may have left.
    pub fn strays(&self) -> &[String] {
        &self.strays
    }

    /// Keeps those of the strays that are still there.
    pub fn set_strays(&mut self, left: Vec<String>) {
        self.strays = left;
    }

    /// A new base holds what the files for commands before number `seq` hold: they become history.
    pub fn retire_incr(&mut self, seq: i64) {
        let keep = self.incr.iter().position(|entry| entry.seq >= seq).unwrap_or(self.incr.len());
        let old = self.incr.drain(..keep).map(|entry| Entry { kind: Kind::History, ..entry });
        self.history.splice(0..0, old);
    }
}

/// Name of the manifest of the files called `prefix`.
pub fn file_name(prefix: &str) -> String {
    format!("{prefix}.manifest")
}

/// Name of a manifest that is being written.
pub fn temp_name(prefix: &str) -> String {
    format!("temp-{prefix}.manifest")
}

/// The last line of a manifest that begins with `text`.
fn seal(text: &[u8]) -> Vec<u8> {
    [SEAL, format!("{:08x}", checksum(text)).as_bytes()].concat()
}

/// Whether the checksum is right, if there is one; the word before it may have rotted too.
fn is_sound(text: &[u8]) -> bool {
    let at = memchr::memrchr(b'\n', text).map_or(0, |i| i + 1);
    let (before, last) = text.split_at(at);
    let wrong = SEAL.iter().zip(last).filter(|(a, b)| a != b).count();
    last.len() != SEAL_LEN || wrong > 1 || last == seal(before)
}

fn parse_entry(line: &[u8]) -> Result<Entry, &'static str> {
    let words = split::split(line).map_err(|_| INVALID)?;
    if words.len() < 6 || words.len() % 2 != 0 {
        return Err(INVALID);
    }
    let (mut name, mut seq, mut kind) = (None, 0, 0);
    for pair in words.chunks_exact(2) {
        let value = &pair[1];
        match pair[0].to_ascii_lowercase().as_slice() {
            b"file" => {
                if value.iter().any(|b| matches!(b, b'/' | b'\\')) {
                    return Err("File can't be a path, just a filename");
                }
                name = Some(String::from_utf8(value.clone()).map_err(|_| INVALID)?);
            }
            b"seq" => seq = leading_number(value),
            b"type" => kind = value.first().copied().unwrap_or(0),
            _ => {}
        }
    }
    let name = name.filter(|name| !name.is_empty()).ok_or(INVALID)?;
    let kind = match kind {
        _ if seq == 0 => return Err(INVALID),
        0 => return Err(INVALID),
        b'b' => Kind::Base,
        b'h' => Kind::History,
        b'i' => Kind::Incr,
        _ => return Err("Unknown AOF file type"),
    };
    Ok(Entry { name, seq, kind })
}

/// The number that a text begins with; 0 if it begins with none.
fn leading_number(text: &[u8]) -> i64 {
    let digits = usize::from(text.starts_with(b"-"));
    let end = digits + text[digits..].iter().take_while(|b| b.is_ascii_digit()).count();
    std::str::from_utf8(&text[..end]).ok().and_then(|t| t.parse().ok()).unwrap_or(0)
}

/// Appends a name, in quotes if a line could not hold it otherwise.
fn push_name(name: &[u8], out: &mut Vec<u8>) {
    if name.iter().all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'"' | b'\'')) {
        out.extend(name);
    } else {
        split::quoted(name, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| entry.name.as_str()).collect()
    }

    #[track_caller]
    fn refused(text: &str, what: &str, line: Option<usize>) {
        let e = Manifest::parse(text.as_bytes()).unwrap_err();
        assert_eq!((e.what, e.line.as_ref().map(|l| l.0)), (what, line), "{text}");
    }

    #[test]
    fn reads_what_valkey_writes() {
        let text = "# made by hand\n\
            file appendonly.aof.2.base.rdb seq 2 type b\n\
            file appendonly.aof.1.incr.aof seq 1 type h\n\
            FILE 'a b' startoffset 7 TYPE i seq 4\n\
            file \"\\x01.aof\" seq 5x type incr\n";
        let m = Manifest::parse(text.as_bytes()).unwrap();
        assert_eq!(m.base.as_ref().unwrap().seq, 2);
        assert_eq!(names(&m.history), ["appendonly.aof.1.incr.aof"]);
        assert_eq!(names(&m.incr), ["a b", "\x01.aof"]);
        assert_eq!(m.to_load().count(), 3);
        let written = String::from_utf8(m.format()).unwrap();
        assert!(written.contains("file \"a b\" seq 4 type i\nfile \"\\x01.aof\" seq 5 type i\n#NORN:"), "{written}");
        assert_eq!(Manifest::parse(written.as_bytes()).unwrap(), m);
    }

    #[test]
    fn names_of_a_failed_attempt_are_strays() {
        let mut m = Manifest::default();
        m.add_base("x", true);
        let mut attempt = m.clone();
        attempt.add_incr("x");
        attempt.add_base("x", true);
        m.use_up_names_of(&attempt);
        assert_eq!(m.strays(), ["x.2.base.rdb", "x.1.incr.aof"]);
        assert_eq!(m.add_incr("x").name, "x.2.incr.aof");
        assert!(attempt.strays().is_empty(), "it takes the place of the other if it succeeds");
        assert!(!m.format().windows(8).any(|w| w == b"x.1.incr"));
    }

    #[test]
    fn refuses_what_valkey_refuses() {
        refused("", "Found an empty AOF manifest", None);
        refused("\n", INVALID, Some(1));
        refused("file a seq 1 type b", "The AOF manifest file contains too long line", None);
        refused(
            &format!("file {} seq 1 type b\n", "a".repeat(1020)),
            "The AOF manifest file contains too long line",
            None,
        );
        let ok = "file a seq 1 type b\n";
        refused(&format!("{ok}file a seq 1\n"), INVALID, Some(2));
        refused(&format!("{ok}file a seq 1 type b more\n"), INVALID, Some(2));
        refused(&format!("{ok}{ok}"), "Found duplicate base file information", Some(2));
        refused("file a seq 0 type b\n", INVALID, Some(1));
        refused("file a seq x type b\n", INVALID, Some(1));
        refused("file a seq 1 type ''\n", INVALID, Some(1));
        refused("file a seq 1 type 'b\n", INVALID, Some(1));
        refused("file '' seq 1 type b\n", INVALID, Some(1));
        refused("file a seq 1 type x\n", "Unknown AOF file type", Some(1));
        refused("file a/b seq 1 type b\n", "File can't be a path, just a filename", Some(1));
        refused("file a seq 1 type i\nfile b seq 1 type i\n", "Found a non-monotonic sequence number", Some(2));
        refused("file a seq -1 type i\n", "Found a non-monotonic sequence number", Some(1));
        let e = Manifest::parse(b"# c\nfile a seq 1 type x \n").unwrap_err().to_string();
        let want = "\n*** FATAL AOF MANIFEST FILE ERROR ***\nReading the manifest file, at line 2\n\
            >>> 'file a seq 1 type x'\nUnknown AOF file type";
        assert_eq!(e, want);
    }

    #[test]
    fn a_rewrite_step_by_step() {
        let mut m = Manifest::default();
        assert!(m.is_empty());
        assert_eq!(m.add_base("f", true), "f.1.base.rdb");
        assert_eq!(m.add_incr("f").name, "f.1.incr.aof");
        let seq = m.add_incr("f").seq;
        assert_eq!(m.add_base("f", false), "f.2.base.aof");
        m.retire_incr(seq);
        assert_eq!(names(&m.incr), ["f.2.incr.aof"]);
        assert_eq!(names(&m.history), ["f.1.incr.aof", "f.1.base.rdb"]);
        let mut text = m.format();
        assert_eq!(Manifest::parse(&text).unwrap(), m);
        m.history.clear();
        text = m.format();
        assert!(text.starts_with(b"file f.2.base.aof seq 2 type b\nfile f.2.incr.aof seq 2 type i\n#NORN:"));
        let mut old = Manifest::default();
        old.take_over("f");
        assert!(old.format().starts_with(b"file f seq 1 type b\n#NORN:"));
        assert_eq!(old.add_base("f", true), "f.2.base.rdb");
    }

    #[test]
    fn a_file_to_be_removed_keeps_its_name_for_itself() {
        let text = b"file f.4.base.rdb seq 4 type b\nfile f.1.incr.aof seq 1 type h\nfile f.5.base.rdb seq 5 type h\n";
        let mut m = Manifest::parse(text).unwrap();
        assert_eq!(m.add_incr("f").name, "f.2.incr.aof");
        assert_eq!(m.add_base("f", true), "f.6.base.rdb");
        let read = Manifest::parse(&m.format()).unwrap();
        assert_eq!(read, m);
    }

    #[test]
    fn no_bit_of_a_manifest_may_rot() {
        let mut m = Manifest::default();
        m.add_base("f", true);
        m.add_incr("f");
        let text = m.format();
        for bit in 0..8 * text.len() {
            let mut rotten = text.clone();
            rotten[bit / 8] ^= 1 << (bit % 8);
            assert!(Manifest::parse(&rotten).is_err(), "{}", rotten.escape_ascii());
        }
        for more in [&b"file g seq 2 type i\n"[..], b"\n", b"\nfile g seq 2 type i\n"] {
            let more = [&text, more].concat();
            assert_eq!(Manifest::parse(&more).unwrap_err().what, BROKEN_SEAL, "{}", more.escape_ascii());
        }
        Manifest::parse(&text[..text.len() - 1]).unwrap_err();
        // Another comment is nobody's checksum.
        assert!(Manifest::parse(b"file f seq 1 type b\n#made by hand.").is_ok());
    }

    proptest! {
        #[test]
        fn any_name_comes_back(name in "[^/\\\\\0]{1,40}", seq in 1..i64::MAX) {
            let entry = Entry { name, seq, kind: Kind::Incr };
            let m = Manifest { incr: vec![entry], incr_seq: seq, ..Manifest::default() };
            prop_assert_eq!(Manifest::parse(&m.format()).unwrap(), m);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(file|seq|type|[abhi1-3 '\"#\\\\]|\n){0,60}", raw: Vec<u8>) {
            if let Ok(m) = Manifest::parse(text.as_bytes()) {
                prop_assert!(m.format().is_empty() || Manifest::parse(&m.format()).unwrap().to_load().eq(m.to_load()));
            }
            let _ = Manifest::parse(&raw);
        }
    }
}
