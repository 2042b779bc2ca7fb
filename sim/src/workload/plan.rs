//! What a seed decides about a run: a swarm of knobs, each drawn on its own, so that
//! different seeds stress different corners instead of all stressing the average.

use crate::{model::command::Key, trace::mix};
use bytes::Bytes;
use norn::base::prng::Prng;

/// See the module. Chances are in 0..1 and per command or burst, as they say.
#[derive(Clone, Debug)]
pub struct Plan {
    pub workers: usize,
    /// Databases in use.
    pub databases: usize,
    /// Number of keys of each group.
    pub groups: Vec<usize>,
    /// The keys of a group usually have different types.
    pub mixed: bool,
    /// Bytes that pad each key's name.
    key_padding: usize,
    pub machines: usize,
    pub clients: usize,
    /// Operations after which the workload ends.
    pub ops: u64,
    /// Most requests under way on a connection.
    pub window: usize,
    /// Most requests in one write.
    pub burst: usize,
    /// Longest pause between bursts (ms).
    pub think_ms: u64,
    /// Chance that a request is written inline, if it can be.
    pub inline: f64,
    /// Chance that a burst is cut into pieces, and the longest pause between them (ms).
    pub cut: f64,
    pub cut_pause_ms: u64,
    /// Chance that a unit is a transaction.
    pub transactions: f64,
    /// Chance that a list command blocks, and the longest time-out (ms).
    pub blocking: f64,
    pub block_ms: u64,
    /// Chance of waiting for ever.
    pub forever: f64,
    /// Chance that a writing command also sets or clears an expiry, and how long that is (ms).
    pub expiry: f64,
    pub ttl_ms: u64,
    /// Chance that a hash command is about the expiry of fields.
    pub field_expiry: f64,
    /// Chances of values of a few hundred bytes, a few thousand, and more than 64 KiB.
    pub medium: f64,
    pub large: f64,
    pub huge: f64,
    /// Chance that a command does not suit the type that its key usually has.
    pub mismatch: f64,
    /// Chance that a session speaks RESP3.
    pub resp3: f64,
    /// Chances that a session reads slowly, ends by half closing, ends by dropping everything.
    pub slow: f64,
    pub half_close: f64,
    pub abrupt: f64,
    /// Operations after which a session ends.
    pub session_ops: u64,
    /// Chance per burst of CLIENT KILL, CLIENT UNBLOCK or CONFIG SET.
    pub meddle: f64,
    /// Longest jump of the server's clock (ms); 0: it does not jump.
    pub clock_jump_ms: i64,
    /// Chance that trouble, when it strikes, is a client machine's crash, a cut link, a frozen server.
    pub crash: f64,
    pub link_cut: f64,
    pub freeze: f64,
    /// Longest time between two troubles (ms); 0: none.
    pub trouble_ms: u64,
    pub active_expiry: bool,
}

/// Draws from the plan's own generator.
struct Dice(Prng);

impl Dice {
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.0.below(from.len() as u64) as usize]
    }
}

