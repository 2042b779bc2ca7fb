//! Lists, sets, sorted sets, places, HyperLogLogs.

use crate::engine::testing::Rig;

#[test]
fn pops_name_the_key_and_the_end() {
    let mut r = Rig::new();
    r.script(
        r#"
        RPUSH l 1 2 3 4 5 6 7 8 9 => :9
        .journal =>
        LMPOP 2 none l LEFT => [l [1]]
        LMPOP 1 l right COUNT 2 => [l [9 8]]
        BLPOP none l 0 => [l 2]
        BRPOP l 0 => [l 7]
        BLMPOP 0 1 l LEFT COUNT 2 => [l [3 4]]
        BLMOVE l m left Right 0 => 5
        BRPOPLPUSH l m 0 => 6
        LMPOP 1 m LEFT COUNT 10 => [m [6 5]]
        .journal => SELECT 0 | LPOP l 1 | RPOP l 2 | LPOP l | RPOP l | LPOP l 2 | LMOVE l m left Right | RPOPLPUSH l m | LPOP m 2
        1> BLPOP q 0 => (blocked)
        2> BLMOVE q r LEFT LEFT 0 => (blocked)
        RPUSH q a b c => :3
        .journal => RPUSH q a b c | LPOP q | LMOVE q r LEFT LEFT
        "#,
    );
}

#[test]
fn sorted_pops_too() {
    let mut r = Rig::new();
    r.script(
        r#"
        ZADD z 1 a 2 b 3 c 4 d 5 e 6 f => :6
        .journal =>
        BZPOPMIN none z 0 => [z a 1]
        BZPOPMAX z 0 => [z f 6]
        ZMPOP 1 z MIN => [z [[b 2]]]
        BZMPOP 0 1 z MAX COUNT 9 => [z [[e 5] [d 4] [c 3]]]
        .journal => SELECT 0 | ZPOPMIN z | ZPOPMAX z | ZPOPMIN z 1 | ZPOPMAX z 3
        1> BZPOPMIN z 0 => (blocked)
        ZADD z 1 a => :1
        .journal => ZADD z 1 a | ZPOPMIN z
        GEOADD g NX CH 13.361389 38.115556 Palermo => :1
        GEOADD g 13.361389 38.115556 Palermo => :0
        .journal => zadd g NX CH 3479099956230698 Palermo
        PFADD p a => :1
        PFCOUNT p => :1
        PFCOUNT p => :1
        .journal => PFADD p a | PFCOUNT p
        "#,
    );
}

#[test]
fn chance_is_told_by_name() {
    let mut r = Rig::new();
    r.script("SADD one 1 => :1\nSADD s a b c => :3\n.journal =>\nSPOP one => 1\nSPOP s 0 => []\nSPOP none => nil");
    let popped = r.run(0, "SPOP s 2");
    let named = popped.trim_matches(|c| matches!(c, '[' | ']' | '~'));
    assert_eq!(r.journal(), format!("SELECT 0\nSREM one 1\nSREM s {named}"));
    r.run(0, "SPOP s 5");
    assert_eq!(r.journal(), "UNLINK s");
    r.run_all(0, &["DEL s", "CONFIG SET set-max-listpack-entries 1", "CONFIG SET set-max-intset-entries 1"]);
    let members: Vec<String> = (0..3000).map(|n| n.to_string()).collect();
    r.run(0, &format!("SADD s {}", members.join(" ")));
    r.journal();
    r.run(0, "SPOP s 2500");
    let lines: Vec<usize> = r.journal().lines().map(|l| l.split(' ').count()).collect();
    assert_eq!(lines, [1, 1026, 1026, 454, 1], "MULTI, three SREM, EXEC");
}
