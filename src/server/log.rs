//! The log, in Valkey's line format: `PID:ROLE DD Mon YYYY HH:MM:SS.mmm LEVEL message`.
//!
//! Everything logs through `tracing`; the [`LogLayer`] given to the subscriber formats each
//! event and writes it in one call, so that lines of several workers do not mix. Valkey's
//! levels are tracing's: warning is WARN and ERROR, notice INFO, verbose DEBUG, debug TRACE.
//! The level and the format change at run time through the [`Log`] handle; an event that is
//! not logged costs one comparison, because a change of level rebuilds tracing's cache of
//! interested call sites.
//!
//! The sink and the clock come in as arguments, so the simulator logs like production.

use crate::base::calendar::Date;
use crate::base::time::Wall;
use crate::config::{LogFormat, LogLevel, LogTimestampFormat, Monitoring};
use parking_lot::Mutex;
use std::fmt::{self, Write as _};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// What part the server plays, as each line shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Primary,
    Replica,
}

/// The form of a line.
#[derive(Clone, Copy, Debug)]
struct Form {
    role: Role,
    format: LogFormat,
    timestamp: LogTimestampFormat,
}

/// A clock for the lines' times.
pub type WallClock = Box<dyn Fn() -> Wall + Send + Sync>;

struct Shared {
    pid: u32,
    offset_s: i32,
    wall: WallClock,
    level: AtomicU8,
    sink: Mutex<Sink>,
}

struct Sink {
    out: Box<dyn Write + Send>,
    form: Form,
    /// The line being written, kept for its capacity.
    line: String,
}

/// The handle that changes a running log.
#[derive(Clone)]
pub struct Log(Arc<Shared>);

/// The layer that writes events.
pub struct LogLayer(Arc<Shared>);

/// A log that writes to `out` and shows `pid` and the time at a place `offset_s` seconds
/// ahead of UTC. It starts with the default level and format.
pub fn new(out: Box<dyn Write + Send>, wall: WallClock, pid: u32, offset_s: i32) -> (Log, LogLayer) {
    let defaults = Monitoring::default();
    let form = Form { role: Role::Primary, format: defaults.log_format, timestamp: defaults.log_timestamp_format };
    let line = String::new();
    let shared = Arc::new(Shared {
        pid,
        offset_s,
        wall,
        level: AtomicU8::new(rank(defaults.loglevel)),
        sink: Mutex::new(Sink { out, form, line }),
    });
    (Log(Arc::clone(&shared)), LogLayer(shared))
}

impl Log {
    /// Takes level and format from the configuration, at start and after CONFIG SET.
    pub fn configure(&self, config: &Monitoring) {
        self.0.level.store(rank(config.loglevel), Ordering::Relaxed);
        {
            let mut sink = self.0.sink.lock();
            sink.form.format = config.log_format;
            sink.form.timestamp = config.log_timestamp_format;
        }
        tracing::callsite::rebuild_interest_cache();
    }

    /// Shows another role from now on.
    pub fn set_role(&self, role: Role) {
        self.0.sink.lock().form.role = role;
    }

    /// Writes to `out` from now on.
    pub fn redirect(&self, out: Box<dyn Write + Send>) {
        self.0.sink.lock().out = out;
    }
}

/// How many of tracing's levels are logged, from the most severe.
fn rank(level: LogLevel) -> u8 {
    match level {
        LogLevel::Nothing => 0,
        LogLevel::Warning => 2,
        LogLevel::Notice => 3,
        LogLevel::Verbose => 4,
        LogLevel::Debug => 5,
    }
}

impl LogLayer {
    fn limit(&self) -> LevelFilter {
        match self.0.level.load(Ordering::Relaxed) {
            0 => LevelFilter::OFF,
            2 => LevelFilter::WARN,
            3 => LevelFilter::INFO,
            4 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        }
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if *metadata.level() <= self.limit() { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        *metadata.level() <= self.limit()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.limit())
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        let now = (self.0.wall)();
        let mut sink = self.0.sink.lock();
        let Sink { out, form, line } = &mut *sink;
        line.clear();
        form.push_line(line, &self.0, now, *event.metadata().level(), &message.0);
        // There is nowhere to report a log that cannot be written.
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    }
}

/// Collects an event's text: the message, then the other fields as `name=value`.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = &mut self.0;
        let separator = if text.is_empty() { "" } else { " " };
        let written = match field.name() {
            "message" => write!(text, "{separator}{value:?}"),
            name => write!(text, "{separator}{name}={value:?}"),
        };
        written.expect("writing to a string does not fail");
    }
}

