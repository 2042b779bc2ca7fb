//! Differential tests: generated command sequences, every reply compared with the one of a
//! real `redis-server`.
//!
//! `NORN_DIFF_COMMANDS` sets how many commands are compared over all families,
//! `NORN_DIFF_SEED` repeats a run that found something. A difference is reported as the
//! shortest sequence that shows it, in lines for `redis-cli`. `NORN_DIFF_KNOWN=1` passes over
//! commands that ours does not know, while a family is being written.

#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

#[path = "../common/mod.rs"]
mod common;
mod compare;
mod coverage;
mod duel;
mod grammar;
mod info;
mod intended;
mod spec;
mod streams;
mod values;

use common::{Server, peer, subject};
use coverage::Tally;
use duel::Duel;
use grammar::{
    BITMAPS, BLOCKING, CONNECTION, GEO, HASHES, HYPERLOGLOGS, KEYS, LISTS, SERVER, SET_ENCODINGS, SETS, SORT, STREAMS,
    STRINGS, TRANSACTIONS, ZSETS, any_of, sequences,
};
use std::time::{SystemTime, UNIX_EPOCH};

/// Compared in a run that does not say otherwise.
const COMMANDS: usize = 500_000;
/// The tests below that share it.
const FAMILIES: usize = 13;

/// Compared of each family while it is counted what was drawn.
const DRAWN: usize = 4000;

type Family = (u32, &'static [(u32, &'static str)]);

const EVERYTHING: &[Family] = &[
    (20, STRINGS),
    (20, LISTS),
    (20, HASHES),
    (20, SETS),
    (1, SET_ENCODINGS),
    (20, ZSETS),
    (20, STREAMS),
    (5, GEO),
    (10, BITMAPS),
    (5, HYPERLOGLOGS),
    (20, KEYS),
    (5, TRANSACTIONS),
    (5, CONNECTION),
    (5, SERVER),
    (1, BLOCKING),
];

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|v| v.parse().unwrap_or_else(|_| panic!("{name}={v} is no number")))
}

/// A server of ours that keeps sets in the forms that Redis 7.0 has.
const NO_PACKED_SETS: &[&str] = &["--set-max-listpack-entries", "0"];

/// Compares the server under test with the peer on its share of the commands.
fn compare_with_peer(test: &str, families: &[Family]) {
    compare_as(test, families, NO_PACKED_SETS, &[]);
}

/// The same, of servers with options.
fn compare_as(test: &str, families: &[Family], ours: &[&str], theirs: &[&str]) {
    let Some(peer) = peer() else { return };
    let commands = variable("NORN_DIFF_COMMANDS").map_or(COMMANDS, |n| n as usize) / FAMILIES;
    let clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64;
    let seed = variable("NORN_DIFF_SEED").unwrap_or_else(clock);
    let mut duel = Duel::new((&subject(), ours), (&peer, theirs));
    duel.only_known = variable("NORN_DIFF_KNOWN") == Some(1);
    let found = duel.search(&sequences(any_of(families)), commands, seed);
    println!("{test}: {} commands compared, {} sequences unconfirmed, seed {seed}", duel.compared, duel.unconfirmed);
    if let Some(found) = found {
        panic!("{}\nagain: NORN_DIFF_SEED={seed} cargo test --test differential {test}", found.report);
    }
}

#[test]
fn strings() {
    compare_with_peer("strings", &[(10, STRINGS), (2, KEYS)]);
}

#[test]
fn lists() {
    compare_with_peer("lists", &[(20, LISTS), (4, KEYS)]);
}

#[test]
fn hashes() {
    compare_with_peer("hashes", &[(10, HASHES), (2, KEYS)]);
}

#[test]
fn sets() {
    compare_as("sets", &[(10, SETS)], &[], &[]);
}

#[test]
fn sets_that_change_form() {
    let limit = ["--set-max-intset-entries", "5"];
    let families = [(10, SETS), (1, SET_ENCODINGS), (2, KEYS)];
    compare_as("sets_that_change_form", &families, &[NO_PACKED_SETS, &limit].concat(), &limit);
}

#[test]
fn sorted_sets() {
    compare_with_peer("sorted_sets", &[(20, ZSETS), (4, KEYS)]);
}

