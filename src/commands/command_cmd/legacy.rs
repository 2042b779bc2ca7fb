//! First key, last key and step: how clients found keys before there were key specs.
//!
//! One range spec translates directly. Several consecutive single-step ranges merge into
//! one. Whatever does not fit is left out, and the command gets the flag `movablekeys`: a
//! client has to ask COMMAND GETKEYS, or read the specs.

use crate::commands::row::{Begin, Find, KeyFlags, KeySpec};

/// See the module; all zeros if there is no range.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Legacy {
    pub first: i64,
    /// Negative: counted from the end of the arguments.
    pub last: i64,
    pub step: i64,
    /// The range does not tell everything.
    pub movable: bool,
}

impl Legacy {
    /// What a command's key specs amount to.
    pub fn of(specs: &[KeySpec]) -> Legacy {
        let mut all = Legacy::default();
        for spec in specs {
            all.movable |= spec.flags.has(KeyFlags::INCOMPLETE);
            let (Begin::Index(first), Find::Range { last, step, .. }) = (spec.begin, spec.find) else {
                all.movable = true;
                continue;
            };
            let (first, step) = (i64::from(first), i64::from(step));
            let follows = all.last == 0 || all.last == first - 1;
            if specs.len() > 1 && (step != 1 || !follows) {
                all.movable = true;
                continue;
            }
            if all.first == 0 {
                (all.first, all.step) = (first, step);
            }
            all.last = if last < 0 { i64::from(last) } else { first + i64::from(last) };
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(specs: &[KeySpec]) -> (i64, i64, i64, bool) {
        let l = Legacy::of(specs);
        (l.first, l.last, l.step, l.movable)
    }

    #[test]
    fn specs_as_ranges() {
        const RO: KeyFlags = KeyFlags::RO;
        assert_eq!(of(&[]), (0, 0, 0, false));
        assert_eq!(of(&[KeySpec::at(1, RO)]), (1, 1, 1, false));
        assert_eq!(of(&[KeySpec::range(1, -1, 2, RO)]), (1, -1, 2, false));
        assert_eq!(of(&[KeySpec::at(1, RO), KeySpec::at(2, RO)]), (1, 2, 1, false));
        assert_eq!(of(&[KeySpec::at(1, RO), KeySpec::range(2, -1, 1, RO)]), (1, -1, 1, false));
        assert_eq!(of(&[KeySpec::at(1, RO), KeySpec::at(3, RO)]), (1, 1, 1, true));
        assert_eq!(of(&[KeySpec::at(1, RO), KeySpec::counted(2, RO)]), (1, 1, 1, true));
        assert_eq!(of(&[KeySpec::counted(1, RO)]), (0, 0, 0, true));
        assert_eq!(of(&[KeySpec::at(1, RO.or(KeyFlags::INCOMPLETE))]), (1, 1, 1, true));
    }
}
