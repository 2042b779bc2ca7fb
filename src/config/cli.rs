//! The command line: `norn [file] [--option value ...] [-]`.
//!
//! Options are turned into lines of configuration that follow the file's text and what standard input
//! says, so that the last word on a directive is the command line's. An option's values run until the next
//! argument that starts with `--`, but the argument right after an option is always its value, which is how
//! a value may start with `--` too. Name and values may also come as one argument: `"--port 6380"`.

use crate::base::split;

/// What the arguments ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Print the version.
    Version,
    /// Print the usage text and fail, as Valkey does.
    Help,
    /// Print this and fail.
    Unsupported(&'static str),
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
    /// The text to load, from the contents of the file and of standard input.
    pub fn text(&self, file: &[u8], stdin: &[u8]) -> Vec<u8> {
        [file, stdin, b"\n", &self.options].concat()
    }
}

/// The usage text.
pub const USAGE: &str = "\
Usage: norn [/path/to/valkey.conf] [options] [-]
       norn - (read config from stdin)
       norn -v or --version
       norn -h or --help

Examples:
       norn (run the server with default conf)
       echo 'maxmemory 128mb' | norn -
       norn /etc/valkey/6379.conf
       norn --port 7777
       norn /etc/myvalkey.conf --loglevel verbose -
       norn /etc/myvalkey.conf --loglevel verbose
";

/// Reads the arguments after the program's name.
pub fn plan(args: &[Vec<u8>]) -> Plan {
    match args.first().map(Vec::as_slice) {
        Some(b"-v" | b"--version") => return Plan::Version,
        Some(b"-h" | b"--help") => return Plan::Help,
        Some(b"--test-memory" | b"--check-system") => {
            return Plan::Unsupported("Tests of the machine are not part of this server.");
        }
        _ => {}
    }
    if args.iter().any(|arg| arg == b"--sentinel") {
        return Plan::Unsupported("There is no sentinel mode.");
    }
    let mut launch = Launch::default();
    let mut rest = args;
    if let [file, after @ ..] = args
        && !file.starts_with(b"-")
    {
        launch.file = Some(file.clone());
        rest = after;
    }
    let mut lines = Lines {
        text: Vec::new(),
        wants_value: false,
    };
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
