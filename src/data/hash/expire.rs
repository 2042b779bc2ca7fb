//! Taking away the fields whose time has passed.
//!
//! There is no index by time. A pass goes over the fields with an expiry in slices, removes
//! those that are due, and notes the earliest expiry among the others, together with any
//! that is set while the pass is under way. When it has been all around, that is a lower
//! bound for every field, and until it passes nothing needs to be looked for.

use super::HashTable;
use super::field::is_due;

/// Stands for "no expiry known".
const NONE: u64 = u64::MAX;

/// A lower bound of all expiries of a hash, and the pass that improves it.
#[derive(Debug)]
pub(super) struct ExpiryHint {
    bound_ms: u64,
    /// Where the pass goes on; 0 when none is under way.
    cursor: u64,
    /// The earliest expiry that the pass has left behind it.
    behind_ms: u64,
}

impl ExpiryHint {
    pub fn new() -> ExpiryHint {
        ExpiryHint { bound_ms: NONE, cursor: 0, behind_ms: NONE }
    }
}

impl HashTable {
    /// Notes that some field is about to be given this expiry.
    #[inline]
    pub(super) fn note_expiry(&mut self, expiry_ms: Option<u64>) {
        let Some(at) = expiry_ms else { return };
        if self.expiring() == 0 {
            self.hint = ExpiryHint::new();
        }
        self.hint.bound_ms = self.hint.bound_ms.min(at);
        self.hint.behind_ms = self.hint.behind_ms.min(at);
    }

    /// A time no later than the earliest expiry of any field, in Unix milliseconds; `None` if
    /// no field has one.
    pub fn next_expiry_ms(&self) -> Option<u64> {
        (self.expiring() > 0).then_some(self.hint.bound_ms)
    }

    /// Number of stored fields that are not due. Constant time while nothing is due.
    pub fn live_len(&self, now_ms: u64) -> usize {
        if self.next_expiry_ms().is_none_or(|at| at >= now_ms) {
            return self.len();
        }
        let (mut due, mut cursor) = (0, 0);
        loop {
            cursor = self.table.scan_tagged(cursor, |field| due += usize::from(field.entry().is_due(now_ms)));
            if cursor == 0 {
                return self.len() - due;
            }
        }
    }

    /// Removes `field` if it is due; whether it was.
    pub fn remove_due(&mut self, field: &[u8], now_ms: u64) -> bool {
        self.expiring() > 0 && is_due(self.expiry_ms(field), now_ms) && self.del(field)
    }

    /// Removes due fields, each shown to `removed` (name, value) before it goes, until there
    /// are none or `budget` fields with an expiry were looked at. Goes on where it stopped
    /// the last time. Returns how many were removed; if fields are due still, the bound that
    /// `next_expiry_ms` tells has passed.
    pub fn expire(&mut self, now_ms: u64, budget: usize, mut removed: impl FnMut(&[u8], &[u8])) -> usize {
        let (mut looked_at, mut count) = (0, 0);
        let mut due: Vec<Vec<u8>> = Vec::new();
        while looked_at < budget && self.next_expiry_ms().is_some_and(|at| at < now_ms) {
            let mut left_ms = NONE;
            let mut seen = 0;
            let next = self.table.scan_tagged(self.hint.cursor, |field| {
                seen += 1;
                let entry = field.entry();
                if entry.is_due(now_ms) {
                    removed(entry.field, entry.value);
                    due.push(entry.field.to_vec());
                } else if let Some(at) = entry.expiry_ms {
                    left_ms = left_ms.min(at);
                }
            });
            // A step that finds nothing is work too.
            looked_at += seen.max(1);
            count += due.len();
            for field in due.drain(..) {
                self.del(&field);
            }
            self.hint.cursor = next;
            self.hint.behind_ms = self.hint.behind_ms.min(left_ms);
            if next == 0 {
                self.hint.bound_ms = self.hint.behind_ms;
                self.hint.behind_ms = NONE;
            }
        }
        count
    }
}
