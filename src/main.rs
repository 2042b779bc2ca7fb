//! `norn`: arguments, configuration, then the server on the tokio environment.

use norn::{
    base::time::Wall,
    config::{
        Config,
        check_aof::CheckAof,
        cli::{self, Launch, Plan},
        load::{Files, LoadError},
        warnings,
    },
    env::{
        Env,
        tokio_env::{self, TokioEnv, start},
    },
    server,
};
use std::{
    io::{IsTerminal, Read, Write},
    process::ExitCode,
    sync::Arc,
};
use tracing_subscriber::layer::SubscriberExt;

#[global_allocator]
static ALLOCATOR: tokio_env::Allocator = tokio_env::Allocator;

fn main() -> ExitCode {
    let mut words = std::env::args_os().map(|arg| arg.into_encoded_bytes());
    let tool = words.next().and_then(|program| cli::tool(&program));
    let args: Vec<Vec<u8>> = tool.map(|name| name.as_bytes().to_vec()).into_iter().chain(words).collect();
    let done = match cli::plan(&args) {
        Plan::Say(text) => {
            println!("{text}");
            Ok(())
        }
        Plan::CheckAof(args) => check_aof(args),
        Plan::Version => {
            println!("{}", cli::VERSION);
            Ok(())
        }
        Plan::Help => Err(cli::USAGE.into()),
        Plan::Unsupported(why) => Err(why),
        Plan::CheckRdb(file) => check_rdb(&String::from_utf8_lossy(&file)),
        Plan::Run(launch) => configuration(&launch).map_err(|e| e.to_string()).and_then(|c| serve(c, &launch)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            if !why.is_empty() {
                eprintln!("{}", why.trim_end());
            }
            ExitCode::FAILURE
        }
    }
}

fn check_rdb(path: &str) -> Result<(), String> {
    let mut say = |line: &str| println!("{line}");
    tokio_env::run(TokioEnv::new(), |env| server::check_rdb(env, path, &mut say))
        .map_err(|e| format!("no event loop: {e}"))?
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
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        start::read_file(path)
    }

    fn list(&self, dir: &str) -> Vec<String> {
        start::list_dir(dir)
    }
}

/// The terminal that a person may be looking at.
fn console(config: &Config) -> Option<server::load::Console> {
    let seen = config.monitoring.logfile.is_empty() && std::io::stdout().is_terminal();
    let write = |text: &str| {
        let mut out = std::io::stdout().lock();
        // A terminal that has gone is no reason to stop.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    };
    seen.then(|| Arc::new(write) as server::load::Console)
}

/// Who asked for a check, at standard input and output.
struct Asker;

impl server::aof::check::Person for Asker {
    fn tell(&mut self, line: &str) {
        println!("{line}");
    }

    fn agrees(&mut self, question: &str) -> bool {
        print!("{question}");
        let mut answer = String::new();
        let asked = std::io::stdout().flush().and_then(|()| std::io::stdin().read_line(&mut answer));
        asked.is_ok() && answer.starts_with(['y', 'Y'])
    }
}

/// Checks an append-only file.
fn check_aof(args: CheckAof) -> Result<(), String> {
    let check = |env: TokioEnv| async move { server::aof::check::check(&args, env.disk(), &mut Asker).await };
    let checked = tokio_env::run(TokioEnv::new(), check).map_err(|e| format!("no event loop: {e}"))?;
    // The verdict belongs with what was told before.
    checked.map_err(|why| {
        println!("{why}");
        String::new()
    })
}

/// Runs the server until it is told to stop.
fn serve(mut config: Config, launch: &Launch) -> Result<(), String> {
    let config_file = launch.file.as_ref().map(|f| start::absolute(&String::from_utf8_lossy(f))).unwrap_or_default();
    let dir = &config.persistence.dir;
    config.persistence.dir = start::enter_dir(dir).map_err(|e| format!("Can't chdir to '{dir}': {e}"))?;
    let logfile = &config.monitoring.logfile;
    let sink = start::open_log(logfile).map_err(|e| format!("Can't open the log file '{logfile}': {e}"))?;
    let env = TokioEnv::new();
    let (log, layer) = server::log::new(sink, Box::new(|| Wall(tokio_env::unix_us() / 1000)), env.usage().pid, 0);
    log.configure(&config.monitoring);
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).expect("there is none yet");
    tracing::warn!("oO0OoO0OoO0Oo Norn is starting oO0OoO0OoO0Oo");
    warnings(&config).iter().for_each(|w| tracing::warn!("{w}"));
    let pidfile = config.process.pidfile.clone();
    start::write_pid(&pidfile);
    let launch = server::Launch {
        program: std::env::args_os().next().unwrap_or_default().to_string_lossy().into_owned(),
        executable: start::executable(),
        config_file,
        os: start::os(),
        log: Some(log),
        console: console(&config),
        ..server::Launch::default()
    };
    let result =
        tokio_env::run(env, |env| server::run(env, config, launch)).map_err(|e| format!("no event loop: {e}"))?;
    start::remove_pid(&pidfile);
    result.inspect_err(|why| tracing::warn!("{why}"))
}
