//! The command line: `norn [file] [--option value ...] [-]`.
//!
//! Options are turned into lines of configuration that follow the file's text and what standard input
//! says, so that the last word on a directive is the command line's. An option's values run until the next
//! argument that starts with `--`, but the argument right after an option is always its value, which is how
//! a value may start with `--` too. Name and values may also come as one argument: `"--port 6380"`.

use super::Config;
use super::check_aof::{self, CheckAof};
use super::load::{Files, LoadError, load};
use crate::base::split;

/// What the arguments ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Print the version.
    Version,
    /// Print the usage text and fail, as Valkey does.
    Help,
    /// Print this, and fail.
    Unsupported(String),
    /// Print this.
    Say(String),
    /// Check an RDB file, and do nothing else.
    CheckRdb(Vec<u8>),
    /// Check an append-only file, and do nothing else.
    CheckAof(CheckAof),
    /// Run a server.
    Run(Launch),
}

/// Where a server's configuration comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launch {
    /// Path of the configuration file, as given.
    pub file: Option<Vec<u8>>,
    /// Standard input continues the file.
    pub stdin: bool,
    /// The options, as lines of configuration.
    options: Vec<u8>,
}

impl Launch {
    /// The configuration that the file, standard input and the options describe together.
    pub fn load(&self, stdin: &[u8], files: &dyn Files) -> Result<Config, LoadError> {
        let mut text = Vec::new();
        if let Some(path) = &self.file {
            let path = String::from_utf8_lossy(path).into_owned();
            text = files.read(&path).map_err(|message| LoadError::File(path, message))?;
        }
        text.extend(stdin);
        text.push(b'\n');
        text.extend(&self.options);
        let mut config = Config::default();
        load(&mut config, &text, files)?;
        Ok(config)
    }
}

/// What `--version` prints.
pub const VERSION: &str = concat!("Norn server v=", env!("CARGO_PKG_VERSION"));

/// The usage text.
pub const USAGE: &str = "\
Usage: norn [/path/to/valkey.conf] [options] [-]
       norn - (read config from stdin)
       norn -v or --version
       norn -h or --help
       norn check-rdb <rdb-file-name>
       norn check-aof [--fix|--truncate-to-timestamp TIME] <file.manifest|file.aof>

Examples:
       norn (run the server with default conf)
       echo 'maxmemory 128mb' | norn -
       norn /etc/valkey/6379.conf
       norn --port 7777
       norn /etc/myvalkey.conf --loglevel verbose -
       norn /etc/myvalkey.conf --loglevel verbose
";

/// The first argument that a program's name stands for: tools go by the names of Valkey's.
pub fn tool(program: &[u8]) -> Option<&'static str> {
    match program {
        _ if program.ends_with(b"-check-rdb") => Some("check-rdb"),
        _ if program.ends_with(b"-check-aof") => Some("check-aof"),
        _ => None,
    }
}

/// Reads the arguments after the program's name.
pub fn plan(args: &[Vec<u8>]) -> Plan {
    match args.first().map(Vec::as_slice) {
        Some(b"-v" | b"--version") => return Plan::Version,
        Some(b"-h" | b"--help") => return Plan::Help,
        Some(b"--test-memory" | b"--check-system") => {
            return Plan::Unsupported("Tests of the machine are not part of this server.".into());
        }
        Some(b"check-aof") => return check_aof::plan(&args[1..]),
        Some(b"check-rdb") => {
            return match args {
                [_, file] => Plan::CheckRdb(file.clone()),
                _ => Plan::Unsupported("Usage: norn check-rdb <rdb-file-name>".into()),
            };
        }
        _ => {}
    }
    if args.iter().any(|arg| arg == b"--sentinel") {
        return Plan::Unsupported("There is no sentinel mode.".into());
    }
    let mut launch = Launch::default();
    let mut rest = args;
    if let [file, after @ ..] = args
        && !file.starts_with(b"-")
    {
        launch.file = Some(file.clone());
        rest = after;
    }
    let mut lines = Lines { text: Vec::new(), wants_value: false };
    for (index, arg) in rest.iter().enumerate() {
        let at_edge = (index == 0 && launch.file.is_none()) || index + 1 == rest.len();
        if arg == b"-" && at_edge {
            launch.stdin = true;
        } else if arg.starts_with(b"--") && !lines.wants_value {
            lines.option(arg, rest.get(index + 1));
        } else {
            lines.value(arg);
        }
    }
    launch.options = lines.text;
    Plan::Run(launch)
}

struct Lines {
    text: Vec<u8>,
    /// The last argument named an option, so the next is its value whatever it looks like.
    wants_value: bool,
}

impl Lines {
    fn option(&mut self, arg: &[u8], next: Option<&Vec<u8>>) {
        if !self.text.is_empty() {
            self.text.push(b'\n');
        }
        self.text.extend(&arg[2..]);
        self.text.push(b' ');
        self.wants_value = split::split(arg).is_ok_and(|words| words.len() == 1);
        // Scripts that pass an empty list of save points leave the option without a value.
        let next_is_option = next.is_none_or(|next| next.starts_with(b"--"));
        if arg.eq_ignore_ascii_case(b"--save") && next_is_option {
            self.text.extend(b"\"\"");
            self.wants_value = false;
        }
    }

