//! Writes of all types on few keys, drawn from templates.
//!
//! Words that begin with `$` are drawn: `$s` is one of the keys of that letter's type (`x` and `y`
//! are streams, whose entries get their ids from the clock and from the clients), `$any` a key of
//! any type. Every expiry is far away or past, so that states do not change by
//! themselves.

use norn::base::prng::Prng;

/// One command, or a transaction from MULTI to EXEC: words of each request.
pub type Unit = Vec<Vec<Vec<u8>>>;

const KEYS_OF_A_TYPE: u64 = 4;
const TYPES: &[u8] = b"slhczxynpgt";
/// Ids of the entries of streams that are given theirs begin with less.
const IDS: u64 = 60;
/// Values above this share have parts of their own in a snapshot.
const BIG_BYTES: u64 = 120 << 10;

const TEMPLATES: &[&str] = &[
    "SET $s $v",
    "SET $s $v PX $ttl",
    "SET $s $v PXAT $far",
    "SET $s $big",
    "APPEND $s $v",
    "SETRANGE $s $i $v",
    "GETSET $s $v",
    "GETDEL $s",
    "GETEX $s PX $ttl",
    "MSET $s $v $s $v",
    "SETEX $s $ttl $v",
    "PSETEX $s $ttl $v",
    "SET $s $v KEEPTTL",
    "SETNX $s $v",
    "MSETNX $s $v $s $v",
    "GETEX $s PERSIST",
    "SET $s $v EX $ttl NX",
    "SETBIT $p $i 1",
    "SETBIT $p $i 0",
    "BITFIELD $p SET u8 $i 200 INCRBY i5 $i 3",
    "BITOP OR $p $p $p",
    "BITOP NOT $p $p",
    "PFADD $g $v $v",
    "PFADD $g $v $v $v $v $v $v $v",
    "PFMERGE $g $g $g",
    "PFCOUNT $g $g",
    "INCR $n",
    "INCRBYFLOAT $n 0.25",
    "DECRBY $n 3",
    "EXPIRE $any $ttl",
    "PEXPIREAT $any $past",
    "PEXPIREAT $any $far",
    "EXPIRE $any $ttl GT",
    "EXPIRE $any $ttl NX",
    "PERSIST $any",
    "DEL $any",
    "UNLINK $any $any",
    "RENAME $s $s",
    "RENAME $l $l",
    "COPY $h $h REPLACE",
    "MOVE $any 1",
    "SWAPDB 0 1",
    "FLUSHDB",
    "SORT $l ALPHA STORE $l",
    "SORT $c ALPHA DESC STORE $l",
    "LPUSH $l $v $v",
    "RPUSH $l $v $i $v",
    "LPUSH $l $big",
    "LPOP $l",
    "RPOP $l 2",
    "LPUSHX $l $v",
    "RPOPLPUSH $l $l",
    "LMPOP 2 $l $l LEFT COUNT 2",
    "BLPOP $l $l 0.01",
    "BLMOVE $l $l RIGHT LEFT 0.01",
    "LMOVE $l $l LEFT RIGHT",
    "LTRIM $l 0 $i",
    "LSET $l 0 $v",
    "LINSERT $l BEFORE $i $v",
    "LREM $l 1 $i",
    "HSET $h $f $v $f $v",
    "HSET $h $f $big",
    "HDEL $h $f",
    "HSETNX $h $f $v",
    "HSETEX $h PX $ttl FIELDS 2 $f $v $f $v",
    "HSETEX $h KEEPTTL FIELDS 1 $f $v",
    "HSETEX $h FXX PXAT $far FIELDS 1 $f $v",
    "HGETEX $h PX $ttl FIELDS 1 $f",
    "HGETEX $h PERSIST FIELDS 2 $f $f",
    "HGETDEL $h FIELDS 1 $f",
    "HEXPIREAT $h $far_s FIELDS 2 $f $f",
    "HPEXPIRE $h $ttl NX FIELDS 1 $f",
    "HINCRBY $h num 2",
    "HINCRBYFLOAT $h fl 0.5",
    "HPEXPIRE $h $ttl FIELDS 1 $f",
    "HPEXPIREAT $h $past FIELDS 1 $f",
    "HPERSIST $h FIELDS 1 $f",
    "SADD $c $f $i $i",
    "SADD $c $v",
    "SREM $c $f",
    "SPOP $c",
    "SPOP $c 2",
    "SMOVE $c $c $f",
    "SINTERSTORE $c $c $c",
    "SUNIONSTORE $c $c $c",
    "SDIFFSTORE $c $c $c",
    "ZADD $z $i $f $i $v",
    "ZADD $z INCR 1.5 $f",
    "ZADD $z GT CH $i $f $i $f",
    "ZINCRBY $z -0.5 $f",
    "ZINTERSTORE $z 2 $z $z WEIGHTS 2 1",
    "ZDIFFSTORE $z 2 $z $z",
    "ZREMRANGEBYSCORE $z 0 $i",
    "ZMPOP 2 $z $z MAX COUNT 2",
    "BZPOPMIN $z $z 0.01",
    "ZPOPMIN $z",
    "ZPOPMAX $z 2",
    "ZREM $z $f",
    "ZUNIONSTORE $z 2 $z $z",
    "ZRANGESTORE $z $z 0 5",
    "ZREMRANGEBYRANK $z 0 0",
    "GEOADD $z 13.5 38.1 $f",
    "GEOADD $t 13.5 38.1 $f 15.1 37.5 $f",
    "GEOADD $t XX CH -0.1 51.5 $f",
    "GEOSEARCHSTORE $t $t FROMLONLAT 14 38 BYRADIUS 200 km STOREDIST",
    "GEOSEARCHSTORE $t $t FROMLONLAT 14 38 BYBOX 400 400 km COUNT 3 ASC",
    "ZREM $t $f",
    "XADD $x * $f $v",
    "XADD $x * $f $v $f $i",
    "XADD $x MAXLEN ~ 10 * $f $v",
    "XADD $x MAXLEN 20 * $f $big",
    "XTRIM $x MAXLEN 8",
    "XTRIM $x MINID ~ $far LIMIT 100",
    "XADD $y $id-* $f $v",
    "XADD $y NOMKSTREAM $id-$small $f $v",
    "XDEL $y $id-0 $id-1",
    "XSETID $y 70-0",
    "XSETID $y 70-$small ENTRIESADDED 90 MAXDELETEDID 50-0",
    "XTRIM $y MINID $id",
    "XGROUP CREATE $y g $id MKSTREAM ENTRIESREAD 3",
    "XGROUP CREATECONSUMER $y g $c1",
    "XREADGROUP GROUP g $c1 COUNT 3 STREAMS $y >",
    "XREADGROUP GROUP g $c1 STREAMS $y 0",
    "XACK $y g $id-0 $id-1 $id-2",
    "XCLAIM $y g $c1 0 $id-0 $id-1",
    "XCLAIM $y g $c1 0 $id-0 TIME 1000 RETRYCOUNT 7 FORCE",
    "XCLAIM $y g $c1 0 $id-1 IDLE 500 JUSTID LASTID $id-0",
    "XAUTOCLAIM $y g $c1 0 0 JUSTID",
    "XGROUP SETID $y g $id ENTRIESREAD 2",
    "XREADGROUP GROUP g $c1 BLOCK 5 STREAMS $x >",
    "XGROUP CREATE $x g 0 MKSTREAM",
    "XGROUP SETID $x g 0",
    "XGROUP DESTROY $x g",
    "XGROUP DELCONSUMER $x g $c1",
    "XREADGROUP GROUP g $c1 COUNT 2 STREAMS $x >",
    "XREADGROUP GROUP g $c1 COUNT 2 NOACK STREAMS $x >",
    "XAUTOCLAIM $x g $c1 0 0 COUNT 3",
    "GET $s",
    "LRANGE $l 0 -1",
    "SELECT $db",
];

