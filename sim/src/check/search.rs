//! Linearizability: is there one order of all operations that explains every reply?
//!
//! The order must respect time: an operation that was through before another was taken up
//! comes first, and so does an earlier one of the same connection. The search (Wing and
//! Gong's, with Lowe's memory of visited configurations) builds such an order from the front
//! and backtracks when the model replies otherwise than the server did. Three things keep it
//! quick: groups are small, because no command names keys of two; an operation that fits and
//! changes nothing is taken at once, because taking it later could not help; and what was
//! taken up first is tried first, which mostly is the only way.
//!
//! A blocking operation has two moments: it begins to wait, and it is served by somebody
//! else's or gives up. Both are placed in the order, so that who is served first is checked.

use super::{
    history::{Group, History, Op},
    lanes::{Lane, lanes},
};
use crate::model::{
    Calendar, Command, Luck, Reply, State,
    command::Key,
    reply::UNBLOCKED,
    state::{Call, Doom, Fate, KeySet, LATE, Lane as LaneId, Outcome, field_bit},
};
use norn::base::hash::HashSet;
use smallvec::SmallVec;
use std::hash::{BuildHasher, Hash, Hasher};

/// Configurations remembered, after which a search gives up.
const MOST_CONFIGURATIONS: usize = 4_000_000;

/// What a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Linearizable {
        steps: u64,
    },
    /// No order explains the replies; how far the best one came.
    Violation(String),
    /// The search was too large; how far the best order came.
    Undecided(String),
}

/// How far an order has come.
#[derive(Clone)]
struct Config<'h> {
    /// Operations of each lane in the order so far.
    done: SmallVec<[u32; 32]>,
    total: u32,
    state: State<'h>,
}

/// How an order may go on.
#[derive(Clone, Copy)]
enum Move {
    /// The lane's next operation is executed, time having done this, the server having made
    /// this choice among those it had, if nobody saw which.
    Run { lane: LaneId, doom: Doom, choice: usize },
    /// The lane's waiting client gives up.
    GiveUp { lane: LaneId },
    /// The time of a key has come, while the lane's client waits and minds.
    Lose { lane: LaneId, key: Key },
}

type Moves = SmallVec<[(u64, Move); 4]>;

struct Frame<'h> {
    config: Config<'h>,
    moves: Moves,
    next: usize,
}

struct Search<'h> {
    group: &'h Group,
    calendar: &'h Calendar,
    lanes: Vec<Lane<'h>>,
    seen: HashSet<u64>,
    steps: u64,
    /// The longest order that could not go on.
    best: Option<Config<'h>>,
}

/// Checks one group of a settled history.
pub fn check(history: &History, group: usize) -> Verdict {
    let group = &history.groups[group];
    let lanes = lanes(history, group);
    let calendar = &history.calendar;
    Search { group, calendar, lanes, seen: HashSet::default(), steps: 0, best: None }.run()
}

impl<'h> Search<'h> {
    fn run(&mut self) -> Verdict {
        let first =
            Config { done: self.lanes.iter().map(|_| 0).collect(), total: 0, state: State::new(self.group.keys) };
        let mut stack = vec![self.frame(first)];
        while let Some(top) = stack.last_mut() {
            let Some(&(_, mv)) = top.moves.get(top.next) else {
                if top.moves.is_empty() && self.complete(&top.config) {
                    return Verdict::Linearizable { steps: self.steps };
                }
                let stuck = stack.pop().expect("it has a top");
                self.remember(stuck.config);
                continue;
            };
            top.next += 1;
            self.steps += 1;
            let mut config = top.config.clone();
            let fits = self.perform(&mut config, mv);
            if let Move::Run { lane, doom, choice } = mv
                && choice + 1 < config.state.luck.ways
            {
                let other = Move::Run { lane, doom, choice: choice + 1 };
                top.moves.insert(top.next, (0, other));
            }
            let branches = top.moves.len() > 1;
            if !fits {
                continue;
            }
            if !config.state.changed && self.is_inert(&top.config, mv) {
                // Nothing is lost by taking it now.
                *top = self.frame(config);
                continue;
            }
            if branches && !self.seen.insert(fingerprint(&config)) {
                continue;
            }
            if self.seen.len() > MOST_CONFIGURATIONS {
                self.remember(config);
                return Verdict::Undecided(self.explain());
            }
            let frame = self.frame(config);
            stack.push(frame);
        }
        Verdict::Violation(self.explain())
    }

