//! Finding members within a shape.

use super::{
    super::{
        ctx::{Ctx, DONE, Outcome},
        items,
        row::{Acl, Arg, Begin, Find, Flags, Group, KeyFlags, KeySpec, Row},
        zsets::store,
    },
    UNIT, reply_distance, reply_point,
    request::{Family, Order, Request},
};
use crate::{
    data::{
        geo::{Point, cover, decode},
        packed::Item,
        zset::{Builder, range::ScoreRange},
    },
    keyspace::{Event, zset::ZsetRef},
    protocol::Reply,
    session::Args,
};

const SEARCH_TYPE: Arg = Arg::one_of(
    "search-type",
    &[
        Arg::block(
            "radius-or-box",
            &[
                Arg::one_of(
                    "from",
                    &[
                        Arg::string("member").after("FROMMEMBER"),
                        Arg::block("fromlonlat", &[Arg::double("longitude"), Arg::double("latitude")])
                            .after("FROMLONLAT"),
                    ],
                ),
                Arg::one_of(
                    "by",
                    &[
                        Arg::block("circle", &[Arg::double("radius").after("BYRADIUS"), UNIT]),
                        Arg::block("box", &[Arg::double("width").after("BYBOX"), Arg::double("height"), UNIT]),
                    ],
                ),
            ],
        ),
        Arg::block(
            "polygon",
            &[
                Arg::int("num-vertices").after("BYPOLYGON"),
                Arg::block("vertices", &[Arg::double("longitude"), Arg::double("latitude")]).multiple(),
            ],
        )
        .since("9.0.0"),
    ],
);

