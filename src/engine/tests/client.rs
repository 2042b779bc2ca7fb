//! CLIENT, with several connections.

use crate::engine::{Progress, testing::Rig};

/// A field of the asking client's own line.
fn field(r: &mut Rig, client: usize, name: &str) -> String {
    let line = r.run(client, "CLIENT INFO");
    let found = line.split_whitespace().find_map(|f| f.strip_prefix(&format!("{name}=")).map(str::to_owned));
    found.unwrap_or_else(|| panic!("no {name} in {line}"))
}

#[test]
fn a_line_has_valkeys_fields_in_order() {
    let mut r = Rig::new();
    r.run(0, "CLIENT SETNAME me");
    r.run_all(0, &["CLIENT SETINFO lib-name redis.py", "CLIENT SETINFO LIB-VER 1.2.3", "SELECT 2"]);
    let line = r.run(0, "CLIENT LIST");
    let names: Vec<&str> = line.split_whitespace().map(|f| f.split_once('=').expect("pairs").0).collect();
    let want = "id addr laddr fd name age idle flags capa db sub psub ssub multi watch qbuf qbuf-free argv-mem multi-mem \
                rbs rbp obl oll omem tot-mem events cmd user redir resp lib-name lib-ver tot-net-in tot-net-out tot-cmds";
    assert_eq!(names.join(" "), want);
    for (name, value) in [("name", "me"), ("db", "2"), ("lib-name", "redis.py"), ("lib-ver", "1.2.3"), ("multi", "-1")]
    {
        assert_eq!(field(&mut r, 0, name), value);
    }
    assert!(line.contains(" cmd=client|list "));
    r.advance_ms(2500);
    assert_eq!(field(&mut r, 0, "age"), "2");
    assert_eq!(
        r.run(0, "CLIENT SETINFO lib-name 'a b'"),
        "-ERR lib-name cannot contain spaces, newlines or special characters."
    );
    assert_eq!(r.run(0, "CLIENT SETINFO x y"), "-ERR Unrecognized option 'x'");
    assert_eq!(r.run(0, "CLIENT GETREDIR"), ":-1");
}

#[test]
fn flags_and_capabilities() {
    let mut r = Rig::new();
    assert_eq!(field(&mut r, 0, "flags"), "N");
    r.run_all(0, &["CLIENT NO-EVICT ON", "CLIENT NO-TOUCH on", "CLIENT CAPA redirect future"]);
    assert_eq!((field(&mut r, 0, "flags"), field(&mut r, 0, "capa")), ("eT".into(), "r".into()));
    assert_eq!(r.run(0, "CLIENT NO-EVICT maybe"), "-ERR syntax error");
    r.run(1, "BLPOP list 0");
    assert!(r.run(0, "CLIENT LIST FLAGS b").starts_with("id=2 "));
    let syntax = "-ERR unknown subcommand or wrong number of arguments for 'UNBLOCK'. Try CLIENT HELP.";
    assert_eq!(r.run(0, "CLIENT UNBLOCK 2 TIMEOUT extra"), syntax);
    assert_eq!(r.run(0, "CLIENT UNBLOCK 2"), ":1");
    assert_eq!(r.run(0, "CLIENT UNBLOCK 2"), ":0");
    assert_eq!(r.mail(1), "nil[]");
}

