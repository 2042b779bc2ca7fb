//! A group's operations as lanes: sequences that were certainly executed in order.
//!
//! A connection executes in order, and one that ended before another began precedes it: so
//! the operations of many connections share a lane.

use super::history::{Group, History, Op};

/// A sequence of operations.
pub(super) type Lane<'h> = Vec<&'h Op>;

/// The lanes of a group.
pub(super) fn lanes<'h>(history: &'h History, group: &'h Group) -> Vec<Lane<'h>> {
    let mut conns: Vec<Lane> = vec![Vec::new(); history.conns as usize];
    for op in &group.ops {
        conns[op.conn as usize].push(op);
    }
    conns.retain(|ops| !ops.is_empty());
    conns.sort_by_key(|ops| ops[0].from);
    let mut lanes: Vec<Lane> = Vec::new();
    for ops in conns {
        let free = lanes.iter_mut().find(|l| l.last().is_none_or(|last| last.done < ops[0].from));
        match free {
            Some(lane) => lane.extend(ops),
            None => lanes.push(ops),
        }
    }
    lanes
}