/// This file's commands.
pub const ROWS: &[Row] = &[
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM),
        acl: Acl::GEO,
        since: "3.2.0",
        complexity: "O(N+log(M)), N the members in the cells around the shape, M the members in the shape",
        summary: "Finds members within a distance of a point, and may store them.",
        keys: &[
            KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS)),
            KeySpec {
                flags: KeyFlags::OW.or(KeyFlags::UPDATE),
                begin: Begin::Keyword("STORE", 6),
                find: Find::Range { last: 0, step: 1, limit: 0 },
                notes: "",
            },
            KeySpec {
                flags: KeyFlags::OW.or(KeyFlags::UPDATE),
                begin: Begin::Keyword("STOREDIST", 6),
                find: Find::Range { last: 0, step: 1, limit: 0 },
                notes: "",
            },
        ],
        args: &[
            Arg::key("key"),
            Arg::double("longitude"),
            Arg::double("latitude"),
            Arg::double("radius"),
            UNIT,
            Arg::token("withcoord", "WITHCOORD").optional(),
            Arg::token("withdist", "WITHDIST").optional(),
            Arg::token("withhash", "WITHHASH").optional(),
            Arg::block(
                "count-block",
                &[Arg::int("count").after("COUNT"), Arg::token("any", "ANY").optional().since("6.2.0")],
            )
            .optional(),
            Arg::one_of("order", &[Arg::token("asc", "ASC"), Arg::token("desc", "DESC")]).optional(),
            Arg::one_of(
                "store",
                &[Arg::key_of("storekey", 1).after("STORE"), Arg::key_of("storedistkey", 2).after("STOREDIST")],
            )
            .optional(),
        ],
        history: &[("6.2.0", "`ANY`."), ("7.0.0", "Units in capitals.")],
        deprecated: Some(("6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` argument")),
        computed_keys: Some(keys_with_store),
        ..Row::new("georadius", -6, Group::Geo, georadius)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::GEO,
        since: "3.2.10",
        complexity: "O(N+log(M)), N the members in the cells around the shape, M the members in the shape",
        summary: "Finds members within a distance of a point.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[
            Arg::key("key"),
            Arg::double("longitude"),
            Arg::double("latitude"),
            Arg::double("radius"),
            UNIT,
            Arg::token("withcoord", "WITHCOORD").optional(),
            Arg::token("withdist", "WITHDIST").optional(),
            Arg::token("withhash", "WITHHASH").optional(),
            Arg::block(
                "count-block",
                &[Arg::int("count").after("COUNT"), Arg::token("any", "ANY").optional().since("6.2.0")],
            )
            .optional(),
            Arg::one_of("order", &[Arg::token("asc", "ASC"), Arg::token("desc", "DESC")]).optional(),
        ],
        history: &[("6.2.0", "`ANY`."), ("7.0.0", "Units in capitals.")],
        deprecated: Some(("6.2.0", "`GEOSEARCH` with the `BYRADIUS` argument")),
        ..Row::new("georadius_ro", -6, Group::Geo, georadius_ro)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM),
        acl: Acl::GEO,
        since: "3.2.0",
        complexity: "O(N+log(M)), N the members in the cells around the shape, M the members in the shape",
        summary: "Finds members within a distance of a member, and may store them.",
        keys: &[
            KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS)),
            KeySpec {
                flags: KeyFlags::OW.or(KeyFlags::UPDATE),
                begin: Begin::Keyword("STORE", 5),
                find: Find::Range { last: 0, step: 1, limit: 0 },
                notes: "",
            },
            KeySpec {
                flags: KeyFlags::OW.or(KeyFlags::UPDATE),
                begin: Begin::Keyword("STOREDIST", 5),
                find: Find::Range { last: 0, step: 1, limit: 0 },
                notes: "",
            },
        ],
        args: &[
            Arg::key("key"),
            Arg::string("member"),
            Arg::double("radius"),
            UNIT,
            Arg::token("withcoord", "WITHCOORD").optional(),
            Arg::token("withdist", "WITHDIST").optional(),
            Arg::token("withhash", "WITHHASH").optional(),
            Arg::block("count-block", &[Arg::int("count").after("COUNT"), Arg::token("any", "ANY").optional()])
                .optional(),
            Arg::one_of("order", &[Arg::token("asc", "ASC"), Arg::token("desc", "DESC")]).optional(),
            Arg::one_of(
                "store",
                &[Arg::key_of("storekey", 1).after("STORE"), Arg::key_of("storedistkey", 2).after("STOREDIST")],
            )
            .optional(),
        ],
        history: &[("6.2.0", "`ANY`."), ("7.0.0", "Units in capitals.")],
        deprecated: Some(("6.2.0", "`GEOSEARCH` and `GEOSEARCHSTORE` with the `BYRADIUS` and `FROMMEMBER` arguments")),
        computed_keys: Some(keys_with_store),
        ..Row::new("georadiusbymember", -5, Group::Geo, georadiusbymember)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::GEO,
        since: "3.2.10",
        complexity: "O(N+log(M)), N the members in the cells around the shape, M the members in the shape",
        summary: "Finds members within a distance of a member.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[
            Arg::key("key"),
            Arg::string("member"),
            Arg::double("radius"),
            UNIT,
            Arg::token("withcoord", "WITHCOORD").optional(),
            Arg::token("withdist", "WITHDIST").optional(),
            Arg::token("withhash", "WITHHASH").optional(),
            Arg::block("count-block", &[Arg::int("count").after("COUNT"), Arg::token("any", "ANY").optional()])
                .optional(),
            Arg::one_of("order", &[Arg::token("asc", "ASC"), Arg::token("desc", "DESC")]).optional(),
        ],
        history: &[("6.2.0", "`ANY`."), ("7.0.0", "Units in capitals.")],
        deprecated: Some(("6.2.0", "`GEOSEARCH` with the `BYRADIUS` and `FROMMEMBER` arguments")),
        ..Row::new("georadiusbymember_ro", -5, Group::Geo, georadiusbymember_ro)
    },
    Row {
        flags: Flags::READONLY,
        acl: Acl::GEO,
        since: "6.2.0",
        complexity: "O(N+log(M)), N the members in the cells around the shape, M the members in the shape",
        summary: "Finds members within a circle, a box or a polygon.",
        keys: &[KeySpec::at(1, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[
            Arg::key("key"),
            SEARCH_TYPE,
            Arg::one_of("order", &[Arg::token("asc", "ASC"), Arg::token("desc", "DESC")]).optional(),
            Arg::block("count-block", &[Arg::int("count").after("COUNT"), Arg::token("any", "ANY").optional()])
                .optional(),
            Arg::token("withcoord", "WITHCOORD").optional(),
            Arg::token("withdist", "WITHDIST").optional(),
            Arg::token("withhash", "WITHHASH").optional(),
        ],
        history: &[("7.0.0", "Units in capitals.")],
        ..Row::new("geosearch", -7, Group::Geo, geosearch)
    },
    Row {
        flags: Flags::WRITE.or(Flags::DENYOOM),
        acl: Acl::GEO,
        since: "6.2.0",
        complexity: "O(N+log(M)), N the members in the cells around the shape, M the members in the shape",
        summary: "Stores the members within a circle, a box or a polygon.",
        keys: &[KeySpec::at(1, KeyFlags::OW.or(KeyFlags::UPDATE)), KeySpec::at(2, KeyFlags::RO.or(KeyFlags::ACCESS))],
        args: &[
            Arg::key("destination"),
            Arg::key_of("source", 1),
            SEARCH_TYPE,
            Arg::one_of("order", &[Arg::token("asc", "ASC"), Arg::token("desc", "DESC")]).optional(),
            Arg::block("count-block", &[Arg::int("count").after("COUNT"), Arg::token("any", "ANY").optional()])
                .optional(),
            Arg::token("storedist", "STOREDIST").optional(),
        ],
        history: &[("7.0.0", "Units in capitals.")],
        ..Row::new("geosearchstore", -8, Group::Geo, geosearchstore)
    },
];

/// The keys of GEORADIUS and GEORADIUSBYMEMBER: the last STORE or STOREDIST counts.
fn keys_with_store(args: Args) -> Vec<(usize, KeyFlags)> {
    let mut keys = vec![(1, KeyFlags::RO.or(KeyFlags::ACCESS))];
    let (mut i, mut stored) = (5, None);
    while i + 1 < args.len() {
        let is = |word: &[u8]| args.at(i).eq_ignore_ascii_case(word);
        if is(b"STORE") || is(b"STOREDIST") {
            i += 1;
            stored = Some((i, KeyFlags::OW.or(KeyFlags::UPDATE)));
        }
        i += 1;
    }
    keys.extend(stored);
    keys
}

fn georadius(ctx: &mut Ctx) -> Outcome {
    search(ctx, Family::Radius { member: false, stores: true })
}

fn georadius_ro(ctx: &mut Ctx) -> Outcome {
    search(ctx, Family::Radius { member: false, stores: false })
}

fn georadiusbymember(ctx: &mut Ctx) -> Outcome {
    search(ctx, Family::Radius { member: true, stores: true })
}

fn georadiusbymember_ro(ctx: &mut Ctx) -> Outcome {
    search(ctx, Family::Radius { member: true, stores: false })
}

fn geosearch(ctx: &mut Ctx) -> Outcome {
    search(ctx, Family::Search { stores: false })
}

fn geosearchstore(ctx: &mut Ctx) -> Outcome {
    search(ctx, Family::Search { stores: true })
}

/// A member in the shape.
struct Found<'a> {
    member: Item<'a>,
    score: f64,
    point: Point,
    distance_m: f64,
}

