//! COMMAND; tests over sockets compare its rows with Redis's.

use crate::engine::testing::Rig;

#[test]
fn info_has_ten_elements() {
    let mut r = Rig::new();
    let get = "[get :2 [+readonly +fast] :1 :1 :1 [+@read +@string +@fast] [] \
               [[flags [+RO +access] begin_search [type index spec [index :1]] \
               find_keys [type range spec [lastkey :0 keystep :1 limit :0]]]] []]";
    assert_eq!(
        r.run(0, "COMMAND INFO GET nosuch get|key config|get|x"),
        format!("[{get} nil[] nil[] nil[]]").replace("nil[]", "nil")
    );
    assert!(r.run(0, "COMMAND INFO client|id").starts_with("[[client|id :2 [+noscript +loading +stale]"));
    let nested = r.run(0, "COMMAND INFO config");
    assert!(nested.starts_with("[[config :-2 [] :0 :0 :0 [+@slow] [] [] [[config|get :-3 "), "{nested}");
    r.run(0, "HELLO 3");
    assert!(r.run(0, "COMMAND INFO get").starts_with("[[get :2 ~[+readonly +fast] "));
}

#[test]
fn renamed_commands_go_by_their_new_names() {
    let mut r = Rig::from_file(1, b"rename-command GET fetch\nrename-command CONFIG \"\"\n");
    let count = |r: &mut Rig| r.run(0, "COMMAND COUNT")[1..].parse::<usize>().expect("a number");
    assert_eq!(count(&mut r), count(&mut Rig::new()) - 1);
    assert_eq!(r.run(0, "COMMAND INFO get config config|get"), "[nil nil nil]");
    assert!(r.run(0, "COMMAND INFO fetch").starts_with("[[get :2 "));
    assert_eq!(r.run(0, "COMMAND GETKEYS fetch k"), "[k]");
    assert_eq!(r.run(0, "COMMAND GETKEYS get k"), "-ERR Invalid command specified");
    assert_eq!(r.run(0, "COMMAND LIST FILTERBY PATTERN *onfig*"), "[]");
    assert_eq!(r.run(0, "COMMAND LIST FILTERBY PATTERN get"), "[get]");
    assert!(r.run(0, "COMMAND DOCS fetch get").starts_with("[get ["));
    assert_eq!(r.run(0, "COMMAND").matches(" [config :").count(), 0);
}

#[test]
fn lists_and_filters() {
    let mut r = Rig::new();
    assert_eq!(r.run(0, "COMMAND LIST FILTERBY PATTERN GET"), "[get]");
    assert_eq!(r.run(0, "COMMAND LIST FILTERBY PATTERN config|*RE*"), "[config|resetstat config|rewrite]");
    assert_eq!(r.run(0, "COMMAND LIST FILTERBY ACLCAT nosuch"), "[]");
    assert!(r.run(0, "COMMAND LIST FILTERBY ACLCAT CONNECTION").contains(" client|id "));
    assert_eq!(r.run(0, "COMMAND LIST FILTERBY MODULE any"), "[]");
    for bad in ["x", "FILTERBY x", "FILTERBY x y", "FILTERBY PATTERN"] {
        assert_eq!(r.run(0, &format!("COMMAND LIST {bad}")), "-ERR syntax error");
    }
}

#[test]
fn keys_of_a_request() {
    let mut r = Rig::new();
    assert_eq!(r.run(0, "COMMAND GETKEYS MSET a 1 b 2"), "[a b]");
    assert_eq!(
        r.run(0, "COMMAND GETKEYSANDFLAGS LMOVE a b LEFT RIGHT"),
        "[[a [+RW +access +delete]] [b [+RW +insert]]]"
    );
    assert_eq!(r.run(0, "COMMAND GETKEYS LMPOP 2 a b LEFT"), "[a b]");
    assert_eq!(r.run(0, "COMMAND GETKEYS LMPOP 5 a b LEFT"), "-ERR Invalid arguments specified for command");
    assert_eq!(r.run(0, "COMMAND GETKEYS GET"), "-ERR Invalid number of arguments specified for command");
    assert_eq!(r.run(0, "COMMAND GETKEYS PING"), "-ERR The command has no key arguments");
    assert_eq!(r.run(0, "COMMAND GETKEYS nosuch"), "-ERR Invalid command specified");
    assert_eq!(r.run(0, "COMMAND GETKEYS config nosuch"), "-ERR Invalid command specified");
}

#[test]
fn documents() {
    let mut r = Rig::new();
    r.run(0, "HELLO 3");
    let docs = r.run(0, "COMMAND DOCS select quit nosuch");
    assert!(docs.starts_with("{select: {summary: "));
    assert!(docs.contains("arguments: [{name: index, type: integer, display_text: index}]}, quit: {summary: "));
    assert!(
        docs.contains("doc_flags: ~[+deprecated], deprecated_since: 7.2.0, replaced_by: just closing the connection")
    );
    assert!(r.run(0, "COMMAND DOCS restore-asking").contains("group: server, complexity: "));
    assert!(r.run(0, "COMMAND DOCS restore-asking").contains("doc_flags: ~[+syscmd], history: "));
    assert!(r.run(0, "COMMAND INFO restore-asking").contains("[+write +denyoom +asking]"));
    assert!(r.run(0, "COMMAND DOCS config|get").starts_with("{config|get: {summary: "));
}
