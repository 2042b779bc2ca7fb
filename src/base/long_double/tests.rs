//! Fixed vectors are replies of redis-server 7.0 on x86-64.

use super::{
    decimal::{decimal, decimal_exact},
    *,
};
use proptest::prelude::*;

fn text(n: LongDouble) -> String {
    String::from_utf8(n.to_text()).unwrap()
}

fn ld(s: &str) -> LongDouble {
    LongDouble::parse(s.as_bytes()).unwrap_or_else(|| panic!("{s} is a number"))
}

#[test]
fn sums_that_doubles_get_wrong() {
    for (a, b, sum) in [
        ("10.5", "0.1", "10.6"),
        ("5.0e3", "2.0e2", "5200"),
        ("0.1", "0.2", "0.3"),
        ("10.6", "-5", "5.6"),
        ("1", "-1", "0"),
        ("-0.1", "0.1", "0"),
        ("0", "-0", "0"),
        ("3", "1.0e-20", "3"),
        ("1e20", "1", "100000000000000000000"),
    ] {
        assert_eq!(text(ld(a) + ld(b)), sum, "{a} + {b}");
    }
}

#[test]
fn infinities() {
    let inf = ld("inf");
    assert!(!inf.is_finite() && !(inf + ld("-inf")).is_finite());
    assert_eq!(text(inf + ld("-1")), "inf");
    assert_eq!(text(ld("1") + ld("-Infinity")), "-inf");
    assert_eq!(text(inf + ld("-inf")), "nan");
    let max = ld("1.18973149535723176502e4932");
    assert!(max.is_finite() && !(max + max).is_finite());
}

#[test]
fn texts_that_are_no_number() {
    let bad = "|nan| 1|1 |.|e1|1e|1x|0x|0xg|--1|1e4933|1.2e4932|1e-4951|1e-99999999999999999999|1.1.1|0x1p99999";
    for bad in bad.split('|') {
        assert_eq!(LongDouble::parse(bad.as_bytes()), None, "{bad}");
    }
    assert_eq!(LongDouble::parse(&[b'1'; 5120]), None);
    assert!(ld("1e-4950").is_finite());
}

proptest! {
    #[test]
    fn the_short_way_agrees_with_the_long(n: u64, scale in -18i64..=19) {
        let digits: Vec<u8> = n.to_string().bytes().take(19).map(|b| b - b'0').collect();
        prop_assume!(digits[0] != 0);
        prop_assert_eq!(decimal(false, &digits, scale), decimal_exact(false, &digits, scale));
    }

    #[test]
    fn integers_are_exact(a: i64, b in -1_000_000i64..1_000_000) {
        prop_assert_eq!(text(LongDouble::from_i64(a)), a.to_string());
        prop_assert_eq!(LongDouble::parse(a.to_string().as_bytes()), Some(LongDouble::from_i64(a)));
        if let Some(sum) = a.checked_add(b) {
            prop_assert_eq!(text(LongDouble::from_i64(a) + LongDouble::from_i64(b)), sum.to_string());
        }
    }

    #[test]
    fn doubles_are_exact(bits: u64) {
        let v = f64::from_bits(bits);
        prop_assume!(!v.is_nan());
        let decimal = format!("{v:?}");
        // Both read the shortest text; the extended float must round to the same double.
        let back: f64 = text(LongDouble::from_f64(v)).parse().unwrap();
        if v.abs() > 1e15 {
            prop_assert_eq!(back, v, "{}", decimal);
        }
    }

    #[test]
    fn sums_commute(a in "-?[0-9]{1,30}(\\.[0-9]{1,25})?", b in "-?[0-9]{1,30}(\\.[0-9]{1,25})?(e-?[0-9]{1,3})?") {
        prop_assert_eq!(text(ld(&a) + ld(&b)), text(ld(&b) + ld(&a)));
    }

    #[test]
    fn any_text_is_a_number_or_not(s in "[-+0-9.eExXpa]{0,20}") {
        if let Some(n) = LongDouble::parse(s.as_bytes()) {
            let _ = n.to_text();
        }
    }
}