fn search(ctx: &mut Ctx, family: Family) -> Outcome {
    let source = if family == (Family::Search { stores: true }) { 2 } else { 1 };
    let (key, mut members) = (ctx.key(source), ctx.keys.new_zset());
    let e = ctx.keys.read_zset(key)?;
    let set = e.as_ref().map(|e| ZsetRef::of(e));
    let request = Request::parse(*ctx.args, family, set)?;
    let found = match (set, &request.shape) {
        (Some(set), Some(_)) => find(set, &request),
        _ => Vec::new(),
    };
    let Some(at) = request.store else {
        reply(&mut ctx.out, &request, &found);
        return DONE;
    };
    collect(&request, &found, &mut members);
    let event = if matches!(family, Family::Search { .. }) { "geosearchstore" } else { "georadiusstore" };
    store(ctx, at, members, Event::zset(event))
}

/// The members asked for, in the order asked for.
fn find<'a>(set: ZsetRef<'a>, request: &Request) -> Vec<Found<'a>> {
    let shape = request.shape.as_ref().expect("a search has a shape");
    let enough = if request.any { request.count } else { None };
    let mut found = Vec::new();
    'cells: for cell in cover(shape) {
        if enough.is_some_and(|n| found.len() >= n) {
            break;
        }
        let (min, max) = cell.range();
        let range = ScoreRange { min, max, above_min: false, below_max: true };
        for (member, score) in set.range(set.score_range(&range), false) {
            let point = decode(score as u64);
            if let Some(distance_m) = shape.distance_within(point) {
                found.push(Found { member, score, point, distance_m });
                if enough.is_some_and(|n| found.len() >= n) {
                    break 'cells;
                }
            }
        }
    }
    match request.order {
        Some(Order::Nearest) => found.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m)),
        Some(Order::Farthest) => found.sort_by(|a, b| b.distance_m.total_cmp(&a.distance_m)),
        None => {}
    }
    found.truncate(request.count.unwrap_or(usize::MAX));
    found
}

fn collect(request: &Request, found: &[Found], members: &mut Builder) {
    for f in found {
        let score = if request.store_distances { f.distance_m / request.unit_m } else { f.score };
        f.member.with_text(|name| members.add(name, score));
    }
}

fn reply(out: &mut Reply, request: &Request, found: &[Found]) {
    let details = [request.distances, request.hashes, request.points].into_iter().filter(|wanted| *wanted).count();
    out.array(found.len());
    for f in found {
        if details > 0 {
            out.array(1 + details);
        }
        items::reply(out, f.member);
        if request.distances {
            reply_distance(out, f.distance_m / request.unit_m);
        }
        if request.hashes {
            out.int(f.score as i64);
        }
        if request.points {
            reply_point(out, f.point);
        }
    }
}