#[test]
fn streams() {
    // Small nodes, so that approximate trimming has something to trim.
    let options = ["--stream-node-max-entries", "4"];
    compare_as("streams", &[(20, STREAMS), (1, KEYS)], &[NO_PACKED_SETS, &options].concat(), &options);
}

#[test]
fn geo() {
    compare_with_peer("geo", &[(10, GEO), (1, KEYS)]);
}

#[test]
fn sort() {
    // Not all commands on sorted sets: SORT of Redis makes a small one large.
    let data: [Family; 5] = [(8, SORT), (2, STRINGS), (2, LISTS), (2, SETS), (2, HASHES)];
    compare_with_peer("sort", &data);
}

#[test]
fn bitmaps() {
    compare_with_peer("bitmaps", &[(20, BITMAPS), (1, KEYS)]);
}

#[test]
fn hyperloglogs() {
    // A limit that is met.
    let options = ["--hll-sparse-max-bytes", "60"];
    compare_as("hyperloglogs", &[(20, HYPERLOGLOGS), (1, KEYS)], &[NO_PACKED_SETS, &options].concat(), &options);
}

#[test]
fn transactions() {
    let data: [Family; 6] = [(2, STRINGS), (2, LISTS), (2, HASHES), (2, SETS), (2, ZSETS), (2, KEYS)];
    compare_with_peer("transactions", &[&data[..], &[(4, TRANSACTIONS)]].concat());
}

#[test]
fn everything() {
    compare_with_peer("everything", EVERYTHING);
}

/// What is drawn from one seed, and that one server alone takes it for what it is meant to be.
#[test]
fn everything_the_peer_knows_is_drawn() {
    let Some(peer) = peer() else { return };
    let mut tally = Tally::new(&mut Server::start(&peer, &[]).client());
    // A family at a time: what takes several commands to get to is got to.
    let blocking: &[Family] = &[(1, BLOCKING), (4, LISTS), (4, ZSETS), (4, STREAMS)];
    let sort: &[Family] = &[(8, SORT), (2, STRINGS), (2, LISTS), (2, SETS)];
    let alone = EVERYTHING.iter().filter(|family| family.1 != BLOCKING).map(std::slice::from_ref);
    // The words of streams need a group, a consumer and an entry that is pending.
    let streams: [&[Family]; 4] = [&[(1, STREAMS)]; 4];
    let rounds = alone.chain([blocking, sort]).chain(streams).map(|families| ("noeviction", families));
    // What the policy decides: OBJECT FREQ.
    let rounds = rounds.chain([("allkeys-lfu", &[(1, STRINGS), (1, KEYS)][..])]);
    for (seed, (policy, families)) in rounds.enumerate() {
        let options = ["--maxmemory-policy", policy];
        let mut duel = Duel::new((&subject(), &[NO_PACKED_SETS, &options].concat()), (&peer, &options));
        duel.tally = Some(tally);
        let data: &[Family] = &[(1, STRINGS)];
        if let Some(found) = duel.search(&sequences(any_of(&[families, data].concat())), DRAWN, seed as u64) {
            panic!("{}", found.report);
        }
        tally = duel.tally.expect("it was put there");
    }
    let complaints = tally.complaints(&mut Server::start(&subject(), &[]).client());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    println!("{} commands, subcommands and options drawn and accepted", tally.count());
}

/// The comparison must be able to pass ...
#[test]
fn a_server_equals_itself() {
    let Some(peer) = peer() else { return };
    let mut duel = Duel::new((&peer, &[]), (&peer, &[]));
    if let Some(found) = duel.search(&sequences(any_of(EVERYTHING)), 5000, 1) {
        panic!("{}", found.report);
    }
}

/// ... and to fail, with the shortest sequence.
#[test]
fn a_planted_difference_is_found_and_shrunk() {
    let Some(peer) = peer() else { return };
    let planted = ["--hash-max-listpack-entries", "3"];
    let mut duel = Duel::new((&peer, &planted), (&peer, &[]));
    let found = duel.search(&sequences(any_of(&[(1, HASHES)])), 20_000, 1).expect("a difference");
    let last = found.sequence.last().expect("a sequence");
    assert!(last[0].eq_ignore_ascii_case(b"OBJECT"), "{}", found.report);
    // Four fields must come in, in one command or several; and then the question.
    assert!((2..=5).contains(&found.sequence.len()), "{}", found.report);
    assert!(found.report.contains("peer: \"listpack\""), "{}", found.report);
}
