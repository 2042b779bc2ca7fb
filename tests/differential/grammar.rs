//! The commands that are compared, by family, each with a weight.
//!
//! Left out: what the peer does not know (field expiry, DELIFEQ, MSETEX ...), what does not
//! answer one reply to one command (SUBSCRIBE, CLIENT REPLY, MONITOR, QUIT), and what
//! changes the data at random. Those have tests of their own in `tests/blackbox/`.

use super::spec::{Command, parse};
use super::values::{renumber, with_consumers};
use proptest::{collection::vec, prelude::*, strategy::Union};

/// A weight and a line of syntax.
type Line = (u32, &'static str);

pub const STRINGS: &[Line] = &[
    (8, "SET s v [NX|XX] [GET] [EX sec|PX ms|EXAT unixsec|PXAT unixms|KEEPTTL]"),
    (6, "GET s"),
    (2, "GETSET s v"),
    (2, "SETNX s v"),
    (1, "SETEX s sec v"),
    (1, "PSETEX s ms v"),
    (2, "MSET (s v)..."),
    (1, "MSETNX (s v)..."),
    (2, "MGET k..."),
    (3, "APPEND s v"),
    (2, "STRLEN s"),
    (3, "GETRANGE s index index"),
    (1, "SUBSTR s index index"),
    (3, "SETRANGE s offset v"),
    (3, "(INCR|DECR) s"),
    (3, "(INCRBY|DECRBY) s int"),
    (3, "INCRBYFLOAT s float"),
    (2, "GETEX s [EX sec|PX ms|EXAT unixsec|PXAT unixms|PERSIST]"),
    (1, "GETDEL s"),
    (2, "LCS s s [LEN] [IDX] [MINMATCHLEN count] [WITHMATCHLEN]"),
];

pub const KEYS: &[Line] = &[
    (2, "(DEL|UNLINK|EXISTS|TOUCH) k..."),
    (2, "TYPE k"),
    (2, "RENAME k k"),
    (2, "RENAMENX k k"),
    (2, "COPY k k [DB db] [REPLACE]"),
    (1, "MOVE k db"),
    (3, "EXPIRE k sec [NX|XX|GT|LT]"),
    (1, "PEXPIRE k ms [NX|XX|GT|LT]"),
    (1, "EXPIREAT k unixsec [NX|XX|GT|LT] [NX|XX|GT|LT]"),
    (1, "PEXPIREAT k unixms [NX|XX|GT|LT]"),
    (2, "(TTL|PTTL|EXPIRETIME|PEXPIRETIME) k"),
    (1, "PERSIST k"),
    (1, "KEYS pattern"),
    (1, "SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]"),
    (1, "SCAN 0 COUNT 1000 [MATCH pattern] [TYPE type]"),
    (1, "RANDOMKEY"),
    (1, "DBSIZE"),
    (2, "OBJECT ENCODING k"),
    (1, "OBJECT (FREQ|IDLETIME|REFCOUNT|NOSUCH) k"),
    (1, "OBJECT HELP"),
    (1, "DUMP k"),
    (3, "RESTORE k ttl payload [REPLACE] [ABSTTL] [IDLETIME count] [FREQ count]"),
    (2, "RESTORE k ttl payload REPLACE [(IDLETIME|FREQ) (0|5|255|256|100000)]"),
    (1, "RESTORE k unixms payload ABSTTL REPLACE"),
    (1, "RESTORE-ASKING k ttl payload [REPLACE] [ABSTTL] [IDLETIME count] [FREQ count]"),
    (1, "SWAPDB db db"),
    (1, "SELECT db"),
    (1, "(FLUSHDB|FLUSHALL) [ASYNC|SYNC|X]"),
];

pub const LISTS: &[Line] = &[
    (6, "(LPUSH|RPUSH) l v..."),
    (1, "(LPUSHX|RPUSHX) l v..."),
    (3, "(LPOP|RPOP) l [count]"),
    (2, "LLEN l"),
    (2, "LINDEX l index"),
    // Not `index`: the peer cuts an index of LSET to 32 bits, and -2^63 elements are "all" to LREM.
    (2, "LSET l count v"),
    (4, "LRANGE l index index"),
    (2, "LTRIM l index index"),
    (2, "LINSERT l (BEFORE|AFTER|AT) v v"),
    (2, "LREM l count v"),
    (2, "LPOS l v [RANK index] [COUNT count] [MAXLEN count]"),
    (2, "LMOVE l l (LEFT|RIGHT) (LEFT|RIGHT)"),
    (1, "RPOPLPUSH l l"),
    (1, "LMPOP count l... (LEFT|RIGHT) [COUNT count]"),
    (1, "LMPOP 2 l l (LEFT|RIGHT) [COUNT count]"),
    (1, "OBJECT ENCODING l"),
];

/// Every one of these may cost a real wait, so they are rare.
pub const BLOCKING: &[Line] = &[
    (1, "(BLPOP|BRPOP) l... timeout"),
    (1, "BLMOVE l l (LEFT|RIGHT) (LEFT|RIGHT) timeout"),
    (1, "BRPOPLPUSH l l timeout"),
    (1, "BLMPOP timeout 2 l l (LEFT|RIGHT) [COUNT count]"),
    (1, "BLMPOP timeout count l (LEFT|RIGHT)"),
    (1, "(BZPOPMIN|BZPOPMAX) z... timeout"),
    (1, "BZMPOP timeout 2 z z (MIN|MAX) [COUNT count]"),
    (1, "BZMPOP timeout count z (MIN|MAX)"),
    (1, "XREAD BLOCK 2 STREAMS x x (id|$) (id|$)"),
    (1, "XREADGROUP GROUP group consumer BLOCK 2 STREAMS x >"),
];

pub const HASHES: &[Line] = &[
    (8, "(HSET|HMSET) h (f v)..."),
    (2, "HSETNX h f v"),
    (3, "HGET h f"),
    (2, "HMGET h f..."),
    (3, "(HGETALL|HKEYS|HVALS|HLEN) h"),
    (3, "HDEL h f..."),
    (1, "(HEXISTS|HSTRLEN) h f"),
    (3, "HINCRBY h f int"),
    (3, "HINCRBYFLOAT h f float"),
    (1, "HRANDFIELD h [count] [WITHVALUES]"),
    (1, "HSCAN h cursor [MATCH pattern] [COUNT count]"),
    (1, "OBJECT ENCODING h"),
];

/// What SPOP leaves of a set is random: see `compare`.
pub const SETS: &[Line] = &[
    (8, "SADD t m..."),
    (3, "SREM t m..."),
    (2, "SISMEMBER t m"),
    (2, "SMISMEMBER t m..."),
    (4, "(SMEMBERS|SCARD) t"),
    (2, "SMOVE t t m"),
    (3, "(SINTER|SUNION|SDIFF) t..."),
    (3, "(SINTERSTORE|SUNIONSTORE|SDIFFSTORE) t t..."),
    (1, "SINTERCARD 2 t t [LIMIT count]"),
    (1, "SINTERCARD count t... [LIMIT count] [LIMIT int]"),
    (1, "SPOP t [(0|100|-1|ABC)]"),
    (1, "SRANDMEMBER t [count]"),
    (1, "SSCAN t cursor [MATCH pattern] [COUNT count]"),
];

/// Redis 7.0 has no packed sets: for a server of ours that may not have any either.
pub const SET_ENCODINGS: &[Line] = &[(1, "OBJECT ENCODING t")];

pub const ZSETS: &[Line] = &[
    (8, "ZADD z (score f)..."),
    (6, "ZADD z [NX|XX] [GT|LT] [CH] [INCR] score f"),
    (3, "ZADD z [XX|CH|GT|LT|NX] [CH|GT] (score f)..."),
    (3, "ZINCRBY z score f"),
    (3, "ZREM z f..."),
    (2, "(ZSCORE|ZRANK|ZREVRANK) z f"),
    (2, "ZMSCORE z f..."),
    (1, "ZCARD z"),
    (2, "ZCOUNT z bound bound"),
    (3, "(ZRANGE|ZREVRANGE) z index index [WITHSCORES]"),
    (2, "ZRANGE z index index [BYSCORE|BYLEX] [REV] [LIMIT index index] [WITHSCORES]"),
    (3, "ZRANGE z bound bound BYSCORE [REV] [LIMIT index count] [WITHSCORES]"),
    (3, "(ZRANGEBYSCORE|ZREVRANGEBYSCORE) z bound bound [WITHSCORES] [LIMIT index count]"),
    (2, "ZRANGESTORE z z index index [REV]"),
    (2, "ZRANGESTORE z z bound bound BYSCORE [REV] [LIMIT index count]"),
    (1, "ZREMRANGEBYRANK z index index"),
    (1, "ZREMRANGEBYSCORE z bound bound"),
    (2, "(ZPOPMIN|ZPOPMAX) z [count]"),
    (1, "ZMPOP count z... (MIN|MAX) [COUNT count]"),
    (2, "ZMPOP 2 z z (MIN|MAX) [COUNT count]"),
    (2, "(ZUNION|ZINTER) 2 zt zt [WEIGHTS score score] [AGGREGATE (SUM|MIN|MAX)] [WITHSCORES]"),
    (2, "(ZUNIONSTORE|ZINTERSTORE) z 2 zt zt [WEIGHTS score score] [AGGREGATE (SUM|MIN|MAX|AVG)]"),
    (1, "(ZUNIONSTORE|ZINTERSTORE) z 3 zt zt zt [AGGREGATE (MIN|MAX)] [WEIGHTS score score score]"),
    (1, "(ZUNION|ZINTER|ZDIFF) count zt... [WITHSCORES]"),
    (1, "ZDIFF 2 zt zt [WITHSCORES]"),
    (1, "ZDIFFSTORE z 2 zt zt"),
    (1, "ZINTERCARD count z z [LIMIT count]"),
    (1, "ZINTERCARD 2 zt zt [LIMIT count]"),
    (1, "ZRANDMEMBER z [count] [WITHSCORES]"),
    (2, "SADD t f..."),
    (1, "ZSCAN z cursor [MATCH pattern] [COUNT count]"),
    (2, "OBJECT ENCODING z"),
    (4, "ZADD y 0 f 0 f 0 f"),
    (1, "ZREM y f f"),
    (3, "ZRANGE y lex lex BYLEX [REV] [LIMIT index count]"),
    (2, "(ZRANGEBYLEX|ZREVRANGEBYLEX) y lex lex [LIMIT index count] [WITHSCORES]"),
    (1, "ZRANGESTORE y y lex lex BYLEX [REV] [LIMIT index count]"),
    (1, "ZLEXCOUNT y lex lex"),
    (1, "ZREMRANGEBYLEX y lex lex"),
];

pub const BITMAPS: &[Line] = &[
    (8, "SETBIT s bitoffset (0|1|2)"),
    (3, "GETBIT s bitoffset"),
    (3, "BITCOUNT s [index index [BYTE|BIT|X]]"),
    (1, "BITPOS s (0|1) index index (BYTE|BIT)"),
    (4, "BITPOS s (0|1|2) [index [index [BYTE|BIT|X]]]"),
    (4, "BITOP (AND|OR|XOR) s s..."),
    (1, "BITOP (NOT|NAND) s s"),
    (1, "BITOP NOT s s s"),
    (8, "BITFIELD s ([OVERFLOW (WRAP|SAT|FAIL|X)] (SET|INCRBY) bits (bitoffset|bitoffset|#1|#0) int)..."),
    (4, "BITFIELD s (GET bits bitoffset)..."),
    (4, "BITFIELD s SET bits bitoffset int [OVERFLOW (SAT|FAIL)] INCRBY bits bitoffset int GET bits #1"),
    (2, "BITFIELD_RO s (GET bits bitoffset)..."),
    (1, "BITFIELD_RO s SET bits bitoffset int"),
    (3, "SET s v"),
    (2, "GET s"),
    (1, "STRLEN s"),
    (1, "OBJECT ENCODING s"),
];

/// Without text that is wrong only in its runs: Redis reads beyond its end there.
pub const HYPERLOGLOGS: &[Line] = &[
    (10, "PFADD p v..."),
    (4, "PFADD p f..."),
    (1, "PFADD p"),
    (5, "PFCOUNT p..."),
    (3, "PFMERGE p p..."),
    (4, "GET p"),
    (1, "PFDEBUG (ENCODING|DECODE|TODENSE|X) p"),
    (1, "PFDEBUG GETREG p"),
    (1, "SETRANGE p 0 v"),
    (1, "SET p v"),
    (2, "DEL p"),
];

/// Without ids made of the clock, and without `+` for XREAD, which the peer does not know.
pub const STREAMS: &[Line] = &[
    (10, "XADD x newid (f v)..."),
    (8, "XADD x newid A v B v"),
    (3, "XADD x [NOMKSTREAM] [MAXLEN [~|=] count [LIMIT count]] newid (f v)..."),
    (3, "XADD x [NOMKSTREAM] [MINID [~|=] id [LIMIT count]] newid (f v)..."),
    (1, "XADD x (MAXLEN ~ count|MINID ~ id) LIMIT count newid f v"),
    (2, "XADD x id f v"),
    (1, "XADD x [NOMKSTREAM] [MAXLEN [~|=] count] [MINID id] [LIMIT count] newid f v"),
    (3, "XTRIM x MAXLEN [~|=] count [LIMIT count]"),
    (3, "XTRIM x MINID [~|=] id [LIMIT count]"),
    (1, "XTRIM x (LIMIT count|X|MAXLEN count MINID id)"),
    (5, "XDEL x id..."),
    (2, "XLEN x"),
    (4, "(XRANGE|XREVRANGE) x idbound idbound [COUNT count]"),
    (2, "(XRANGE x - +|XREVRANGE x + -) [COUNT count]"),
    (1, "XSETID x id [ENTRIESADDED count] [MAXDELETEDID id]"),
    (2, "XREAD [COUNT count] STREAMS x (id|$)"),
    (1, "XREAD [COUNT count] [X] STREAMS x x id id"),
    (1, "XREAD [NOACK] [COUNT count] [GROUP group consumer] STREAMS x (id|>)"),
    (6, "XGROUP CREATE x group (id|0|$) [MKSTREAM] [ENTRIESREAD count]"),
    (1, "XGROUP SETID x group $ [ENTRIESREAD count]"),
    (1, "XGROUP SETID x group (id|$|idbound) [ENTRIESREAD count]"),
    (1, "XGROUP DESTROY x group"),
    (2, "XGROUP (CREATECONSUMER|DELCONSUMER) x group consumer"),
    (1, "XGROUP (NOSUCH|CREATE|SETID|DESTROY) x group [id]"),
    (10, "XREADGROUP GROUP group consumer [COUNT count] [NOACK] STREAMS x (>|>|id)"),
    (1, "XREADGROUP [COUNT count] GROUP group consumer STREAMS x x > (id|$|>)"),
    (4, "XACK x group id..."),
    (1, "XPENDING x group IDLE idle - + count"),
    (4, "XPENDING x group [[IDLE idle] idbound idbound count [consumer]]"),
    (4, "XCLAIM x group consumer idle id... [IDLE idle] [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID id]"),
    (2, "XCLAIM x group consumer 0 id... TIME unixms"),
    (1, "XCLAIM x group consumer idle id [TIME unixms] [IDLE idle] [FORCE] [RETRYCOUNT int]"),
    (3, "XAUTOCLAIM x group consumer idle idbound [COUNT count] [JUSTID]"),
    (4, "XINFO STREAM x [FULL [COUNT count]]"),
    (3, "XINFO GROUPS x"),
    (2, "XINFO CONSUMERS x group"),
    (1, "XINFO (NOSUCH|HELP|STREAM x X|GROUPS x X)"),
    (1, "XGROUP HELP"),
    (1, "OBJECT ENCODING x"),
];

pub const GEO: &[Line] = &[
    (10, "GEOADD g (lon lat f)..."),
    (2, "GEOADD g [NX|XX] [CH] lon lat f"),
    (2, "(GEOHASH|GEOPOS) g f..."),
    (3, "GEODIST g f f [unit]"),
    (
        6,
        "GEOSEARCH g (FROMMEMBER f|FROMLONLAT lon lat) (BYRADIUS dist unit|BYBOX dist dist unit) [ASC|DESC] [WITHCOORD] [WITHDIST] [WITHHASH]",
    ),
    (4, "GEOSEARCH g FROMLONLAT lon lat BYRADIUS dist KM [ASC|DESC] COUNT count [ANY] [WITHDIST]"),
    (1, "GEOSEARCH g [FROMMEMBER f] [FROMLONLAT lon lat] [BYRADIUS dist unit] [BYBOX dist dist unit] [ASC] [ANY]"),
    (
        3,
        "GEOSEARCHSTORE g g (FROMMEMBER f|FROMLONLAT lon lat) (BYRADIUS dist unit|BYBOX dist dist unit) [ASC|DESC] [COUNT count] [STOREDIST]",
    ),
    (2, "GEOSEARCHSTORE g g FROMLONLAT lon lat BYRADIUS dist KM [ASC|DESC] COUNT count [ANY] [STOREDIST]"),
    (
        3,
        "(GEORADIUS|GEORADIUS_RO) g lon lat dist unit [WITHCOORD] [WITHDIST] [WITHHASH] [COUNT count [ANY]] [ASC|DESC]",
    ),
    (2, "GEORADIUS g lon lat dist unit [COUNT count [ANY]] [ASC|DESC] (STORE|STOREDIST) g [WITHCOORD]"),
    (
        3,
        "(GEORADIUSBYMEMBER|GEORADIUSBYMEMBER_RO) g f dist unit [WITHCOORD] [WITHDIST] [WITHHASH] [ASC|DESC] [COUNT count [ANY]]",
    ),
    (2, "GEORADIUSBYMEMBER g f dist unit [COUNT count [ANY]] [ASC|DESC] (STORE|STOREDIST) g [WITHDIST]"),
    (1, "GEORADIUSBYMEMBER_RO g f dist KM COUNT count [ANY]"),
    (1, "(GEORADIUS_RO g lon lat|GEORADIUSBYMEMBER_RO g f) dist unit [COUNT count] (STORE|STOREDIST) g"),
    (1, "ZRANGE g 0 index WITHSCORES"),
    (1, "OBJECT ENCODING g"),
];

/// What is not exact is said in `compare`.
pub const SORT: &[Line] = &[
    (6, "RPUSH q int..."),
    (2, "DEL q"),
    (3, "ZADD z (count m)..."),
    (2, "(SORT|SORT_RO) q BY NOSORT [ASC|DESC] [LIMIT index count] [GET get] [GET get]"),
    (4, "(SORT|SORT_RO) q [LIMIT index count] [GET get] [GET get] [ASC|DESC]"),
    (2, "(SORT|SORT_RO) q BY by [LIMIT index count] [GET get] [DESC]"),
    (2, "SORT q BY NOSORT [DESC] [LIMIT count count] [GET get] STORE l"),
    (3, "(SORT|SORT_RO) (l|t|z|k) [LIMIT index count] [GET get] [ASC|DESC] [ALPHA]"),
    (3, "SORT (l|t|z|k) ALPHA [LIMIT index count] [GET get] [ASC|DESC] [STORE (l|t|q)]"),
    (1, "SORT t BY NOSORT [LIMIT count count] [DESC] STORE l"),
    (1, "(SORT|SORT_RO) (l|t|z) BY by [ALPHA] [GET get]"),
    (1, "(SORT|SORT_RO) (l|t|z) BY NOSORT [ALPHA] [GET get]"),
];

pub const TRANSACTIONS: &[Line] =
    &[(4, "MULTI"), (4, "EXEC"), (1, "DISCARD"), (2, "WATCH k..."), (1, "UNWATCH"), (1, "NOSUCHCOMMAND v")];

pub const CONNECTION: &[Line] = &[
    (2, "PING [v]"),
    (1, "ECHO v"),
    (1, "SELECT db"),
    (1, "CLIENT (GETNAME|SETNAME v|NOSUCH)"),
    (1, "RESET"),
    (1, "COMMAND (COUNT X|GETKEYS SET s v|GETKEYS MSET (s v)...|NOSUCH)"),
    (1, "CONFIG (SET NOSUCH v|GET NOSUCH|NOSUCH)"),
    (1, "DEBUG NOSUCH"),
    (1, "v [v]"),
];

/// What concerns the server, not its data.
pub const SERVER: &[Line] = &[
    (2, "HELLO [(2|3|4|ABC) [AUTH user v] [SETNAME f]]"),
    (1, "CLIENT (ID|INFO|LIST|HELP|GETREDIR|UNPAUSE)"),
    (1, "CLIENT LIST (TYPE (NORMAL|MASTER|REPLICA|PUBSUB|NOSUCH)|ID 1 2)"),
    (1, "CLIENT NO-EVICT (ON|OFF|X)"),
    (1, "CLIENT UNBLOCK (9999|ABC) [TIMEOUT|ERROR|X]"),
    (1, "CLIENT KILL (ID|ADDR|LADDR|TYPE|USER) (99999|1.2.3.4:5|PUBSUB|NOBODY|YES) [SKIPME (YES|NO)]"),
    (1, "CLIENT KILL TYPE (PUBSUB|MASTER|REPLICA|SLAVE)"),
    (1, "CLIENT KILL TYPE NORMAL ID 99999"),
    (1, "CLIENT KILL USER user SKIPME YES"),
    (1, "COMMAND [COUNT|HELP|LIST|DOCS|INFO]"),
    (1, "COMMAND LIST FILTERBY (PATTERN (ZADD|GETBIT)|ACLCAT HYPERLOGLOG|MODULE v|NOSUCH v)"),
    (1, "COMMAND GETKEYSANDFLAGS (SET s v|LMOVE l l LEFT LEFT|NOSUCH v v)"),
    (1, "CONFIG (GET MAXMEMORY|RESETSTAT|HELP|SET MAXMEMORY 0)"),
    (1, "LATENCY (RESET|LATEST|HISTORY v|DOCTOR|GRAPH v|HISTOGRAM NOSUCH|HELP)"),
    (1, "MEMORY (DOCTOR|STATS|HELP|NOSUCH)"),
    (2, "MEMORY USAGE k [SAMPLES count]"),
    (1, "SLOWLOG (GET 0|LEN|RESET|HELP|GET v)"),
    (1, "PUBSUB (CHANNELS [pattern]|NUMSUB v...|NUMPAT|SHARDCHANNELS [pattern]|SHARDNUMSUB v...|HELP)"),
    (1, "(PUBLISH|SPUBLISH) v v"),
    (1, "(TIME|LASTSAVE|ROLE|INFO)"),
    (1, "AUTH v [v]"),
    (1, "AUTH user v"),
];

/// Any command of `families`, each family with a weight of its own.
pub fn any_of(families: &[(u32, &[Line])]) -> BoxedStrategy<Command> {
    let family = |lines: &[Line]| {
        let commands = lines.iter().map(|&(weight, line)| (weight, parse(line).commands()));
        Union::new_weighted(commands.collect()).boxed()
    };
    Union::new_weighted(families.iter().map(|&(weight, lines)| (weight, family(lines))).collect()).boxed()
}

/// Sequences of such commands, some of them wrapped in a transaction, in RESP2 or RESP3.
pub fn sequences(commands: BoxedStrategy<Command>) -> BoxedStrategy<Vec<Command>> {
    let word = |word: &str| vec![word.as_bytes().to_vec()];
    let alone = commands.clone().prop_map(|command| vec![command]);
    let wrapped = vec(commands, 0..5).prop_map(move |mut inner| {
        inner.insert(0, word("MULTI"));
        inner.push(word("EXEC"));
        inner
    });
    let steps = vec(prop_oneof![40 => alone, 1 => wrapped], 1..60);
    (proptest::bool::weighted(0.25), steps)
        .prop_map(|(resp3, steps)| {
            let hello = resp3.then(|| vec![b"HELLO".to_vec(), b"3".to_vec()]);
            renumber(with_consumers(hello.into_iter().chain(steps.concat()).collect()))
        })
        .boxed()
}
