//! CONFIG SET: several directives, all or none.
//!
//! [`set`] works on a copy and replaces the live values only when every pair was accepted. What a change
//! entails outside (another port, a larger table) is the caller's: it compares old and new by the returned
//! rows, and puts the old `Config` back with an [`Error::Failed`] of its own if something cannot be done.

use super::{Config, Directive, find};

/// Who asks, and when.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context {
    /// The client is let through by `enable-protected-configs`.
    pub protected_allowed: bool,
    /// The data set is being loaded.
    pub loading: bool,
}

/// Why CONFIG SET was refused; `protocol` has the reply for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// No directive of this name.
    Unknown(Vec<u8>),
    /// Not while the data set is loaded.
    Loading,
    /// The name as the reply shows it, and the reason.
    Failed(Vec<u8>, String),
}

/// Sets pairs of name and value, or nothing at all; returns the rows whose values changed.
pub fn set(config: &mut Config, pairs: &[(&[u8], &[u8])], context: Context) -> Result<Vec<&'static Directive>, Error> {
    let mut rows: Vec<(&'static Directive, &'static str)> = Vec::new();
    for (name, _) in pairs {
        let (directive, own) = find(name).ok_or_else(|| Error::Unknown(name.to_vec()))?;
        let refuse = |reason: &str| Err(Error::Failed(name.to_vec(), reason.into()));
        if directive.spec.immutable {
            return refuse("can't set immutable config");
        }
        if directive.spec.protected && !context.protected_allowed {
            return refuse("can't set protected config");
        }
        if directive.spec.denied_while_loading && context.loading {
            return Err(Error::Loading);
        }
        if rows.iter().any(|(_, known)| *known == own) {
            return refuse("duplicate parameter");
        }
        rows.push((directive, own));
    }

    let mut next = config.clone();
    for ((directive, own), (_, value)) in rows.iter().zip(pairs) {
        let words: Vec<&[u8]> =
            if directive.spec.many_words { value.split(|b| *b == b' ').collect() } else { vec![value] };
        directive.parse(&mut next, &words, false).map_err(|reason| Error::Failed(own.as_bytes().to_vec(), reason))?;
    }
    next.normalize();
    let (here, there) = (&config.persistence.dir, &mut next.persistence.dir);
    if here != there && !there.starts_with('/') {
        *there = format!("{}/{there}", here.trim_end_matches('/'));
    }
    let mut changed: Vec<&'static Directive> = Vec::new();
    for (directive, _) in rows {
        let known = changed.iter().any(|d| d.spec.name == directive.spec.name);
        if !known && !directive.equal(config, &next) {
            changed.push(directive);
        }
    }
    *config = next;
    Ok(changed)
}
