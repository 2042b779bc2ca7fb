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
        ("3.0000000000000000001", "0", "3"),
        ("0.00000381469726562500", "0", "0.00000381469726562"),
        ("0x1p-18", "0", "0.00000381469726562"),
        ("0x1.8p-17", "0x1p-60", "0.00001144409179688"),
        ("1e18", "0.5", "1000000000000000000.5"),
        ("9223372036854775807", "1", "9223372036854775808"),
        ("18446744073709551615", "1", "18446744073709551616"),
        ("18446744073709551616", "1", "18446744073709551616"),
        ("18446744073709551618", "1", "18446744073709551620"),
        ("123456789012345678901234567890", "-0.5", "123456789012345678899921813504"),
        ("1e30", "-1e29", "900000000000000000001610612736"),
        ("-1e-17", "-1e-18", "-0.00000000000000001"),
        ("4e-18", "1e-18", "0"),
        ("0.3333333333333333333333", "0.6666666666666666666667", "1"),
        ("1e-4940", "1", "1"),
        ("1.00000000000000000005", "-1", "0"),
        ("-79.99999999999999999", "0.00000000000000001", "-79.99999999999999999"),
        ("16777217.1", "1e-10", "16777217.10000000010040822"),
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
    fn large_doubles_are_exact(bits: u64) {
        let v = f64::from_bits(bits);
        prop_assume!(!v.is_nan() && v.abs() > 1e15);
        let back: f64 = text(LongDouble::from_f64(v)).parse().unwrap();
        prop_assert_eq!(back, v);
    }

    #[test]
    fn small_doubles_have_17_decimals(v in -1e6..1e6) {
        let decimals = format!("{v:.17}");
        let want = decimals.trim_end_matches('0').trim_end_matches('.');
        prop_assert_eq!(text(LongDouble::from_f64(v)), want);
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
