//! What a directive's row says, and the list of all rows.
//!
//! A row joins a [`Spec`] (name, alias, kind, flags, [`Part`]) to the field of [`Config`] that holds the
//! value. The field's Rust type brings the syntax through the `Value` trait; the row stores one function
//! pointer per operation, instantiated for that field by the `directives!` macro, so that the rows are
//! constants and need no registration at start.
//!
//! `Part` is honest about what does not exist yet: a value that nothing reads is either harmless, or earns
//! a warning at start, or is refused because ignoring it would lose data or open a door.

use super::Config;
use super::table;
use super::value::Line;
use super::word::Word;
use std::fmt;

/// How a directive's argument is written, and within what limits.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// `yes` or `no`.
    YesNo,
    /// A decimal number within inclusive bounds.
    Integer { min: i128, max: i128 },
    /// A number of bytes with an optional unit (`b k kb m mb g gb`), within inclusive bounds.
    Bytes { min: i128, max: i128 },
    /// Bytes, or a percentage of `maxmemory`.
    BytesOrPercent { max: i128 },
    /// An octal number within inclusive bounds.
    Octal { min: i128, max: i128 },
    /// One of these words; several of them if the directive takes many arguments.
    Words(&'static [&'static str]),
    /// Any text that passes the check.
    Text {
        /// The empty text means "not set" and leaves no line in a rewritten file.
        unset_if_empty: bool,
        check: fn(&str) -> Result<(), &'static str>,
    },
    /// A syntax of its own.
    Special,
}

/// Whether anything reads the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The server acts on it.
    Present,
    /// Nothing reads it yet, and ignoring it harms nobody.
    Harmless,
    /// Nothing reads it yet; a value other than empty or `no` earns this warning at start.
    Warned(&'static str),
    /// Nothing reads it yet, and ignoring it would lose data or open a door: values other than the default
    /// are refused with this reason.
    Refused(&'static str),
}

/// The constant half of a row.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Lower-case name.
    pub name: &'static str,
    /// A second name, listed by CONFIG GET beside the first.
    pub alias: Option<&'static str>,
    pub kind: Kind,
    pub part: Part,
    /// Only the file and the command line may set it.
    pub immutable: bool,
    /// Takes several words.
    pub many_words: bool,
    /// CONFIG GET shows it only when named exactly.
    pub hidden: bool,
    /// Its value must not reach logs, SLOWLOG or MONITOR.
    pub sensitive: bool,
    /// CONFIG SET needs `enable-protected-configs`.
    pub protected: bool,
    /// CONFIG SET is refused while the data set loads.
    pub denied_while_loading: bool,
}

impl Spec {
    const fn new(name: &'static str, kind: Kind) -> Spec {
        Spec {
            name,
            alias: None,
            kind,
            part: Part::Present,
            immutable: false,
            many_words: false,
            hidden: false,
            sensitive: false,
            protected: false,
            denied_while_loading: false,
        }
    }

    pub(super) const fn alias(self, alias: &'static str) -> Spec {
        Spec { alias: Some(alias), ..self }
    }

    pub(super) const fn immutable(self) -> Spec {
        Spec { immutable: true, ..self }
    }

    pub(super) const fn many_words(self) -> Spec {
        Spec { many_words: true, ..self }
    }

    pub(super) const fn hidden(self) -> Spec {
        Spec { hidden: true, ..self }
    }

    pub(super) const fn sensitive(self) -> Spec {
        Spec { sensitive: true, ..self }
    }

    pub(super) const fn protected(self) -> Spec {
        Spec { protected: true, ..self }
    }

    pub(super) const fn denied_while_loading(self) -> Spec {
        Spec { denied_while_loading: true, ..self }
    }

    pub(super) const fn harmless(self) -> Spec {
        Spec { part: Part::Harmless, ..self }
    }

    pub(super) const fn warned(self, warning: &'static str) -> Spec {
        Spec { part: Part::Warned(warning), ..self }
    }

    pub(super) const fn refused(self, reason: &'static str) -> Spec {
        Spec { part: Part::Refused(reason), ..self }
    }

    /// The name, and the alias if there is one.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        [Some(self.name), self.alias].into_iter().flatten()
    }

    /// The name or the alias, if `name` spells one of them in any case.
    fn matched(&self, name: &[u8]) -> Option<&'static str> {
        self.names().find(|own| own.as_bytes().eq_ignore_ascii_case(name))
    }
}

/// `i64::MAX`, the upper bound of most large numbers.
pub(super) const LONG: i128 = i64::MAX as i128;
/// `i32::MAX`, the upper bound of most small ones.
pub(super) const INT: i128 = i32::MAX as i128;
/// Bytes in a mebibyte.
pub(super) const MB: u64 = 1 << 20;

pub(super) const fn yes_no(name: &'static str) -> Spec {
    Spec::new(name, Kind::YesNo)
}

pub(super) const fn integer(name: &'static str, min: i128, max: i128) -> Spec {
    Spec::new(name, Kind::Integer { min, max })
}

pub(super) const fn bytes(name: &'static str, min: i128, max: i128) -> Spec {
    Spec::new(name, Kind::Bytes { min, max })
}

