//! `notify-keyspace-events`: which events are published, one letter per class.

use super::directive::Kind;
use super::value::{Line, Value};
use crate::base::split;

/// A set of event classes and of the two channels they are published on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotifyFlags(u16);

impl NotifyFlags {
    pub const NONE: NotifyFlags = NotifyFlags(0);
    /// `K`: publish on `__keyspace@N__:key`.
    pub const KEYSPACE: NotifyFlags = NotifyFlags(1 << 0);
    /// `E`: publish on `__keyevent@N__:event`.
    pub const KEYEVENT: NotifyFlags = NotifyFlags(1 << 1);
    /// `g`: commands of no particular type, such as DEL and RENAME.
    pub const GENERIC: NotifyFlags = NotifyFlags(1 << 2);
    /// `$`
    pub const STRING: NotifyFlags = NotifyFlags(1 << 3);
    /// `l`
    pub const LIST: NotifyFlags = NotifyFlags(1 << 4);
    /// `s`
    pub const SET: NotifyFlags = NotifyFlags(1 << 5);
    /// `h`
    pub const HASH: NotifyFlags = NotifyFlags(1 << 6);
    /// `z`
    pub const ZSET: NotifyFlags = NotifyFlags(1 << 7);
    /// `x`: a key expired.
    pub const EXPIRED: NotifyFlags = NotifyFlags(1 << 8);
    /// `e`: a key was evicted.
    pub const EVICTED: NotifyFlags = NotifyFlags(1 << 9);
    /// `t`
    pub const STREAM: NotifyFlags = NotifyFlags(1 << 10);
    /// `m`: a key was looked up and not found.
    pub const KEY_MISS: NotifyFlags = NotifyFlags(1 << 11);
    /// `d`
    pub const MODULE: NotifyFlags = NotifyFlags(1 << 13);
    /// `n`: a key was created.
    pub const NEW: NotifyFlags = NotifyFlags(1 << 14);
    /// `A`: every class but `m` and `n`.
    pub const ALL: NotifyFlags = NotifyFlags(0b10_0111_1111_1100);

    /// Letters in the order they are printed.
    const LETTERS: [(u8, NotifyFlags); 14] = [
        (b'g', Self::GENERIC),
        (b'$', Self::STRING),
        (b'l', Self::LIST),
        (b's', Self::SET),
        (b'h', Self::HASH),
        (b'z', Self::ZSET),
        (b'x', Self::EXPIRED),
        (b'e', Self::EVICTED),
        (b't', Self::STREAM),
        (b'd', Self::MODULE),
        (b'n', Self::NEW),
        (b'K', Self::KEYSPACE),
        (b'E', Self::KEYEVENT),
        (b'm', Self::KEY_MISS),
    ];

    /// Whether every flag of `other` is set.
    #[inline]
    pub const fn contains(self, other: NotifyFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether events of this class are published at all.
    #[inline]
    pub const fn wants(self, class: NotifyFlags) -> bool {
        self.0 & class.0 != 0 && self.0 & (Self::KEYSPACE.0 | Self::KEYEVENT.0) != 0
    }

    /// Whether events of any class may be published.
    #[inline]
    pub const fn wants_any(self) -> bool {
        self.0 & (Self::KEYSPACE.0 | Self::KEYEVENT.0) != 0
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: NotifyFlags) -> NotifyFlags {
        NotifyFlags(self.0 | other.0)
    }

    /// The set that letters spell; `None` if one of them is unknown.
    pub fn from_letters(letters: &[u8]) -> Option<NotifyFlags> {
        letters.iter().try_fold(Self::NONE, |set, letter| {
            let all = (b'A', Self::ALL);
            let (_, flag) = Self::LETTERS.into_iter().chain([all]).find(|(l, _)| l == letter)?;
            Some(set.with(flag))
        })
    }

    /// The letters of the set in canonical order, `A` standing for its classes when all are present.
    pub fn letters(self) -> String {
        let all = self.contains(Self::ALL);
        let rest = Self::LETTERS
            .iter()
            .filter(|(_, flag)| self.contains(*flag) && !(all && Self::ALL.contains(*flag)))
            .map(|(letter, _)| char::from(*letter));
        all.then_some('A').into_iter().chain(rest).collect()
    }
}

impl Value for NotifyFlags {
    fn parse(&mut self, words: &[&[u8]], _: &Kind) -> Result<(), String> {
        *self = Self::from_letters(words[0]).ok_or("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")?;
        Ok(())
    }

    fn print(&self, _: &Kind) -> Vec<u8> {
        self.letters().into_bytes()
    }

    fn lines(&self, _: &Self, _: &Kind) -> Vec<Line> {
        let mut text = Vec::new();
        split::quoted(self.letters().as_bytes(), &mut text);
        vec![Line { text, force: *self != Self::NONE }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(letters: &str) -> Option<String> {
        NotifyFlags::from_letters(letters.as_bytes()).map(NotifyFlags::letters)
    }

    #[test]
    fn prints_in_canonical_order() {
        assert_eq!(canonical("KEA").as_deref(), Some("AKE"));
        assert_eq!(canonical("mE$g").as_deref(), Some("g$Em"));
        assert_eq!(canonical("g$lshzxetd").as_deref(), Some("A"));
        assert_eq!(canonical("AnKEm").as_deref(), Some("AnKEm"));
        assert_eq!(canonical("").as_deref(), Some(""));
        assert_eq!(canonical("Kq"), None);
    }

    #[test]
    fn every_set_survives_its_letters() {
        for bits in 0..1 << 15u16 {
            let set = NotifyFlags(bits & !(1 << 12));
            assert_eq!(NotifyFlags::from_letters(set.letters().as_bytes()), Some(set));
        }
    }
}
