//! The members that sets and sorted sets can have: numbers, in the order of their names.
//!
//! There are few, so that commands meet; some are integers and some are long, so that values
//! pass through every encoding.

use bytes::Bytes;

/// A member's number.
pub type Member = u8;
/// A set of members, a bit each.
pub type MemberSet = u16;

/// The first so many are integers,
pub const INTEGERS: Member = 6;
/// so many are short,
pub const SHORT: Member = 14;
/// and so many there are.
pub const MEMBERS: Member = 16;

const LONG: [&[u8]; 2] = [&[b'x'; 66], &[b'y'; 300]];
const NAMES: [&[u8]; MEMBERS as usize] = [
    b"-17",
    b"0",
    b"123456",
    b"4294967296",
    b"7",
    b"9",
    b"a",
    b"a\0b",
    b"alpha",
    b"b",
    b"beta",
    b"gamma",
    b"member:00000012",
    b"w",
    LONG[0],
    LONG[1],
];

/// A member's name.
pub fn name(m: Member) -> Bytes {
    Bytes::from_static(NAMES[m as usize])
}

/// The member of a name.
pub fn number(name: &[u8]) -> Option<Member> {
    NAMES.iter().position(|n| *n == name).map(|i| i as Member)
}

/// The set of some members.
pub fn set_of(members: &[Member]) -> MemberSet {
    members.iter().fold(0, |set, m| set | 1 << m)
}

/// A set's members in order.
pub fn iter(set: MemberSet) -> impl Iterator<Item = Member> + Clone {
    (0..MEMBERS).filter(move |m| set & 1 << m != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_the_order_of_names() {
        assert!(NAMES.is_sorted());
        for m in 0..MEMBERS {
            assert_eq!(number(&name(m)), Some(m));
            let integer = std::str::from_utf8(&name(m)).is_ok_and(|n| n.parse::<i64>().is_ok());
            assert_eq!((integer, name(m).len() <= 64), (m < INTEGERS, m < SHORT), "{m}");
        }
        assert_eq!(iter(set_of(&[3, 1, 3])).collect::<Vec<_>>(), [1, 3]);
    }
}