    fn remember(&mut self, stuck: Config<'h>) {
        if self.best.as_ref().is_none_or(|b| b.total < stuck.total) {
            self.best = Some(stuck);
        }
    }

    fn frame(&self, config: Config<'h>) -> Frame<'h> {
        let moves = self.moves(&config);
        Frame { config, moves, next: 0 }
    }

    fn complete(&self, c: &Config) -> bool {
        self.lanes.iter().zip(&c.done).all(|(l, done)| *done as usize == l.len())
    }

    /// Every way to go on, the most promising first.
    fn moves(&self, c: &Config<'h>) -> Moves {
        let mut moves = Moves::new();
        // Nothing may be put before an operation that was through before it was taken up.
        let mut first_end = u64::MAX;
        for (i, (lane, done)) in self.lanes.iter().zip(&c.done).enumerate() {
            if let Some(op) = lane.get(*done as usize) {
                let end = if c.state.is_waiting(i as LaneId) { op.done } else { op.begun };
                first_end = first_end.min(end.number);
            }
        }
        for (i, (lane, done)) in self.lanes.iter().zip(&c.done).enumerate() {
            let Some(op) = lane.get(*done as usize).filter(|op| op.from.number <= first_end) else { continue };
            let id = i as LaneId;
            if !c.state.is_waiting(id) {
                self.fates(c, op, |doom| moves.push((op.begun.number, Move::Run { lane: id, doom, choice: 0 })));
                continue;
            }
            if op.reply().is_none_or(gave_up) {
                moves.push((op.done.number, Move::GiveUp { lane: id }));
            }
            if op.command.minds_loss() {
                let while_waiting = self.calendar.span(op.from.ns, op.done.ns);
                op.command.each_key(&mut |key| {
                    if c.state.fate(key, &while_waiting, self.calendar) != Fate::Alive {
                        moves.push((op.done.number, Move::Lose { lane: id, key }));
                    }
                });
            }
        }
        moves.sort_by_key(|m| m.0);
        moves
    }

    /// Calls `f` with everything that time may have done when an operation is executed.
    fn fates(&self, c: &Config, op: &Op, mut f: impl FnMut(Doom)) {
        let at = &op.span;
        let deadline_ms = op.command.deadline_ms().unwrap_or(i64::MAX);
        if !c.state.expires() && deadline_ms > at.high_ms {
            return f(Doom::default());
        }
        let (mut gone, mut either, mut hidden, mut unclear): (KeySet, KeySet, KeySet, KeySet) = (0, 0, 0, 0);
        if deadline_ms <= at.low_ms {
            gone |= LATE;
        } else if deadline_ms <= at.high_ms {
            either |= LATE;
        }
        op.command.each_field(&mut |k, f| match c.state.field_fate(k, f, at, self.calendar) {
            Fate::Alive => {}
            Fate::Gone => hidden |= field_bit(k, f),
            Fate::Unclear => unclear |= field_bit(k, f),
            Fate::Either => either |= field_bit(k, f),
        });
        let mut look = |k: u8| match c.state.fate(k, at, self.calendar) {
            Fate::Alive => {}
            Fate::Gone => gone |= 1 << k,
            Fate::Either | Fate::Unclear => either |= 1 << k,
        };
        op.command.each_key(&mut look);
        c.state.each_waited(&mut look);
        if matches!(op.command, Command::Exec(_)) {
            c.state.watching.iter().filter(|w| w.conn == op.conn).for_each(|w| look(w.key));
        }
        let mut subset: KeySet = 0;
        loop {
            f(Doom { gone: gone | subset & either, hidden: hidden | subset & unclear });
            // The next subset of what is uncertain.
            subset = subset.wrapping_sub(either | unclear) & (either | unclear);
            if subset == 0 {
                break;
            }
        }
    }

    /// The operation that a move is about.
    fn op(&self, c: &Config, mv: Move) -> (LaneId, &'h Op) {
        let (Move::Run { lane, .. } | Move::GiveUp { lane } | Move::Lose { lane, .. }) = mv;
        (lane, self.lanes[lane as usize][c.done[lane as usize] as usize])
    }

    /// Makes a move; false if it contradicts a reply.
    fn perform(&self, c: &mut Config<'h>, mv: Move) -> bool {
        let (lane, op) = self.op(c, mv);
        match mv {
            Move::GiveUp { .. } => {
                c.state.stop_waiting(lane);
                c.state.changed = true;
                self.advance(c, lane);
                return true;
            }
            Move::Lose { key, .. } => c.state.lose(key, &op.span),
            Move::Run { doom, choice, .. } => {
                let call = Call { lane, conn: op.conn, command: &op.command, at: &op.span };
                if let Outcome::Reply(reply) = c.state.apply(&call, doom, Luck::new(op.reply(), choice)) {
                    if op.reply().is_some_and(|seen| !reply.allows(seen)) {
                        return false;
                    }
                    self.advance(c, lane);
                }
            }
        }
        for (served, reply) in std::mem::take(&mut c.state.served) {
            let op = self.lanes[served as usize][c.done[served as usize] as usize];
            if op.reply().is_some_and(|seen| !reply.allows(seen)) {
                return false;
            }
            self.advance(c, served);
        }
        true
    }

    /// Whether a move can change nothing, now or later.
    fn is_inert(&self, c: &Config, mv: Move) -> bool {
        let (_, op) = self.op(c, mv);
        matches!(mv, Move::Run { .. }) && op.reply().is_some_and(|reply| op.command.was_inert(reply))
    }

    /// Counts a lane's operation as done. What a connection watches ends with it.
    fn advance(&self, c: &mut Config, lane: LaneId) {
        let ops = &self.lanes[lane as usize];
        let done = &mut c.done[lane as usize];
        let conn = ops[*done as usize].conn;
        *done += 1;
        c.total += 1;
        if !c.state.watching.is_empty() && ops.get(*done as usize).is_none_or(|next| next.conn != conn) {
            c.state.unwatch(conn);
        }
    }

    /// Says where the longest order got stuck.
    fn explain(&mut self) -> String {
        let Some(best) = self.best.take() else { return "no first operation fits".into() };
        let mut text = format!("no order explains the replies; the best explains {} operations\n", best.total);
        for k in 0..self.group.keys {
            text += &format!("  then key {k}: {:?}\n", best.state.peek(k as u8));
        }
        text += &format!("  watching: {:?}, waiting: {:?}\n", best.state.watching, best.state.waiting);
        for (_, mv) in self.moves(&best) {
            let (lane, op) = self.op(&best, mv);
            text += &format!("  {}\n", describe(op));
            if let Move::Run { doom, choice, .. } = mv {
                let mut state = best.state.clone();
                let call = Call { lane, conn: op.conn, command: &op.command, at: &op.span };
                let expected = state.apply(&call, doom, Luck::new(op.reply(), choice));
                text += &format!("    expected {expected:?} after {doom:?}\n");
                for (lane, reply) in &state.served {
                    let op = self.lanes[*lane as usize][best.done[*lane as usize] as usize];
                    text += &format!("    serving {reply:?} to {}\n", describe(op));
                }
            }
        }
        text += "  operations around, * being part of that order:\n";
        let mut near: Vec<(&Op, bool)> = Vec::new();
        for (lane, done) in self.lanes.iter().zip(&best.done) {
            near.extend(lane.iter().enumerate().map(|(i, op)| (*op, i < *done as usize)));
        }
        near.sort_by_key(|(op, _)| op.begun.number);
        let latest = near.iter().rposition(|(_, part)| *part).map_or(0, |i| i + 1);
        near.truncate(latest + 10);
        for (op, part) in near.iter().rev().take(40).rev() {
            text += &format!("  {} {}\n", if *part { '*' } else { ' ' }, describe(op));
        }
        text
    }
}

fn describe(op: &Op) -> String {
    let Op { conn, command, from, begun, done, span, .. } = op;
    let (low, high) = (span.low_ms, span.high_ms);
    let when = format!("{}..{}..{} at {low}..{high}", from.number, begun.number, done.number);
    format!("conn {conn} {when}: {command:?} -> {:?}", op.reply())
}

/// Whether a blocking command's reply says that nobody served it.
fn gave_up(reply: &Reply) -> bool {
    reply.is_nil() || matches!(reply, Reply::Error(text) if text == UNBLOCKED)
}

fn fingerprint(c: &Config) -> u64 {
    let mut h = norn::base::hash::MapState::with_seed(1).build_hasher();
    c.done.hash(&mut h);
    c.state.hash(&mut h);
    h.finish()
}
