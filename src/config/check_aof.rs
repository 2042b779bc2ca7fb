//! The command line of `norn check-aof`, which also goes by the names of its predecessors.

use super::cli::Plan;
use crate::base::version;

/// What is to be checked, and what is to be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckAof {
    /// The manifest, or a file without one.
    pub path: String,
    /// Cut off what is not sound.
    pub fix: bool,
    /// Cut off what was written after this time, in Unix seconds.
    pub upto_s: Option<u64>,
}

/// Reads the arguments behind the tool's name.
pub fn plan(args: &[Vec<u8>]) -> Plan {
    let path = |arg: &[u8]| String::from_utf8_lossy(arg).into_owned();
    match args {
        [arg] if arg == b"-v" || arg == b"--version" => Plan::Say(format!("valkey-check-aof {}", version::VALKEY)),
        [arg] => Plan::CheckAof(CheckAof { path: path(arg), fix: false, upto_s: None }),
        [fix, arg] if fix == b"--fix" => Plan::CheckAof(CheckAof { path: path(arg), fix: true, upto_s: None }),
        [upto, time, arg] if upto == b"--truncate-to-timestamp" => {
            match std::str::from_utf8(time).ok().and_then(|t| t.parse().ok()) {
                Some(seconds) => Plan::CheckAof(CheckAof { path: path(arg), fix: false, upto_s: Some(seconds) }),
                None => Plan::Unsupported("Invalid timestamp, aborting...".into()),
            }
        }
        _ => Plan::Unsupported(String::from(
            "Usage: norn check-aof [--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::cli;
    use super::*;

    fn of(args: &[&str]) -> Plan {
        let args: Vec<Vec<u8>> = args.iter().map(|arg| arg.as_bytes().to_vec()).collect();
        cli::plan(&args)
    }

    #[test]
    fn options_stand_before_the_file() {
        assert_eq!(cli::tool(b"./valkey-check-aof"), Some("check-aof"));
        let want = CheckAof { path: "f".into(), fix: true, upto_s: None };
        assert_eq!(of(&["check-aof", "--fix", "f"]), Plan::CheckAof(want.clone()));
        let want = CheckAof { fix: false, upto_s: Some(7), ..want };
        assert_eq!(of(&["check-aof", "--truncate-to-timestamp", "7", "f"]), Plan::CheckAof(want));
    }

    #[test]
    fn it_explains_itself() {
        for args in [&["check-aof"][..], &["check-aof", "a", "b"], &["check-aof", "--fix", "a", "b"]] {
            assert!(matches!(of(args), Plan::Unsupported(usage) if usage.starts_with("Usage: norn check-aof [")));
        }
        let invalid = of(&["check-aof", "--truncate-to-timestamp", "x", "f"]);
        assert_eq!(invalid, Plan::Unsupported("Invalid timestamp, aborting...".into()));
        assert!(matches!(of(&["check-aof", "-v"]), Plan::Say(_)));
    }
}