/// Draws what a client asks next. `big` is the chance that large values are large indeed.
pub fn unit(rng: &mut Prng, wall_ms: u64, big: f64) -> Unit {
    if rng.below(8) > 0 {
        return vec![request(rng, wall_ms, big)];
    }
    let mut unit = vec![vec![b"MULTI".to_vec()]];
    for _ in 0..1 + rng.below(5) {
        unit.push(request(rng, wall_ms, big));
    }
    unit.push(vec![b"EXEC".to_vec()]);
    unit
}

fn request(rng: &mut Prng, wall_ms: u64, big: f64) -> Vec<Vec<u8>> {
    loop {
        let template = TEMPLATES[rng.below(TEMPLATES.len() as u64) as usize];
        let rare = matches!(template, "FLUSHDB" | "SWAPDB 0 1");
        if !rare || rng.below(10) == 0 {
            return template.split(' ').map(|word| fill(rng, word, wall_ms, big)).collect();
        }
    }
}

fn fill(rng: &mut Prng, word: &str, wall_ms: u64, big: f64) -> Vec<u8> {
    if let Some((ms, seq)) = word.split_once('-').filter(|_| word.contains('$')) {
        return [fill(rng, ms, wall_ms, big), fill(rng, seq, wall_ms, big)].join(&b'-');
    }
    let Some(what) = word.strip_prefix('$') else { return word.into() };
    let mut key = |letter: u8| format!("{}{}", letter as char, rng.below(KEYS_OF_A_TYPE)).into_bytes();
    match what {
        "any" => {
            let letter = TYPES[rng.below(TYPES.len() as u64) as usize];
            format!("{}{}", letter as char, rng.below(KEYS_OF_A_TYPE)).into_bytes()
        }
        "v" => format!("v{:x}", rng.next_u64() >> rng.below(64)).into_bytes(),
        "f" => format!("f{}", rng.below(12)).into_bytes(),
        "i" => rng.below(30).to_string().into_bytes(),
        "id" => (1 + rng.below(IDS)).to_string().into_bytes(),
        "small" => rng.below(3).to_string().into_bytes(),
        "far_s" => (wall_ms / 1000 + 10_000 + rng.below(1 << 24)).to_string().into_bytes(),
        "c1" => format!("c{}", rng.below(3)).into_bytes(),
        "db" => rng.below(2).to_string().into_bytes(),
        "ttl" => (10_000_000 + rng.below(1 << 30)).to_string().into_bytes(),
        "far" => (wall_ms + 10_000_000 + rng.below(1 << 34)).to_string().into_bytes(),
        "past" => (wall_ms - 10).to_string().into_bytes(),
        "big" => {
            let len = if rng.f64() < big { rng.below(BIG_BYTES) } else { rng.below(300) };
            let seed = rng.next_u64().to_le_bytes();
            (0..len as usize).map(|i| seed[i % 8] ^ (i / 64) as u8).collect()
        }
        _ => key(what.as_bytes()[0]),
    }
}