#[test]
fn list_and_kill_take_the_same_filters() {
    let mut r = Rig::new();
    for c in 0..4 {
        r.run(c, "PING");
    }
    r.run_all(1, &["CLIENT SETNAME one", "SELECT 5"]);
    let mut ids = |args: &str| -> String {
        let lines = r.run(0, &format!("CLIENT LIST {args}"));
        let id = |l: &str| l.strip_prefix("id=").and_then(|l| l.split(' ').next()).unwrap_or(l).to_owned();
        lines.lines().map(id).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ids(""), "1 2 3 4");
    assert_eq!(ids("ID 4 2 9"), "2 4");
    assert_eq!(ids("NOT-ID 4 2 SKIPME yes"), "3");
    assert_eq!(ids("DB 5"), "2");
    assert_eq!(ids("NAME one DB 5 TYPE normal USER default"), "2");
    assert_eq!(ids("NOT-NAME one NOT-ADDR 127.0.0.1:50002"), "1 4");
    assert_eq!(ids("IP 127.0.0.1 NOT-IP 127.0.0.1"), "");
    assert_eq!(ids("TYPE pubsub"), "");
    assert_eq!(ids("LADDR 127.0.0.1:6379 CAPA r"), "");
    assert_eq!(ids("TYPE what"), "-ERR Unknown client type 'what'");
    assert_eq!(ids("USER nobody"), "-ERR No such user 'nobody'");
    assert_eq!(ids("ID x"), "-ERR Invalid client ID");
    assert_eq!(ids("ID"), "-ERR syntax error");
    assert_eq!(ids("FLAGS ?"), "-ERR Unknown flags found in the provided filter: ?");
    assert_eq!(ids("MAXAGE 0"), "-ERR maxage should be greater than 0");
    assert_eq!(ids("IDLE x"), "-ERR idle is not an integer or out of range");
    assert_eq!(ids("DB 16"), "-ERR DB number should be between 0 and 15");
    assert_eq!(r.run(0, "CLIENT KILL ID 0"), "-ERR client-id should be greater than 0");
    assert_eq!(r.run(0, "CLIENT KILL ID x"), "-ERR client-id should be greater than 0");
    assert_eq!(r.run(0, "CLIENT KILL ID 10 wrong"), "-ERR syntax error");
    assert_eq!(r.run(0, "CLIENT KILL SKIPME perhaps"), "-ERR syntax error");
    assert_eq!(r.run(0, "CLIENT KILL NAME one"), ":1");
    assert_eq!(r.mail(1), "(closed)");
    assert_eq!(r.run(0, "CLIENT KILL 127.0.0.1:50002"), "+OK");
    assert_eq!(r.run(0, "CLIENT KILL 127.0.0.1:50002"), "-ERR No such client");
    assert_eq!(r.run(0, "CLIENT KILL SKIPME yes"), ":1");
    assert_eq!(r.run(0, "CLIENT KILL SKIPME no"), ":1");
    assert!(matches!(r.progress(0), crate::engine::Progress::Close));
}

#[test]
fn a_pause_holds_writers_or_everybody() {
    let mut r = Rig::new();
    assert_eq!(r.run(0, "CLIENT PAUSE 1000 WRITE"), "+OK");
    assert_eq!(r.run(1, "GET k"), "nil");
    assert_eq!(r.run(1, "SET k v"), "(paused)");
    assert!(r.run(0, "CLIENT LIST ID 2").contains(" flags=b "));
    assert_eq!(r.run(0, "CLIENT UNPAUSE"), "+OK");
    assert_eq!(r.mail(1), "+OK");
    let now_ms = r.now().mono.0 / 1_000_000;
    r.engine.shared.pause.set(now_ms, now_ms + (1 << 40), true);
    assert_eq!(r.run(1, "GET k"), "(paused)");
    r.engine.shared.unpause();
    assert_eq!(r.mail(1), "v", "as after DEBUG RELOAD");
    r.run(0, "CLIENT PAUSE 200");
    assert_eq!(r.run(0, "PING"), "(paused)");
    r.advance_ms(201);
    assert_eq!(r.mail(0), "+PONG");
    for (bad, why) in [
        ("-1", "timeout is negative"),
        ("x", "timeout is not an integer or out of range"),
        ("9223372036854775807", "timeout is out of range"),
        ("1 never", "CLIENT PAUSE mode must be WRITE or ALL"),
    ] {
        assert_eq!(r.run(0, &format!("CLIENT PAUSE {bad}")), format!("-ERR {why}"));
    }
}

