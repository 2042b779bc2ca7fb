//! CONFIG SET and CONFIG GET.

use super::*;

fn related(name: &str, reason: &str) -> set::Error {
    set::Error::Failed(name.into(), reason.into())
}

#[test]
fn set_is_all_or_nothing() {
    let mut config = loaded("maxmemory 10000002");
    let before = config.clone();
    let pairs: [(&[u8], &[u8]); 3] =
        [(b"maxmemory", b"10000001"), (b"maxmemory-clients", b"200%"), (b"client-query-buffer-limit", b"invalid")];
    assert_eq!(
        set(&mut config, &pairs, Context::default()).unwrap_err(),
        related("maxmemory-clients", "percentage argument must be less or equal to 100")
    );
    assert_eq!(config, before);
    let pairs: [(&[u8], &[u8]); 2] = [(b"MAXMEMORY", b"1gb"), (b"port", b"6379")];
    let changed = set(&mut config, &pairs, Context::default()).unwrap();
    assert_eq!(changed.iter().map(|d| d.spec.name).collect::<Vec<_>>(), ["maxmemory"]);
    assert_eq!(config.memory.maxmemory_bytes, 1 << 30);
}

#[test]
fn set_says_why_not() {
    let failed = |name: &str, value: &str| set_one(&mut Config::default(), name, value).unwrap_err();
    assert_eq!(failed("foo", "1"), set::Error::Unknown(b"foo".to_vec()));
    assert_eq!(failed("DAEMONIZE", "yes"), related("DAEMONIZE", "can't set immutable config"));
    assert_eq!(failed("dir", "/tmp"), related("dir", "can't set protected config"));
    assert_eq!(failed("maxmemory", "x"), related("maxmemory", "argument must be a memory value"));
    assert_eq!(failed("SLAVE-read-only", "x"), related("slave-read-only", "argument must be 'yes' or 'no'"));
    assert_eq!(failed("save", "900  1"), related("save", "Invalid save parameters"));
    assert_eq!(
        failed("shutdown-on-sigint", "save nosave"),
        related("shutdown-on-sigint", "shutdown options SAVE and NOSAVE can't be used simultaneously")
    );
    // What would have to be quoted when it is written down cannot be listened on either.
    for value in ["a\0", "a\"b", "127.0.0.1  ::1"] {
        assert_eq!(failed("bind", value), related("bind", "Invalid address"));
    }
    let twice: [(&[u8], &[u8]); 2] = [(b"hz", b"1"), (b"HZ", b"2")];
    let error = set(&mut Config::default(), &twice, Context::default()).unwrap_err();
    assert_eq!(error, related("HZ", "duplicate parameter"));
    let loading = Context { protected_allowed: true, loading: true };
    let error = set(&mut Config::default(), &[(b"dir", b"/")], loading).unwrap_err();
    assert_eq!(error, set::Error::Loading);
}

#[test]
fn get_lists_each_name_once() {
    let config = Config::default();
    let names = |patterns: &[&str]| -> Vec<String> {
        let patterns: Vec<&[u8]> = patterns.iter().map(|p| p.as_bytes()).collect();
        get(&config, &patterns).into_iter().map(|(name, _)| String::from_utf8(name).unwrap()).collect()
    };
    assert_eq!(names(&["PoRt", "port", "nothing"]), ["PoRt"]);
    assert_eq!(names(&["*OF", "slaveof"]), ["replicaof", "slaveof"]);
    assert_eq!(names(&["key-load-delay"]), ["key-load-delay"]);
    assert!(!names(&["*"]).contains(&"key-load-delay".to_owned()));
    let all = names(&["*", "max*"]);
    assert_eq!(all.len(), directives().filter(|d| !d.spec.hidden).flat_map(|d| d.spec.names()).count());
}
