//! Geo commands.

use crate::engine::testing::Rig;

fn sicily() -> Rig {
    let mut r = Rig::new();
    r.script(
        "
        GEOADD Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania => :2
        GEOADD Sicily 12.758489 38.788135 edge1 17.241510 38.788135 edge2 => :2
        ",
    );
    r
}

#[test]
fn points_are_kept_and_shown() {
    sicily().script(
        "
        ZSCORE Sicily Palermo => 3479099956230698
        TYPE Sicily => +zset
        GEOPOS Sicily Palermo none => [[13.36138933897018433 38.11555639549629859] nil[]]
        GEOPOS none a => [nil[]]
        GEOHASH Sicily Palermo Catania none => [sqc8b49rny0 sqdtr74hyu0 nil]
        GEODIST Sicily Palermo Catania => 166274.1516
        GEODIST Sicily Palermo Catania km => 166.2742
        GEODIST Sicily Palermo Catania MI => 103.3182
        GEODIST Sicily Palermo Palermo => 0.0000
        GEODIST Sicily Palermo none => nil
        GEODIST none a b => nil
        GEODIST Sicily Palermo Catania parsec => -ERR unsupported unit provided. please use M, KM, FT, MI
        GEODIST Sicily Palermo Catania m m => -ERR syntax error
        GEOADD Sicily NX 1 1 Palermo 2 2 new => :1
        GEOADD Sicily XX CH 1 1 new 3 3 nobody => :1
        GEOADD Sicily NX XX 1 1 a => -ERR syntax error
        GEOADD Sicily 1 1 => -ERR wrong number of arguments for 'geoadd' command
        GEOADD Sicily 1 1 a 2 => -ERR syntax error
        GEOADD Sicily NX CH CH => -ERR syntax error
        GEOADD Sicily 181 1 a => -ERR invalid longitude,latitude pair 181.000000,1.000000
        GEOADD Sicily 1 85.06 a => -ERR invalid longitude,latitude pair 1.000000,85.060000
        GEOADD Sicily x 1 a => -ERR value is not a valid float
        ",
    );
}

