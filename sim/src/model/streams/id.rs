//! Ids of stream entries.

use bytes::Bytes;

/// Milliseconds and a sequence number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id {
    pub ms: u64,
    pub seq: u64,
}

impl Id {
    pub const MIN: Id = Id { ms: 0, seq: 0 };
    pub const MAX: Id = Id { ms: u64::MAX, seq: u64::MAX };

    pub fn new(ms: u64, seq: u64) -> Id {
        Id { ms, seq }
    }

    /// The least greater id. (The workload stays far from the greatest.)
    pub fn next(self) -> Id {
        Id { seq: self.seq + 1, ..self }
    }

    /// The greatest smaller id; none before the first.
    pub fn prev(self) -> Option<Id> {
        match (self.ms, self.seq) {
            (0, 0) => None,
            (ms, 0) => Some(Id { ms: ms - 1, seq: u64::MAX }),
            (ms, seq) => Some(Id { ms, seq: seq - 1 }),
        }
    }

    /// As servers write it.
    pub fn text(self) -> Bytes {
        Bytes::from(format!("{}-{}", self.ms, self.seq))
    }

    /// The id of a text.
    pub fn parse(text: &[u8]) -> Option<Id> {
        let (ms, seq) = std::str::from_utf8(text).ok()?.split_once('-')?;
        Some(Id { ms: ms.parse().ok()?, seq: seq.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_texts_and_neighbours() {
        let id = Id::new(17, 0);
        assert_eq!(Id::parse(&id.text()), Some(id));
        assert_eq!(Id::parse(b"v12"), None);
        assert_eq!((id.next().prev(), Id::MIN.prev()), (Some(id), None));
        assert_eq!(id.prev(), Some(Id::new(16, u64::MAX)));
    }
}
