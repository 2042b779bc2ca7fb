//! The configuration file.

use super::*;

#[test]
fn a_packaged_file_of_redis_7_loads() {
    let config = loaded(
        "# As a distribution ships it\r
bind 127.0.0.1 -::1
protected-mode yes
unixsocket /run/redis/redis-server.sock
unixsocketperm 700
daemonize yes
supervised auto
pidfile /run/redis/redis-server.pid
logfile /var/log/redis/redis-server.log
proc-title-template \"{title} {listen-addr} {server-mode}\"
save 3600 1 300 100
replica-serve-stale-data yes
masterauth 'secret word'
oom-score-adj-values 0 200 800
appendonly no
lua-time-limit 5000
slowlog-max-len 64
zset-max-ziplist-entries 99
io-threads-do-reads no
maxmemory-clients 5%
notify-keyspace-events \"\"
client-output-buffer-limit replica 256mb 64mb 60
  Hz 1000  ",
    );
    assert_eq!(config.network.bind.0, ["127.0.0.1", "-::1"]);
    assert_eq!(config.network.unixsocketperm, 0o700);
    assert_eq!(config.replication.primaryauth, Secret(b"secret word".to_vec()));
    assert_eq!(config.monitoring.commandlog_slow_execution_max_len, 64);
    assert_eq!(config.encoding.zset_max_listpack_entries, 99);
    assert_eq!(config.limits.maxmemory_clients, MemoryCap::PercentOfMaxmemory(5));
    assert_eq!(config.limits.maxmemory_clients.limit_bytes(1000), Some(50));
    assert_eq!(config.process.hz, 500);
}

#[test]
fn values_that_would_lie_are_refused() {
    for line in [
        "replicaof 127.0.0.1 6380",
        "slaveof 127.0.0.1 6380",
        "cluster-enabled yes",
        "tls-port 6380",
        "aclfile /etc/users.acl",
        "user alice on nopass",
        "loadmodule x.so",
        "search.threads 4",
        "sentinel",
    ] {
        let text = refusal(line);
        assert!(text.contains(&format!(">>> '{line}'")), "{text}");
        assert!(!text.contains("Bad directive"), "{text}");
    }
    loaded("appendonly yes\nreplicaof no one\ncluster-enabled no\ntls-port 0\naclfile \"\"");
}

#[test]
fn loose_promises_are_warned_about() {
    let about = |config: &Config| warnings(config).join("\n");
    assert!(about(&loaded("daemonize yes")).contains("'daemonize'"));
    assert!(!about(&loaded("daemonize no")).contains("'daemonize'"));
}

#[test]
fn a_wrong_value_is_explained() {
    let numbers = [
        ("PORT x", "argument couldn't be parsed into an integer"),
        ("port 70000", "argument must be between 0 and 65535 inclusive"),
        ("maxmemory 1x", "argument must be a memory value"),
        ("maxmemory-clients 1x", "argument must be a memory or percent value"),
        ("unixsocketperm 8", "argument couldn't be parsed as an octal number"),
        ("unixsocketperm 1000", "argument must be between 0 and 777 inclusive"),
    ];
    let words = [
        ("loglevel --bla", "argument(s) must be one of the following: debug, verbose, notice, warning, nothing"),
        ("shutdown-on-sigint", "argument(s) must be one of the following: default, save, nosave, now, force"),
        ("replicaof a b", "Invalid primary port"),
        ("proc-title-template {", "template format is invalid or contains unknown variables"),
        ("client-output-buffer-limit slow 0 0 0", "Invalid client class specified in buffer limit configuration."),
    ];
    for (line, reason) in numbers.into_iter().chain(words) {
        let text = refusal(line);
        assert!(text.ends_with(&format!("at line 1\n>>> '{line}'\n{reason}")), "{text}");
    }
}