#[test]
fn searches_by_circle_box_and_polygon() {
    let mut r = sicily();
    r.script(
        "
        GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km ASC => [Catania Palermo]
        GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km DESC COUNT 1 => [Palermo]
        GEOSEARCH Sicily FROMLONLAT 15 37 BYBOX 400 400 km ASC WITHDIST => [[Catania 56.4413] [Palermo 190.4424] [edge2 279.7403] [edge1 279.7405]]
        GEOSEARCH Sicily FROMMEMBER Catania BYRADIUS 1 m WITHCOORD WITHHASH => [[Catania :3479447370796909 [15.08726745843887329 37.50266842333162032]]]
        GEOSEARCH Sicily BYPOLYGON 5 12.41098696654226 38.05033923003755 15.107936245794182 38.00616649901906 18.148439288534455 38.63804787603499 17.80831874257693 39.50316813110968 12.458468633214036 38.57719533463012 ASC WITHCOORD WITHDIST => [[Palermo 166482.0159 [13.36138933897018433 38.11555639549629859]] [edge2 180861.7725 [17.24151045083999634 38.78813451624225195]]]
        GEOSEARCH Sicily BYPOLYGON 2 1 1 2 2 => -ERR GEOSEARCH BYPOLYGON must have at least 3 vertices
        GEOSEARCH Sicily BYPOLYGON x 1 1 2 2 => -ERR invalid number of vertices
        GEOSEARCH Sicily BYPOLYGON 3 1 1 2 2 3 => -ERR GEOSEARCH BYPOLYGON must have at least 3 vertices
        GEOSEARCH Sicily BYPOLYGON 3 1 1 2 2 3 99 => -ERR invalid longitude,latitude pair 3.000000,99.000000
        GEOSEARCH Sicily FROMLONLAT 1 1 BYPOLYGON 3 1 1 2 2 3 3 => -ERR syntax error
        GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1 ANY => [Palermo]
        GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km ANY => -ERR the ANY argument requires COUNT argument
        GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km COUNT 0 => -ERR COUNT must be > 0
        GEOSEARCH Sicily FROMMEMBER nobody BYRADIUS 200 km => -ERR could not decode requested zset member
        GEOSEARCH Sicily FROMMEMBER Catania FROMLONLAT 1 1 BYRADIUS 1 km => -ERR syntax error
        GEOSEARCH Sicily FROMLONLAT 1 1 BYRADIUS 1 km BYBOX 1 1 m => -ERR syntax error
        GEOSEARCH Sicily ASC BYRADIUS 1 km WITHDIST => -ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for GEOSEARCH
        GEOSEARCH Sicily ASC FROMLONLAT 1 1 WITHDIST => -ERR exactly one of BYRADIUS, BYBOX and BYPOLYGON can be specified for GEOSEARCH
        GEOSEARCH Sicily FROMLONLAT 1 1 BYRADIUS -1 km => -ERR radius cannot be negative
        GEOSEARCH Sicily FROMLONLAT 1 1 BYRADIUS x km => -ERR need numeric radius
        GEOSEARCH Sicily FROMLONLAT 1 1 BYBOX x 1 km => -ERR need numeric width
        GEOSEARCH Sicily FROMLONLAT 1 1 BYBOX 1 x km => -ERR need numeric height
        GEOSEARCH Sicily FROMLONLAT 1 1 BYBOX 1 -1 km => -ERR height or width cannot be negative
        GEOSEARCH none FROMMEMBER a BYRADIUS 1 km => []
        GEORADIUS Sicily 15 37 200 km WITHDIST DESC => [[Palermo 190.4424] [Catania 56.4413]]
        GEORADIUS_RO Sicily 15 37 200 km STORE x => -ERR syntax error
        GEORADIUSBYMEMBER Sicily Palermo 170 km ASC => [Palermo edge1 Catania]
        GEORADIUSBYMEMBER_RO none Palermo 170 km => []
        GEORADIUSBYMEMBER Sicily nobody 170 km => -ERR could not decode requested zset member
        SET s v => +OK
        GEORADIUS s 1 1 1 x => -WRONGTYPE Operation against a key holding the wrong kind of value
        ",
    );
    r.session(0).resp3 = true;
    r.script(
        "
        GEOSEARCH Sicily FROMMEMBER Catania BYRADIUS 1 m WITHCOORD WITHDIST => [[Catania 0.0000 [,15.08726745843887329 ,37.50266842333162032]]]
        GEOPOS Sicily none => [nil]
        ",
    );
}

#[test]
fn results_are_stored() {
    sicily().script(
        "
        GEOSEARCHSTORE d Sicily FROMLONLAT 15 37 BYRADIUS 200 km => :2
        ZRANGE d 0 -1 WITHSCORES => [Palermo 3479099956230698 Catania 3479447370796909]
        GEOSEARCHSTORE d Sicily FROMLONLAT 15 37 BYBOX 400 400 km COUNT 1 STOREDIST => :1
        ZRANGE d 0 -1 => [Catania]
        GEORADIUS Sicily 15 37 200 km STORE d STORE e => :2
        ZCARD d => :1
        ZCARD e => :2
        GEORADIUSBYMEMBER Sicily Palermo 1 km STOREDIST e => :1
        ZRANGE e 0 -1 WITHSCORES => [Palermo 0]
        GEORADIUS Sicily 0 0 1 m STORE e => :0
        EXISTS e => :0
        GEORADIUS none 0 0 1 m STORE d => :0
        EXISTS d => :0
        GEOSEARCHSTORE d Sicily FROMLONLAT 1 1 BYRADIUS 1 m WITHDIST => -ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options
        GEORADIUS Sicily 0 0 1 m STORE e WITHDIST => -ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options
        COMMAND GETKEYS GEORADIUS Sicily 0 0 1 m STORE d STOREDIST e => [Sicily e]
        COMMAND GETKEYS GEOSEARCHSTORE d Sicily FROMLONLAT 1 1 BYRADIUS 1 m => [d Sicily]
        ",
    );
}
