use super::*;
use proptest::prelude::*;

fn text(v: f64) -> String {
    String::from_utf8(f64_text(v).as_bytes().to_vec()).unwrap()
}

#[test]
fn short_digits_are_those_that_are_printed() {
    let edges = (0..8).flat_map(|power| [10u64.pow(power) - 1, 10u64.pow(power), 10u64.pow(power) + 1]);
    for n in edges.chain(0..12_000).chain((0..100_000_000).step_by(997)).chain([99_999_999]) {
        let (word, count) = short_digits(n).unwrap();
        let digits = word.to_le_bytes();
        assert_eq!(digits[..count], *n.to_string().as_bytes());
        assert!(digits[count..].iter().all(|b| *b == 0));
    }
    assert_eq!(short_digits(100_000_000), None);
    assert_eq!(short_digits(u64::MAX), None);
}

#[test]
fn integers_are_canonical() {
    for ok in ["0", "1", "-1", "9223372036854775807", "-9223372036854775808"] {
        assert_eq!(parse_i64(ok.as_bytes()), ok.parse().ok(), "{ok}");
    }
    let bad = "|-|-0|00|01|-01|+1| 1|1 |1.0|a|9223372036854775808|-9223372036854775809|\
                   18446744073709551616|99999999999999999999999";
    for bad in bad.split('|') {
        assert_eq!(parse_i64(bad.as_bytes()), None, "{bad}");
    }
    assert_eq!(parse_u64(b"18446744073709551615"), Some(u64::MAX));
    assert_eq!(parse_u64(b"18446744073709551616"), None);
    assert_eq!(parse_u64(b"-1"), None);
}

#[test]
fn doubles_as_strtod_takes_them() {
    let cases = [
        ("1", 1.0),
        ("+1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("-0", -0.0),
        ("1e3", 1000.0),
        ("1E+3", 1000.0),
        ("0x1p4", 16.0),
        ("-0X.8", -0.5),
        ("0xA.8p-1", 5.25),
        ("inf", f64::INFINITY),
        ("-Infinity", f64::NEG_INFINITY),
        ("4.9e-324", 5e-324),
        ("0e999999", 0.0),
        ("0x1.fffffffffffff8p0", 2.0),
        ("0x1.00000000000008p0", 1.0),
        ("0x1.000000000000080000000000000000000000000001p0", 1.0000000000000002),
        ("0x1p-1074", 5e-324),
        ("0x1.8p-1075", 5e-324),
        ("0x1.fffffffffffffp-1023", 2.2250738585072014e-308),
    ];
    for (s, v) in cases {
        assert_eq!(parse_f64(s.as_bytes()).map(f64::to_bits), Some(v.to_bits()), "{s}");
    }
    let bad = "| 1|1 |nan|-nan|1e400|1e-400|0x|0x.|0xp1|0x1p|e5|.|+|-|1e|1e+|--1|+-1|infin|\
                   0x1p1024|0x1p-1075|1_0|1e5x|0x1p99999999999999999999";
    for bad in bad.split('|') {
        assert_eq!(parse_f64(bad.as_bytes()), None, "{bad}");
    }
}

#[test]
fn doubles_as_scores_show_them() {
    let cases = [
        (0.0, "0"),
        (-0.0, "-0"),
        (3.0, "3"),
        (-17.0, "-17"),
        (1.5, "1.5"),
        (0.1, "0.1"),
        (1e17, "100000000000000000"),
        (4e18, "4000000000000000000"),
        (1e19, "1e+19"),
        (1.2e20, "1.2e+20"),
        (1.234567890123457e22, "12345678901234570000000"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (1.5e-7, "1.5e-7"),
        (0.00012345678901234567, "1.2345678901234567e-4"),
        (0.0012345678901234567, "0.0012345678901234567"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (5e-324, "5e-324"),
        (-123.456, "-123.456"),
        (f64::NEG_INFINITY, "-inf"),
        (f64::NAN, "nan"),
    ];
    for (v, s) in cases {
        assert_eq!(text(v), s);
    }
}

proptest! {
    #[test]
    fn integers_round_trip(n: i64) {
        prop_assert_eq!(parse_i64(n.to_string().as_bytes()), Some(n));
    }

    #[test]
    fn an_accepted_integer_is_its_own_text(s in "-?[0-9+ ]{0,20}") {
        if let Some(n) = parse_i64(s.as_bytes()) {
            prop_assert_eq!(n.to_string(), s);
        }
    }

    #[test]
    fn doubles_round_trip(bits: u64) {
        let v = f64::from_bits(bits);
        if !v.is_nan() {
            let back = parse_f64(f64_text(v).as_bytes());
            prop_assert_eq!(back.map(f64::to_bits), Some(bits));
        }
    }

    #[test]
    fn hexadecimal_doubles_are_exact(bits: u64) {
        let v = f64::from_bits(bits & !(1 << 63));
        if v.is_finite() && v != 0.0 {
            let (e, m) = ((bits >> 52 & 0x7ff) as i64, bits & ((1 << 52) - 1));
            let (m, e) = if e == 0 { (m, -1074) } else { (m | 1 << 52, e - 1075) };
            let back = parse_f64(format!("0x{m:x}p{e}").as_bytes());
            prop_assert_eq!(back.map(f64::to_bits), Some(v.to_bits()));
        }
    }

    #[test]
    fn any_bytes_are_a_number_or_not(s: Vec<u8>) {
        let _ = (parse_i64(&s), parse_f64(&s));
    }
}

#[test]
fn seventeen_digits() {
    let cases = [
        (0.1, "0.10000000000000001"),
        (-1.5, "-1.5"),
        (3.0, "3"),
        (100.0, "100"),
        (1e16, "10000000000000000"),
        (1e17, "1e+17"),
        (1.25e-5, "1.2500000000000001e-05"),
        (0.00025, "0.00025000000000000001"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (5e-324, "4.9406564584124654e-324"),
        (f64::NEG_INFINITY, "-inf"),
        (0.0, "0"),
        (-0.0, "-0"),
    ];
    for (value, want) in cases {
        assert_eq!(std::str::from_utf8(f64_text_17(value).as_bytes()).unwrap(), want);
    }
}
