//! Writes of all types on few keys, drawn from templates.
//!
//! Words that begin with `$` are drawn: `$s` is one of the keys of that letter's type, `$any` a
//! key of any type. Every expiry is far away or past, so that states do not change by
//! themselves.

use norn::base::prng::Prng;

/// One command, or a transaction from MULTI to EXEC: words of each request.
pub type Unit = Vec<Vec<Vec<u8>>>;

const KEYS_OF_A_TYPE: u64 = 4;
const TYPES: &[u8] = b"slhczxnpg";
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
    "SETBIT $p $i 1",
    "BITOP OR $p $p $p",
    "PFADD $g $v $v",
    "INCR $n",
    "INCRBYFLOAT $n 0.25",
    "DECRBY $n 3",
    "EXPIRE $any $ttl",
    "PEXPIREAT $any $past",
    "PEXPIREAT $any $far",
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
    "LPUSH $l $v $v",
    "RPUSH $l $v $i $v",
    "LPUSH $l $big",
    "LPOP $l",
    "RPOP $l 2",
    "LMOVE $l $l LEFT RIGHT",
    "LTRIM $l 0 $i",
    "LSET $l 0 $v",
    "LINSERT $l BEFORE $i $v",
    "LREM $l 1 $i",
    "HSET $h $f $v $f $v",
    "HSET $h $f $big",
    "HDEL $h $f",
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
    "ZADD $z $i $f $i $v",
    "ZADD $z INCR 1.5 $f",
    "ZPOPMIN $z",
    "ZPOPMAX $z 2",
    "ZREM $z $f",
    "ZUNIONSTORE $z 2 $z $z",
    "ZRANGESTORE $z $z 0 5",
    "ZREMRANGEBYRANK $z 0 0",
    "GEOADD $z 13.5 38.1 $f",
    "XADD $x * $f $v",
    "XADD $x * $f $v $f $i",
    "XADD $x MAXLEN ~ 10 * $f $v",
    "XADD $x MAXLEN 20 * $f $big",
    "XTRIM $x MAXLEN 8",
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