impl Form {
    fn push_line(&self, line: &mut String, log: &Shared, now: Wall, level: Level, message: &str) {
        let (sign, name) = match level {
            Level::ERROR | Level::WARN => ('#', "warning"),
            Level::INFO => ('*', "notice"),
            Level::DEBUG => ('-', "info"),
            Level::TRACE => ('.', "debug"),
        };
        let (letter, role) = match self.role {
            Role::Primary => ('M', "primary"),
            Role::Replica => ('S', "replica"),
        };
        let time = self.timestamp(now, log.offset_s);
        let pid = log.pid;
        let written = match self.format {
            LogFormat::Legacy => writeln!(line, "{pid}:{letter} {time} {sign} {message}"),
            LogFormat::Logfmt => {
                let message = message.replace(['\n', '\r'], " ").replace('"', "'");
                writeln!(line, r#"pid={pid} role={role} timestamp="{time}" level={name} message="{message}""#)
            }
        };
        written.expect("writing to a string does not fail");
    }

    fn timestamp(&self, now: Wall, offset_s: i32) -> String {
        let d = Date::at(now.0, offset_s);
        let month = d.month_name();
        let time = format_args!("{:02}:{:02}:{:02}.{:03}", d.hour, d.minute, d.second, d.millisecond);
        match self.timestamp {
            LogTimestampFormat::Legacy => format!("{:02} {month} {:04} {time}", d.day, d.year),
            LogTimestampFormat::Milliseconds => now.0.to_string(),
            LogTimestampFormat::Iso8601 => {
                let sign = if offset_s < 0 { '-' } else { '+' };
                let minutes = offset_s.unsigned_abs() / 60;
                let (hours, minutes) = (minutes / 60, minutes % 60);
                let day = format_args!("{:04}-{:02}-{:02}", d.year, d.month, d.day);
                format!("{day}T{time}{sign}{hours:02}:{minutes:02}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What a log with this configuration writes of one event for each level.
    fn written(config: &Monitoring, role: Role, offset_s: i32) -> Vec<String> {
        let out = Buffer::default();
        let wall: WallClock = Box::new(|| Wall(1_709_164_800_007));
        let (log, layer) = new(Box::new(out.clone()), wall, 42, offset_s);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            log.configure(config);
            log.set_role(role);
            tracing::trace!("t");
            tracing::debug!("d");
            tracing::info!(port = 6379, "Ready \"now\"");
            tracing::warn!("w");
            tracing::error!("e {}", 1);
        });
        let bytes = out.0.lock().clone();
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn lines_look_like_valkeys() {
        assert_eq!(
            written(&Monitoring::default(), Role::Primary, 0),
            [
                "42:M 29 Feb 2024 00:00:00.007 * Ready \"now\" port=6379",
                "42:M 29 Feb 2024 00:00:00.007 # w",
                "42:M 29 Feb 2024 00:00:00.007 # e 1",
            ]
        );
    }

    #[test]
    fn levels_follow_the_configuration() {
        let signs = |loglevel| {
            let config = Monitoring { loglevel, ..Monitoring::default() };
            let lines = written(&config, Role::Replica, 0);
            assert!(lines.iter().all(|l| l.starts_with("42:S 29 Feb")));
            lines.iter().map(|l| l.as_bytes()[30] as char).collect::<String>()
        };
        assert_eq!(signs(LogLevel::Debug), ".-*##");
        assert_eq!(signs(LogLevel::Verbose), "-*##");
        assert_eq!(signs(LogLevel::Notice), "*##");
        assert_eq!(signs(LogLevel::Warning), "##");
        assert_eq!(signs(LogLevel::Nothing), "");
    }

    #[test]
    fn other_formats() {
        let config = Monitoring {
            log_format: LogFormat::Logfmt,
            log_timestamp_format: LogTimestampFormat::Iso8601,
            ..Monitoring::default()
        };
        assert_eq!(
            written(&config, Role::Primary, -12_600)[0],
            "pid=42 role=primary timestamp=\"2024-02-28T20:30:00.007-03:30\" level=notice \
             message=\"Ready 'now' port=6379\""
        );
        let config = Monitoring { log_timestamp_format: LogTimestampFormat::Milliseconds, ..Monitoring::default() };
        assert_eq!(written(&config, Role::Primary, 0)[1], "42:M 1709164800007 # w");
    }
}
