//! Two servers given the same commands.
//!
//! Each sequence begins with both servers empty and the connection reset, goes out in one
//! write to each, and every reply is compared. A sequence whose replies differ is shrunk by
//! proptest to one from which nothing can be left out.

use super::common::{Client, Server, Value};
use super::compare::first_difference;
use super::coverage::Tally;
use super::spec::Command;
use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::path::{Path, PathBuf};
use std::{fmt::Write, io};

/// Steps after which the shortest sequence found so far is good enough.
const MAX_SHRINKS: usize = 5000;

/// One of the two: its process and a connection, both renewed when lost.
struct Side {
    binary: PathBuf,
    options: Vec<String>,
    server: Server,
    client: Option<Client>,
}

impl Side {
    fn new(binary: &Path, options: &[&str]) -> Side {
        Side {
            binary: binary.to_owned(),
            options: options.iter().map(|&option| option.to_owned()).collect(),
            server: Server::start(binary, options),
            client: None,
        }
    }

    fn replies(&mut self, sequence: &[Command]) -> io::Result<Vec<Value>> {
        if !self.server.alive() {
            let options: Vec<&str> = self.options.iter().map(String::as_str).collect();
            self.server = Server::start(&self.binary, &options);
            self.client = None;
        }
        let mut client = match self.client.take() {
            Some(client) => client,
            None => Client::connect(self.server.port)?,
        };
        let replies = client.pipeline(sequence)?;
        // Only a connection that is in step is used again.
        self.client = Some(client);
        Ok(replies)
    }
}

/// The two servers.
pub struct Duel {
    ours: Side,
    peer: Side,
    /// Commands compared so far.
    pub compared: usize,
    /// Sequences that differed once and then not again.
    pub unconfirmed: usize,
    /// Whether a command that ours does not know is passed over: for the time in which a
    /// family is being written.
    pub only_known: bool,
    /// What the peer accepted, counted while it is set.
    pub tally: Option<Tally>,
}

/// A sequence that shows a difference, and how it was found.
pub struct Finding {
    pub sequence: Vec<Command>,
    pub report: String,
}

impl Duel {
    pub fn new(ours: (&Path, &[&str]), peer: (&Path, &[&str])) -> Duel {
        Duel {
            ours: Side::new(ours.0, ours.1),
            peer: Side::new(peer.0, peer.1),
            compared: 0,
            unconfirmed: 0,
            only_known: false,
            tally: None,
        }
    }

    /// Runs `sequence` on both; what differs, as text.
    fn run(&mut self, sequence: &[Command]) -> Result<(), String> {
        let reset = [vec![b"RESET".to_vec()], vec![b"FLUSHALL".to_vec()]];
        let whole: Vec<Command> = reset.iter().chain(sequence).cloned().collect();
        let peer = self.peer.replies(&whole).map_err(|e| format!("the peer failed: {e}"))?;
        let ours = self.ours.replies(&whole).map_err(|e| {
            let fate = if self.ours.server.alive() { "goes on" } else { "has ended" };
            format!("no reply from ours: {e}; the process {fate}:\n{}", self.ours.server.output())
        })?;
        self.compared += sequence.len();
        if let Some(tally) = &mut self.tally {
            tally.note(&whole, &peer);
        }
        match first_difference(&whole, &ours, &peer) {
            None => Ok(()),
            // What follows is not compared: without the command, the data differ too.
            Some(found) if self.only_known && is_unknown(&found.ours) => Ok(()),
            Some(found) => {
                Err(format!("{}\n  peer: {:?}\n  ours: {:?}", shell_line(&whole[found.at]), found.peer, found.ours))
            }
        }
    }

    /// Generates sequences until about `commands` commands have been compared, or one of them
    /// shows a difference, which is then shrunk.
    pub fn search(&mut self, sequences: &BoxedStrategy<Vec<Command>>, commands: usize, seed: u64) -> Option<Finding> {
        // Every choice begins a generator of its own, which takes ChaCha most of a run's time.
        let mut bytes = [1; 16];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::XorShift, &bytes);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        while self.compared < commands {
            let tree = sequences.new_tree(&mut runner).expect("a sequence");
            let sequence = tree.current();
            let Err(mut reason) = self.run(&sequence) else {
                continue;
            };
            // EXPIRE with GT may see a millisecond pass on one of the servers only: replies
            // must differ again to count. A lost connection counts at once.
            if self.ours.client.is_some() {
                match self.run(&sequence).and_then(|()| self.run(&sequence)) {
                    Err(again) => reason = again,
                    Ok(()) => {
                        self.unconfirmed += 1;
                        continue;
                    }
                }
            }
            return Some(self.shrink(tree, sequence, reason));
        }
        None
    }

    /// Walks down `tree` as long as what is left still shows a difference.
    fn shrink(
        &mut self,
        mut tree: impl ValueTree<Value = Vec<Command>>,
        mut sequence: Vec<Command>,
        mut reason: String,
    ) -> Finding {
        let mut on = tree.simplify();
        for _ in 0..MAX_SHRINKS {
            if !on {
                break;
            }
            let smaller = tree.current();
            on = match self.run(&smaller) {
                Err(why) => {
                    (sequence, reason) = (smaller, why);
                    tree.simplify()
                }
                Ok(()) => tree.complicate(),
            };
        }
        let report = report(&sequence, &reason);
        Finding { sequence, report }
    }
}

fn is_unknown(reply: &Value) -> bool {
    matches!(reply, Value::Error(text) if text.starts_with(b"ERR unknown "))
}

fn report(sequence: &[Command], reason: &str) -> String {
    let mut text = format!("{} commands show a difference:\n\n", sequence.len());
    for command in sequence {
        let _ = writeln!(text, "  {}", shell_line(command));
    }
    let _ = write!(text, "\nat {reason}\n");
    text
}

/// A command as one would type it into `redis-cli`.
pub fn shell_line(command: &Command) -> String {
    let plain = |arg: &[u8]| !arg.is_empty() && arg.iter().all(|b| b.is_ascii_graphic() && !b"\"'\\".contains(b));
    let quote = |arg: &Vec<u8>| {
        if plain(arg) {
            return String::from_utf8_lossy(arg).into_owned();
        }
        format!("\"{}\"", arg.escape_ascii().to_string().replace("\\'", "'"))
    };
    command.iter().map(quote).collect::<Vec<_>>().join(" ")
}
