//! BY and GET patterns: which key, and perhaps which field of a hash, belongs to an element.
//!
//! ```text
//! #                the element itself
//! weight_*         the string at the key with the element in the place of the star
//! object_*->name   the field of the hash at such a key
//! ```

use crate::{
    commands::{ctx::Ctx, row::Flags},
    keyspace::{
        Type,
        hash::{HashLimits, HashRef},
        string::Str,
    },
};

/// A pattern, taken apart.
#[derive(Clone, Copy)]
pub enum Pattern<'a> {
    Element,
    /// Without a star it stands for nothing.
    Nothing,
    Key {
        before: &'a [u8],
        after: &'a [u8],
        field: Option<&'a [u8]>,
    },
}

impl<'a> Pattern<'a> {
    pub fn new(text: &'a [u8]) -> Pattern<'a> {
        if text == b"#" {
            return Pattern::Element;
        }
        let Some(star) = text.iter().position(|b| *b == b'*') else { return Pattern::Nothing };
        let (before, after) = (&text[..star], &text[star + 1..]);
        // An arrow with nothing behind it is part of the key's name.
        match after.windows(2).position(|w| w == b"->").filter(|at| at + 2 < after.len()) {
            Some(at) => Pattern::Key { before, after: &after[..at], field: Some(&after[at + 2..]) },
            None => Pattern::Key { before, after, field: None },
        }
    }

    /// Whether it leads to keys that no argument names.
    pub fn reaches_keys(&self) -> bool {
        matches!(self, Pattern::Key { .. })
    }

    /// Shows `f` what belongs to `element`: a text, or nothing where there is no such key, or
    /// it holds something else. `name` is a buffer.
    pub fn look_up<T>(
        &self,
        ctx: &mut Ctx,
        element: &[u8],
        name: &mut Vec<u8>,
        f: impl FnOnce(&mut Ctx, Option<&[u8]>) -> T,
    ) -> T {
        let Pattern::Key { before, after, field } = *self else {
            return f(ctx, matches!(self, Pattern::Element).then_some(element));
        };
        name.clear();
        [before, element, after].iter().for_each(|part| name.extend_from_slice(part));
        let (key, now) = (ctx.keys.key(name), ctx.now.wall);
        let entry = ctx.keys.read(key);
        let is_hash = entry.as_ref().is_some_and(|e| e.type_of() == Type::Hash);
        let found = entry.and_then(|e| match (e.type_of(), field) {
            (Type::String, None) => Some(Str::of(&e).to_vec()),
            (Type::Hash, Some(field)) => HashRef::of(&e, now).get(field).map(|value| value.to_vec()),
            _ => None,
        });
        if let (Some(field), true, None) = (field, is_hash && ctx.row.flags.has(Flags::WRITE), &found) {
            // What is stored may come of its having expired: then it has to go before.
            let limits = HashLimits::of(&ctx.config.encoding);
            if let Ok(Some(mut hash)) = ctx.keys.edit_hash(key, limits) {
                hash.drop_due(std::iter::once(field));
            }
        }
        f(ctx, found.as_deref())
    }
}
