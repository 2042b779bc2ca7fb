//! Ranges of sorted sets: by rank, by score, by name.

use super::Score;
use crate::model::{
    encode::Words,
    members::{Member, name},
    strings::span,
};

/// An edge of a range of scores or names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge<T> {
    /// Before everything.
    First,
    /// Behind everything.
    Last,
    With(T),
    Without(T),
}

/// What a range is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Rank(i64, i64),
    Score(Edge<Score>, Edge<Score>),
    /// Means something only if all scores are the same.
    Lex(Edge<Member>, Edge<Member>),
}

/// LIMIT: an offset, and a count that has no limit if negative.
pub type Limit = Option<(usize, i64)>;

/// ZRANGE's range. A reversed one by score or name still has the lower edge first here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    pub by: By,
    pub rev: bool,
    pub limit: Limit,
}

impl<T: Ord + Copy> Edge<T> {
    fn lies_before(self, x: T) -> bool {
        match self {
            Edge::First => true,
            Edge::Last => false,
            Edge::With(edge) => edge <= x,
            Edge::Without(edge) => edge < x,
        }
    }

    fn lies_behind(self, x: T) -> bool {
        match self {
            Edge::First => false,
            Edge::Last => true,
            Edge::With(edge) => x <= edge,
            Edge::Without(edge) => x < edge,
        }
    }
}

impl Edge<Score> {
    /// The edges of all scores are scores themselves.
    fn number(self) -> Edge<Score> {
        match self {
            Edge::First => Edge::With(Score::MIN),
            Edge::Last => Edge::With(Score::MAX),
            edge => edge,
        }
    }
}

impl By {
    /// The one of three that stands for it.
    pub fn pick<T: Copy>(self, of: [T; 3]) -> T {
        match self {
            By::Rank(..) => of[0],
            By::Score(..) => of[1],
            By::Lex(..) => of[2],
        }
    }

    pub(super) fn words<'w, 'n>(self, w: &'w mut Words<'n>, swap: bool) -> &'w mut Words<'n> {
        match self {
            By::Rank(a, b) => return w.int(a).int(b),
            By::Score(a, b) => each(a, b, swap, |edge| match edge {
                Edge::First => _ = w.word("-inf"),
                Edge::Last => _ = w.word("+inf"),
                Edge::With(s) => _ = w.text(&s.text()),
                Edge::Without(s) => _ = w.prefixed(b'(', &s.text()),
            }),
            By::Lex(a, b) => each(a, b, swap, |edge| match edge {
                Edge::First => _ = w.word("-"),
                Edge::Last => _ = w.word("+"),
                Edge::With(m) => _ = w.prefixed(b'[', &name(m)),
                Edge::Without(m) => _ = w.prefixed(b'(', &name(m)),
            }),
        }
        w
    }

    /// The elements that it is about, whatever their order; `None` if that means nothing.
    pub(super) fn of(self, set: &[(Score, Member)], rev: bool) -> Option<Vec<(Score, Member)>> {
        Some(match self {
            By::Rank(a, b) => {
                let ordered: Vec<_> = if rev { set.iter().rev().copied().collect() } else { set.to_vec() };
                ordered[span(a, b, set.len())].to_vec()
            }
            By::Score(a, b) => {
                let (a, b) = (a.number(), b.number());
                set.iter().filter(|(s, _)| a.lies_before(*s) && b.lies_behind(*s)).copied().collect()
            }
            By::Lex(a, b) => {
                if set.iter().any(|(s, _)| *s != set[0].0) {
                    return None;
                }
                set.iter().filter(|(_, m)| a.lies_before(*m) && b.lies_behind(*m)).copied().collect()
            }
        })
    }
}

fn each<T: Copy>(a: Edge<T>, b: Edge<T>, swap: bool, mut f: impl FnMut(Edge<T>)) {
    let (first, second) = if swap { (b, a) } else { (a, b) };
    f(first);
    f(second);
}

impl Query {
    /// Everything, in order.
    pub const ALL: Query = Query { by: By::Rank(0, -1), rev: false, limit: None };

    pub(super) fn words<'w, 'n>(&self, w: &'w mut Words<'n>) -> &'w mut Words<'n> {
        self.by.words(w, self.rev);
        let word = self.by.pick([None, Some("BYSCORE"), Some("BYLEX")]);
        w.flag(word.is_some(), word.unwrap_or("")).flag(self.rev, "REV");
        match self.limit {
            Some((offset, count)) => w.word("LIMIT").int(offset as i64).int(count),
            None => w,
        }
    }

    /// The elements in the order they are replied; `None` if that means nothing.
    pub(super) fn of(&self, set: &[(Score, Member)]) -> Option<Vec<(Score, Member)>> {
        let mut found = self.by.of(set, self.rev)?;
        if self.rev && !matches!(self.by, By::Rank(..)) {
            found.reverse();
        }
        if let Some((offset, count)) = self.limit {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            found = found.into_iter().skip(offset).take(count).collect();
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(range: Query) -> Vec<Member> {
        let set: Vec<_> = [(1, 4), (2, 1), (2, 7), (3, 2)].map(|(s, m)| (Score::halves(s), m)).to_vec();
        range.of(&set).expect("it means something").into_iter().map(|(_, m)| m).collect()
    }

    #[test]
    fn ranges_have_edges_directions_and_limits() {
        let range = |by, rev, limit| members(Query { by, rev, limit });
        let two = Score::halves(2);
        assert_eq!(range(By::Rank(0, -2), false, None), [4, 1, 7]);
        assert_eq!(range(By::Rank(0, 1), true, None), [2, 7]);
        assert_eq!(range(By::Score(Edge::With(two), Edge::Last), false, None), [1, 7, 2]);
        assert_eq!(range(By::Score(Edge::First, Edge::Without(two)), true, None), [4]);
        assert_eq!(range(By::Score(Edge::First, Edge::Last), true, Some((1, 2))), [7, 1]);
        let names = By::Lex(Edge::With(1), Edge::Without(3));
        let set: Vec<_> = (0..4).map(|m| (two, m)).collect();
        assert_eq!(names.of(&set, false).map(|v| v.len()), Some(2));
        assert_eq!(names.of(&[(two, 1), (Score::ZERO, 2)], false), None);
    }
}
