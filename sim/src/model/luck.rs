//! What is the server's choice: which member SPOP takes, which id the clock gives.
//!
//! If the client saw a reply, the model looks there and checks that the choice was one of
//! those allowed. If the reply was lost, every choice has to be tried: a number says which
//! this time, one choice after another taking its share of it.

use super::{reply::Reply, state::State};

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct Luck<'h> {
    /// What the client saw.
    seen: Option<&'h Reply>,
    /// What is left of the number that makes the choices.
    choice: usize,
    /// Between how many ways there was to choose.
    pub ways: usize,
}

impl Default for Luck<'_> {
    fn default() -> Self {
        Luck::new(None, 0)
    }
}

impl<'h> Luck<'h> {
    pub fn new(seen: Option<&'h Reply>, choice: usize) -> Luck<'h> {
        Luck { seen, choice, ways: 1 }
    }

    /// Looks at a part of what was seen of a transaction.
    pub(super) fn look_at(&mut self, seen: Option<&'h Reply>, part: usize) {
        self.seen = match seen {
            Some(Reply::Array(parts)) => parts.get(part),
            _ => None,
        };
    }

    /// What follows was not seen by this client.
    pub(super) fn look_away(&mut self) {
        self.seen = None;
    }
}

impl<'h> State<'h> {
    /// What the client saw.
    pub(super) fn seen(&self) -> Option<&'h Reply> {
        self.luck.seen
    }

    /// Chooses one of `n` ways, of which there is at least one.
    pub(super) fn choose(&mut self, n: usize) -> usize {
        let way = self.luck.choice % n;
        self.luck.choice /= n;
        self.luck.ways = self.luck.ways.saturating_mul(n);
        way
    }
}