#[test]
fn a_wrong_line_is_shown() {
    let head = format!("\n*** FATAL CONFIG FILE ERROR (Version {}) ***\n", env!("CARGO_PKG_VERSION"));
    let shown = |number: usize, line: &str, reason: &str| {
        format!("{head}Reading the configuration file, at line {number}\n>>> '{line}'\n{reason}")
    };
    let cases = [
        ("# a\n\n  foo bar \n", 3, "foo bar", "Bad directive or wrong number of arguments"),
        ("port", 1, "port", "wrong number of arguments"),
        ("port 1 2", 1, "port 1 2", "wrong number of arguments"),
        ("dir \"a", 1, "dir \"a", "Unbalanced quotes in configuration line"),
    ];
    for (text, number, line, reason) in cases {
        assert_eq!(refusal(text), shown(number, line, reason));
    }
}

#[test]
fn lines_of_save_add_up() {
    assert_eq!(got(&Config::default(), "save"), "3600 1 300 100 60 10000");
    assert_eq!(got(&loaded("save 900 1\nsave 60 5 30 7"), "save"), "900 1 60 5 30 7");
    assert_eq!(got(&loaded("save \"900 1 60 5\""), "save"), "900 1 60 5");
    assert_eq!(got(&loaded("save 900 1\nsave ''"), "save"), "");
    let mut config = loaded("save 900 1");
    assert_eq!(set_one(&mut config, "save", "60 5"), Ok(vec!["save"]));
    assert_eq!(got(&config, "save"), "60 5");
}

#[test]
fn lines_of_one_client_class_keep_the_others() {
    let config = loaded("client-output-buffer-limit pubsub 1mb 0 0\nclient-output-buffer-limit slave 0 0 0");
    assert_eq!(got(&config, "client-output-buffer-limit"), "normal 0 0 0 slave 0 0 0 pubsub 1048576 0 0");
}

#[test]
fn aliases_former_names_and_renames() {
    let config = loaded(
        "hash-max-ziplist-entries 7\nslowlog-log-slower-than -1\nlist-max-ziplist-value 64\n\
         io-threads-do-reads yes\nrename-command FLUSHALL \"\"\nrename-command debug hush",
    );
    assert_eq!(config.encoding.hash_max_listpack_entries, 7);
    assert_eq!(got(&config, "commandlog-execution-slower-than"), "-1");
    assert_eq!(config.renames.len(), 2);
    assert_eq!(config.renames[0], Rename { from: b"FLUSHALL".to_vec(), to: Vec::new() });
}

struct FewFiles;

impl load::Files for FewFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        match path {
            "conf.d/a.conf" => Ok(b"port 1\n".to_vec()),
            "conf.d/b.conf" => Ok(b"port 2\ndatabases 3".to_vec()),
            "/x/1/norn.conf" => Ok(b"hz 3".to_vec()),
            "loop.conf" => Ok(b"include loop.conf".to_vec()),
            "wrong.conf" => Ok(b"\nwrong".to_vec()),
            _ => Err("No such file or directory".into()),
        }
    }

    fn list(&self, dir: &str) -> Vec<String> {
        let names: &[&str] = match dir {
            "conf.d" => &[".hidden.conf", "a.conf", "b.conf", "readme"],
            "/x" => &["1", "2"],
            "/x/1" => &["norn.conf"],
            _ => &[],
        };
        names.iter().map(|name| (*name).to_owned()).collect()
    }
}

#[test]
fn included_files_are_read_where_they_are_named() {
    let read = |text: &str| {
        let mut config = Config::default();
        load(&mut config, text.as_bytes(), &FewFiles).map(|()| config).map_err(|e| e.to_string())
    };
    let config = read("port 9\ninclude conf.d/*.conf\ndatabases 4\ninclude none*\ninclude /x/[0-9]/norn.conf").unwrap();
    assert_eq!((config.network.port, config.process.databases, config.process.hz), (2, 4, 3));
    let missing = read("include c.conf").unwrap_err();
    assert_eq!(missing, "Fatal error, can't open config file 'c.conf': No such file or directory");
    assert!(read("include wrong.conf").unwrap_err().contains("at line 2\n>>> 'wrong'"));
    assert!(read("include loop.conf").unwrap_err().contains("nested too deep"));
}
