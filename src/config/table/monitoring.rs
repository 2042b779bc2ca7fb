//! The log, the command logs, latency records and keyspace events.

use crate::config::directive::*;
use crate::config::notify::NotifyFlags;
use crate::config::numbers::Percentiles;
use crate::config::word::{LogFormat, LogLevel, LogTimestampFormat, SyslogFacility};

group! {
    /// What the server tells about itself.
    Monitoring at monitoring;

    /// The least severe messages that are logged.
    loglevel: LogLevel = LogLevel::Notice => word::<LogLevel>("loglevel");
    /// The log's file; empty: standard output.
    logfile: String = String::new() => text("logfile").immutable();
    /// The form of a log line.
    log_format: LogFormat = LogFormat::Legacy => word::<LogFormat>("log-format");
    /// The form of a log line's time.
    log_timestamp_format: LogTimestampFormat = LogTimestampFormat::Legacy
        => word::<LogTimestampFormat>("log-timestamp-format");
    /// Also log to the system log.
    syslog_enabled: bool = false => yes_no("syslog-enabled").immutable()
        .warned("nothing is sent to the system log; messages go to 'logfile'");
    /// Name in the system log.
    syslog_ident: String = "valkey".into() => text("syslog-ident").immutable().harmless();
    /// Facility of the system log.
    syslog_facility: SyslogFacility = SyslogFacility::Local0
        => word::<SyslogFacility>("syslog-facility").immutable().harmless();
    /// Show a logo at start even if the log is not a terminal.
    always_show_logo: bool = false => yes_no("always-show-logo").immutable().harmless();
    /// Log a report when the process crashes.
    crash_log_enabled: bool = true => yes_no("crash-log-enabled").harmless();
    /// Test the memory when the process crashes.
    crash_memcheck_enabled: bool = true => yes_no("crash-memcheck-enabled").harmless();
    /// Microseconds above which a command is slow; negative: none is.
    commandlog_execution_slower_than_us: i64 = 10_000
        => integer("commandlog-execution-slower-than", -1, LONG).alias("slowlog-log-slower-than");
    /// Most slow commands remembered.
    commandlog_slow_execution_max_len: u64 = 128
        => integer("commandlog-slow-execution-max-len", 0, LONG).alias("slowlog-max-len");
    /// Bytes above which a request is large; negative: none is.
    commandlog_request_larger_than_bytes: i64 = MB as i64
        => integer("commandlog-request-larger-than", -1, LONG);
    /// Most large requests remembered.
    commandlog_large_request_max_len: u64 = 128 => integer("commandlog-large-request-max-len", 0, LONG);
    /// Bytes above which a reply is large; negative: none is.
    commandlog_reply_larger_than_bytes: i64 = MB as i64 => integer("commandlog-reply-larger-than", -1, LONG);
    /// Most large replies remembered.
    commandlog_large_reply_max_len: u64 = 128 => integer("commandlog-large-reply-max-len", 0, LONG);
    /// Milliseconds above which LATENCY records an event; 0: none.
    latency_monitor_threshold_ms: u64 = 0 => integer("latency-monitor-threshold", 0, LONG);
    /// Keep a latency histogram for each command.
    latency_tracking: bool = true => yes_no("latency-tracking");
    /// Percentiles in INFO latencystats.
    latency_tracking_info_percentiles: Percentiles = Percentiles(vec![50.0, 99.0, 99.9])
        => special("latency-tracking-info-percentiles").many_words();
    /// Keyspace events that are published.
    notify_keyspace_events: NotifyFlags = NotifyFlags::NONE => special("notify-keyspace-events");
}
