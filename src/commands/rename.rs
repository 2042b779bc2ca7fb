//! `rename-command`: what clients call the commands.

use super::table::{self, Command};
use crate::{base::hash::HashMap, config::Config};

/// Names that mean another command than the table says, or none; in lower case.
#[derive(Default)]
pub struct Renames(HashMap<Vec<u8>, Option<&'static Command>>);

impl Renames {
    /// The renames of a configuration.
    ///
    /// # Errors
    /// Why one of them makes no sense, in Valkey's words.
    pub fn new(config: &Config) -> Result<Renames, &'static str> {
        let mut r = Renames::default();
        for line in &config.renames {
            let (from, to) = (line.from.to_ascii_lowercase(), line.to.to_ascii_lowercase());
            let command = r.find(&from).ok_or("No such command in rename-command")?;
            if !to.is_empty() && r.find(&to).is_some() {
                return Err("Target command name already exists");
            }
            r.0.insert(from, None);
            if !to.is_empty() {
                r.0.insert(to, Some(command));
            }
        }
        Ok(r)
    }

    /// The top-level command that `name` means, in any case.
    #[inline]
    pub fn find(&self, name: &[u8]) -> Option<&'static Command> {
        if !self.0.is_empty()
            && let Some(renamed) = self.0.get(&name.to_ascii_lowercase())
        {
            return *renamed;
        }
        table::find(name)
    }

    /// The command called `get` or `config|get`.
    pub fn find_full(&self, name: &[u8]) -> Option<&'static Command> {
        match memchr::memchr(b'|', name) {
            None => self.find(name),
            Some(at) => self.find(&name[..at])?.sub(&name[at + 1..]),
        }
    }

    /// The top-level commands that have a name.
    pub fn top_level(&self) -> impl Iterator<Item = &'static Command> {
        table::top_level().iter().filter(|c| self.has_name(c))
    }

    fn has_name(&self, c: &Command) -> bool {
        !self.0.contains_key(c.row.name.as_bytes()) || self.0.values().flatten().any(|named| named.id == c.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Rename;

    fn renames(lines: &[(&str, &str)]) -> Result<Renames, &'static str> {
        let rename = |(from, to): &(&str, &str)| Rename { from: from.as_bytes().into(), to: to.as_bytes().into() };
        Renames::new(&Config { renames: lines.iter().map(rename).collect(), ..Config::default() })
    }

    #[test]
    fn a_command_goes_by_its_new_name_only() {
        let r = renames(&[("GET", "fetch"), ("set", "")]).expect("sensible");
        assert_eq!(r.find(b"Fetch").map(|c| c.row.name), Some("get"));
        assert!(r.find(b"get").is_none() && r.find(b"set").is_none());
        assert!(r.find(b"ping").is_some());
        let names: Vec<&str> = r.top_level().map(|c| c.row.name).collect();
        assert!(names.contains(&"get") && names.len() == table::TOP - 1 && !names.contains(&"set"));
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(renames(&[("nope", "x")]).err(), Some("No such command in rename-command"));
        assert_eq!(renames(&[("get", "set")]).err(), Some("Target command name already exists"));
        assert!(renames(&[("get", ""), ("set", "get")]).is_ok());
    }
}