    fn value(&mut self, arg: &[u8]) {
        split::quoted(arg, &mut self.text);
        self.text.push(b' ');
        self.wants_value = false;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{get, load::NoFiles};
    use super::*;

    fn args(args: &[&str]) -> Vec<Vec<u8>> {
        args.iter().map(|arg| arg.as_bytes().to_vec()).collect()
    }

    fn launch(list: &[&str]) -> Launch {
        match plan(&args(list)) {
            Plan::Run(launch) => launch,
            other => panic!("{other:?}"),
        }
    }

    /// Values under a command line, as CONFIG GET shows them.
    fn values(list: &[&str], names: &[&str]) -> Vec<String> {
        let config = launch(list).load(b"", &NoFiles).unwrap();
        let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
        get(&config, &names).into_iter().map(|(_, value)| String::from_utf8(value).unwrap()).collect()
    }

    #[track_caller]
    fn refused(list: &[&str], line: &str, reason: &str) {
        let text = launch(list).load(b"", &NoFiles).unwrap_err().to_string();
        assert!(text.contains(line) && text.contains(reason), "{text}");
    }

    #[test]
    fn questions_are_answered_without_a_server() {
        assert_eq!(plan(&args(&["-v"])), Plan::Version);
        assert_eq!(plan(&args(&["--help", "x"])), Plan::Help);
        assert!(matches!(plan(&args(&["--test-memory", "1"])), Plan::Unsupported(_)));
        assert!(matches!(plan(&args(&["x.conf", "--sentinel"])), Plan::Unsupported(_)));
        assert_eq!(plan(&[]), Plan::Run(Launch::default()));
        assert_eq!(plan(&args(&["check-rdb", "x.rdb"])), Plan::CheckRdb(b"x.rdb".to_vec()));
        assert!(matches!(plan(&args(&["check-rdb"])), Plan::Unsupported(_)));
        assert_eq!(tool(b"/usr/bin/valkey-check-rdb"), Some("check-rdb"));
        assert_eq!(tool(b"norn"), None);
    }

    #[test]
    fn file_stdin_and_options() {
        let plan = launch(&["x.conf", "--port", "7", "-"]);
        assert_eq!((plan.file.as_deref(), plan.stdin), (Some(&b"x.conf"[..]), true));
        assert!(launch(&["-"]).stdin);
        let config = launch(&["-", "--port", "7"]).load(b"port 6\nhz 5", &NoFiles).unwrap();
        assert_eq!((config.network.port, config.process.hz), (7, 5));
        let missing = launch(&["x.conf"]).load(b"", &NoFiles).unwrap_err().to_string();
        assert_eq!(missing, "Fatal error, can't open config file 'x.conf': No such file or directory");
    }

    #[test]
    fn options_take_values_in_many_ways() {
        let names = ["loglevel", "proc-title-template"];
        for list in [
            &["--proc-title-template", "--my--title", "--loglevel", "verbose"][..],
            &["--proc-title-template --my--title", "--loglevel verbose"],
            &["--PROC-title-template '--my--title'", "--loglevel", "VERBOSE"],
        ] {
            assert_eq!(values(list, &names), ["verbose", "--my--title"], "{list:?}");
        }
        let flags = ["--shutdown-on-sigint", "nosave", "force", "now", "--shutdown-on-sigterm", "nosave force"];
        let names = ["shutdown-on-sigint", "shutdown-on-sigterm"];
        assert_eq!(values(&flags, &names), ["nosave now force", "nosave force"]);
        assert_eq!(values(&["--requirepass", "a \"b\\\n"], &["requirepass"]), ["a \"b\\\n"]);
    }

    #[test]
    fn save_may_lack_its_value() {
        for list in [
            &["--save", "--loglevel", "verbose"][..],
            &["--loglevel", "verbose", "--save"],
            &["--save", "", "--loglevel", "verbose"],
            &["--proc-title-template", "--save", "--save", "", "--loglevel", "verbose"],
        ] {
            assert_eq!(values(list, &["save", "loglevel"]), ["", "verbose"], "{list:?}");
        }
    }

    #[test]
    fn wrong_options_are_shown() {
        let words = "wrong number of arguments";
        refused(&["--invalid"], "'invalid'", "Bad directive or wrong number of arguments");
        refused(&["--port"], "'port'", words);
        refused(&["--port", "6380", "--loglevel"], "'loglevel'", words);
        refused(&["--port", "6379", "6380"], "'port \"6379\" \"6380\"'", words);
        refused(&["--port", "--loglevel", "verbose"], "'port \"--loglevel\" \"verbose\"'", words);
        refused(
            &["--port", "--bla", "--loglevel", "verbose"],
            "'port \"--bla\"'",
            "argument couldn't be parsed into an integer",
        );
        refused(&["--replicaof", "127.0.0.1", "abc"], "\"abc\"'", "Invalid primary port");
        refused(&["--replicaof", "--127.0.0.1", "--abc"], "'replicaof \"--127.0.0.1\"'", words);
    }
}
