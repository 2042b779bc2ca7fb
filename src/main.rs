//! `norn`: arguments, configuration, then the server on the tokio environment.

use norn::config::cli::{self, Launch, Plan};
use norn::config::load::{Files, LoadError};
use norn::config::{Config, warnings};
use std::io::Read;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<Vec<u8>> = std::env::args_os().skip(1).map(|arg| arg.into_encoded_bytes()).collect();
    match cli::plan(&args) {
        Plan::Version => println!("{}", cli::VERSION),
        Plan::Help => return fail(cli::USAGE),
        Plan::Unsupported(why) => return fail(why),
        Plan::Run(launch) => match configuration(&launch) {
            Ok(config) => warnings(&config).iter().for_each(|warning| println!("{warning}")),
            Err(error) => return fail(&error.to_string()),
        },
    }
    ExitCode::SUCCESS
}

fn fail(why: &str) -> ExitCode {
    eprintln!("{}", why.trim_end());
    ExitCode::FAILURE
}

fn configuration(launch: &Launch) -> Result<Config, LoadError> {
    let mut stdin = Vec::new();
    if launch.stdin {
        let unreadable = |e: std::io::Error| LoadError::File("-".into(), e.to_string());
        std::io::stdin().read_to_end(&mut stdin).map_err(unreadable)?;
    }
    launch.load(&stdin, &OsFiles)
}

/// The files of the operating system, read before the server starts.
struct OsFiles;

impl Files for OsFiles {
    #[expect(clippy::disallowed_methods, reason = "the server, whose files go through env, does not run yet")]
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(path).map_err(|e| {
            let text = e.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_owned()
        })
    }

    #[expect(clippy::disallowed_methods, reason = "the server, whose files go through env, does not run yet")]
    fn list(&self, dir: &str) -> Vec<String> {
        let names = std::fs::read_dir(dir).into_iter().flatten().flatten();
        let mut names: Vec<String> = names.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }
}