impl Plan {
    /// The plan of a seed.
    pub fn draw(seed: u64) -> Plan {
        let mut d = Dice(Prng::new(seed));
        let clients = d.pick(&[2, 3, 5, 8, 12, 20, 32]);
        let keys = d.pick(&[1, 1, 2, 2, 3, 4]);
        let spread = d.pick(&[1, 2, 4, 8]);
        let groups = (clients * spread / keys).clamp(1, 64);
        let mut plan = Plan {
            workers: d.pick(&[1, 2, 3, 4]),
            databases: d.pick(&[1, 1, 2, 3]),
            groups: (0..groups).map(|_| keys).collect(),
            mixed: d.pick(&[true, false]),
            key_padding: d.pick(&[0, 0, 0, 8, 40, 300]),
            machines: d.pick(&[1, 2, 4]),
            clients,
            ops: d.pick(&[4_000, 8_000, 16_000]),
            window: d.pick(&[1, 1, 4, 16, 64, 256]),
            burst: d.pick(&[1, 2, 8, 32]),
            think_ms: d.pick(&[0, 0, 1, 10]),
            inline: d.pick(&[0.0, 0.05, 0.5]),
            cut: d.pick(&[0.0, 0.02, 0.3]),
            cut_pause_ms: d.pick(&[0, 1, 5]),
            transactions: d.pick(&[0.0, 0.05, 0.2]),
            blocking: d.pick(&[0.0, 0.1, 0.3]),
            block_ms: d.pick(&[3, 20, 200, 1_000]),
            forever: d.pick(&[0.0, 0.0, 0.05]),
            expiry: d.pick(&[0.0, 0.1, 0.4]),
            ttl_ms: d.pick(&[2, 20, 200, 2_000]),
            field_expiry: d.pick(&[0.0, 0.1, 0.4]),
            medium: d.pick(&[0.0, 0.05, 0.3]),
            large: d.pick(&[0.0, 0.0, 0.02]),
            huge: d.pick(&[0.0, 0.0, 0.0, 0.003]),
            mismatch: d.pick(&[0.0, 0.02, 0.1]),
            resp3: d.pick(&[0.0, 0.5]),
            slow: d.pick(&[0.0, 0.0, 0.1]),
            half_close: d.pick(&[0.0, 0.2]),
            abrupt: d.pick(&[0.0, 0.1, 0.5]),
            session_ops: d.pick(&[20, 200, 2_000]),
            meddle: d.pick(&[0.0, 0.002, 0.02]),
            clock_jump_ms: d.pick(&[0, 0, 50, 5_000]),
            crash: d.pick(&[0.0, 0.1]),
            link_cut: d.pick(&[0.0, 0.3]),
            freeze: d.pick(&[0.0, 0.1]),
            trouble_ms: d.pick(&[0, 30, 500]),
            active_expiry: d.pick(&[true, true, false]),
        };
        if plan.transactions > 0.0 {
            // When a field goes that is due anyway, a watcher may see it or not.
            plan.field_expiry = 0.0;
        }
        plan
    }

    /// The plan of a seed about expiry: little else happens, and the clock jumps.
    pub fn draw_expiry(seed: u64) -> Plan {
        let mut d = Dice(Prng::new(mix(seed, 1)));
        Plan {
            expiry: d.pick(&[0.2, 0.5]),
            ttl_ms: d.pick(&[2, 20, 200, 2_000]),
            field_expiry: d.pick(&[0.3, 0.8]),
            transactions: 0.0,
            meddle: 0.0,
            think_ms: d.pick(&[0, 1, 10]),
            clock_jump_ms: d.pick(&[0, 3, 50, 5_000]),
            trouble_ms: d.pick(&[5, 30, 500]),
            ..Plan::draw(seed)
        }
    }

    /// The name of a key.
    pub fn name(&self, group: usize, key: Key) -> Bytes {
        let mut name = format!("g{group}:{key}");
        name.extend(std::iter::repeat_n('.', self.key_padding));
        Bytes::from(name)
    }

    /// Whether the keys of a group hold HyperLogLogs and nothing else.
    pub fn sketches(&self, group: usize) -> bool {
        group % 6 == 5
    }

    /// Whether the keys of a group hold places and nothing else.
    pub fn maps(&self, group: usize) -> bool {
        group % 6 == 4
    }

    /// The database of a group.
    pub fn database(&self, group: usize) -> usize {
        group % self.databases
    }
}

/// True with chance `p`.
pub fn chance(rng: &mut Prng, p: f64) -> bool {
    p > 0.0 && rng.f64() < p
}

/// One of the values.
pub fn pick<T: Copy>(rng: &mut Prng, from: &[T]) -> T {
    from[rng.below(from.len() as u64) as usize]
}