pub(super) const fn bytes_or_percent(name: &'static str) -> Spec {
    Spec::new(name, Kind::BytesOrPercent { max: LONG })
}

pub(super) const fn octal(name: &'static str, min: i128, max: i128) -> Spec {
    Spec::new(name, Kind::Octal { min, max })
}

pub(super) const fn word<T: Word>(name: &'static str) -> Spec {
    Spec::new(name, Kind::Words(T::NAMES))
}

/// Several words out of a list.
pub(super) const fn words(name: &'static str, names: &'static [&'static str]) -> Spec {
    Spec::new(name, Kind::Words(names)).many_words()
}

pub(super) const fn special(name: &'static str) -> Spec {
    Spec::new(name, Kind::Special)
}

fn any_text(_: &str) -> Result<(), &'static str> {
    Ok(())
}

/// Text whose empty form is a value like any other.
pub(super) const fn text(name: &'static str) -> Spec {
    checked(name, any_text)
}

/// Text whose empty form means "not set".
pub(super) const fn optional(name: &'static str) -> Spec {
    optional_checked(name, any_text)
}

pub(super) const fn checked(name: &'static str, check: fn(&str) -> Result<(), &'static str>) -> Spec {
    Spec::new(name, Kind::Text { unset_if_empty: false, check })
}

pub(super) const fn optional_checked(name: &'static str, check: fn(&str) -> Result<(), &'static str>) -> Spec {
    Spec::new(name, Kind::Text { unset_if_empty: true, check })
}

/// Sets a field from words, or says why not.
type Parse = fn(&mut Config, &[&[u8]], &Kind) -> Result<(), String>;

/// The operations on one field of [`Config`].
pub(super) struct Access {
    pub parse: Parse,
    pub parse_again: Parse,
    pub print: fn(&Config, &Kind) -> Vec<u8>,
    pub lines: fn(&Config, &Config, &Kind) -> Vec<Line>,
    pub equal: fn(&Config, &Config) -> bool,
}

/// One row.
pub struct Directive {
    pub spec: Spec,
    pub(super) access: Access,
}

impl fmt::Debug for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spec.name)
    }
}

impl Directive {
    /// Sets the value from words.
    ///
    /// `again` says that an earlier line of the same file set it already, which matters to directives
    /// whose lines add up. The error is the reason, as CONFIG SET and the file reader report it.
    pub(super) fn parse(&self, config: &mut Config, words: &[&[u8]], again: bool) -> Result<(), String> {
        if !self.spec.many_words && words.len() != 1 {
            return Err("wrong number of arguments".into());
        }
        let access = if again { self.access.parse_again } else { self.access.parse };
        access(config, words, &self.spec.kind)?;
        match self.spec.part {
            Part::Refused(reason) if !(self.access.equal)(config, &Config::default()) => Err(reason.into()),
            _ => Ok(()),
        }
    }

    /// The value as CONFIG GET shows it.
    pub fn print(&self, config: &Config) -> Vec<u8> {
        (self.access.print)(config, &self.spec.kind)
    }

    /// Whether both hold the same value.
    pub fn equal(&self, a: &Config, b: &Config) -> bool {
        (self.access.equal)(a, b)
    }
}

/// All rows, in the order CONFIG GET lists them.
pub fn directives() -> impl Iterator<Item = &'static Directive> {
    table::ROWS.iter().flat_map(|rows| rows.iter())
}

/// The row with this name or alias in any case, and which of its two names it was.
pub fn find(name: &[u8]) -> Option<(&'static Directive, &'static str)> {
    directives().find_map(|d| d.spec.matched(name).map(|own| (d, own)))
}

/// What to log at start about values that nothing acts on yet.
pub fn warnings(config: &Config) -> Vec<String> {
    let idle = |value: &[u8]| value.is_empty() || value == b"no";
    directives()
        .filter_map(|d| match d.spec.part {
            Part::Warned(text) if !idle(&d.print(config)) => Some(format!("WARNING: '{}': {text}", d.spec.name)),
            _ => None,
        })
        .collect()
}

/// Declares a group: the struct with a field per directive, its defaults, and the rows.
macro_rules! group {
    (
        $(#[$meta:meta])*
        $group:ident at $member:ident;
        $($(#[$doc:meta])* $field:ident: $type:ty = $default:expr => $spec:expr;)*
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $group {
            $($(#[$doc])* pub $field: $type,)*
        }

        impl Default for $group {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        pub(super) const ROWS: &[$crate::config::Directive] = {
            use $crate::config::value::Value;
            &[$(
            $crate::config::Directive {
                spec: $spec,
                access: $crate::config::directive::Access {
                    parse: |c, words, kind| <$type as Value>::parse(&mut c.$member.$field, words, kind),
                    parse_again: |c, words, kind| <$type as Value>::parse_again(&mut c.$member.$field, words, kind),
                    print: |c, kind| <$type as Value>::print(&c.$member.$field, kind),
                    lines: |c, d, kind| <$type as Value>::lines(&c.$member.$field, &d.$member.$field, kind),
                    equal: |a, b| a.$member.$field == b.$member.$field,
                },
            },
        )*]
        };
    };
}
pub(super) use group;