#[test]
fn a_pause_keeps_the_data_set_as_it_is() {
    let mut r = Rig::new();
    r.run_all(0, &["SET k v PX 10", "SET other v PX 10", "CLIENT PAUSE 1000 WRITE"]);
    r.advance_ms(20);
    assert_eq!(r.run(1, "GET k"), "nil");
    r.expire_some();
    assert_eq!(r.run(1, "DBSIZE"), ":2");
    assert_eq!(r.run(1, "SET k"), "-ERR wrong number of arguments for 'set' command");
    assert_eq!(r.run_all(0, &["CLIENT UNPAUSE", "GET k"]), "nil");
    assert_eq!(r.run(1, "DBSIZE"), ":1");
}

#[test]
fn replies_may_be_unwanted() {
    let mut r = Rig::new();
    assert_eq!(r.run_all(0, &["CLIENT REPLY SKIP", "PING"]), "");
    assert_eq!(r.run(0, "PING"), "+PONG");
    assert_eq!(r.run_all(0, &["CLIENT REPLY OFF", "PING", "CLIENT REPLY SKIP", "nosuch"]), "");
    assert_eq!(r.run(0, "CLIENT REPLY ON"), "+OK");
    assert_eq!(r.run_all(0, &["CLIENT REPLY SKIP", "CLIENT REPLY ON"]), "+OK");
    assert_eq!(r.run(0, "CLIENT REPLY maybe"), "-ERR syntax error");
    assert_eq!(r.run_all(0, &["CLIENT REPLY SKIP", "RESET"]), "");
    assert_eq!(r.run(0, "PING"), "+PONG");
    assert_eq!(r.run_all(0, &["CLIENT REPLY OFF", "RESET"]), "+RESET");
    assert_eq!(r.run(0, "PING"), "+PONG");
    r.run(0, "CLIENT REPLY OFF");
    assert!(r.send(0, b"*1\r\n!\r\n").is_empty(), "an error of the protocol is a reply");
    assert!(matches!(r.progress(0), Progress::Close));
}

#[test]
fn unblocking_by_error_is_counted() {
    let mut r = Rig::new();
    r.run(0, "BLPOP list 0");
    assert_eq!(r.run(1, "CLIENT UNBLOCK 1 ERROR"), ":1");
    assert_eq!(r.mail(0), "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
    assert_eq!(r.engine.shared.errors.lock()["UNBLOCKED"], 1);
    let id = crate::commands::table::find(b"blpop").expect("known").id as usize;
    let stats = &r.engine.shared.workers[0].per_command[id];
    assert_eq!((stats.calls.get(), stats.failed.get()), (1, 1));
    assert_eq!(r.run(1, "CLIENT UNBLOCK 1 PERHAPS"), "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
    assert_eq!(r.run(1, "CLIENT UNBLOCK x"), "-ERR value is not an integer or out of range");
}

#[test]
fn help_lists_every_subcommand() {
    let mut r = Rig::new();
    let help = r.run(0, "CLIENT HELP");
    assert!(help.starts_with("[+CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are: "));
    assert!(help.contains("+PAUSE <timeout> [<WRITE | ALL>]") && help.ends_with("+    Print this help.]"));
    assert_eq!(r.run(0, "CLIENT NOSUCH"), "-ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP.");
}

#[test]
fn an_absurd_reply_ends_where_its_client_does() {
    let mut r = Rig::with(1, &[("client-output-buffer-limit", "normal 2mb 0 0")]);
    for line in ["HSET hash a 1", "SADD set a", "ZADD zset 1 a", "SADD ints 1"] {
        r.run(0, line);
    }
    let absurd = ["HRANDFIELD hash", "SRANDMEMBER set", "SRANDMEMBER ints", "ZRANDMEMBER zset"];
    for (client, command) in absurd.iter().enumerate().map(|(i, c)| (i + 1, c)) {
        let began = r.engine.shared.workers[0].commands.get();
        let request = format!("{command} -4000000000\r\n");
        r.send(client, request.as_bytes());
        assert!(matches!(r.progress(client), Progress::Kill), "{command}");
        assert_eq!(r.engine.shared.workers[0].commands.get(), began + 1);
    }
}
