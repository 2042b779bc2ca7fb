//! Any value of any row, in and out by every way.

use super::*;
use crate::base::split::quoted;
use proptest::prelude::*;

/// A value of the row's kind, as CONFIG GET would print it.
fn value_of(directive: &'static Directive) -> BoxedStrategy<Vec<u8>> {
    let number = |n: i128| n.to_string().into_bytes();
    let bounded = |min: i128, max: i128| prop_oneof![min..=max.min(i64::MAX.into()), min..=max.min(min + 2000)];
    match directive.spec.kind {
        _ if matches!(directive.spec.part, Part::Refused(_)) => Just(directive.print(&Config::default())).boxed(),
        Kind::YesNo => prop_oneof![Just(b"yes".to_vec()), Just(b"no".to_vec())].boxed(),
        Kind::Integer { min, max } => {
            let max = if directive.spec.name == "hz" { 500 } else { max };
            let min = if directive.spec.name == "hz" { 1 } else { min };
            bounded(min, max).prop_map(number).boxed()
        }
        Kind::Bytes { min, max } => bounded(min, max).prop_map(number).boxed(),
        Kind::BytesOrPercent { .. } => {
            prop_oneof![(0..i64::MAX).prop_map(|n| n.to_string()), (1..=100).prop_map(|n| format!("{n}%"))]
                .prop_map(String::into_bytes)
                .boxed()
        }
        Kind::Octal { min, max } => (min..=max).prop_map(|n| format!("{n:o}").into_bytes()).boxed(),
        Kind::Words(words) => (0..words.len()).prop_map(|at| words[at].as_bytes().to_vec()).boxed(),
        Kind::Text { check, .. } => "[a-z. \"'\\\\#é\n]{0,12}"
            .prop_filter("refused by the row", move |text| check(text).is_ok())
            .prop_map(String::into_bytes)
            .boxed(),
        Kind::Special => special_value(directive.spec.name).prop_map(String::into_bytes).boxed(),
    }
}

fn special_value(name: &str) -> BoxedStrategy<String> {
    match name {
        "bind" => "(|(127\\.0\\.0\\.1|-::1|\\*)( 10\\.0\\.0\\.[1-9]){0,3})".boxed(),
        "save" => "(|[1-9][0-9]{0,4} [0-9](  )?)".prop_map(|s| s.trim_end().to_owned()).boxed(),
        "client-output-buffer-limit" => (0..1u64 << 40, 0..9u64)
            .prop_map(|(n, s)| format!("normal {n} 0 {s} slave 0 {n} 1 pubsub 1024 {s} 0"))
            .boxed(),
        "oom-score-adj-values" => (-2000..=2000i32).prop_map(|n| format!("{n} 0 -5")).boxed(),
        "latency-tracking-info-percentiles" => "(|[1-9][0-9]?(\\.[0-9]{0,4}[1-9])?( 99| 100){0,2})".boxed(),
        "notify-keyspace-events" => "(A|g?[$]?l?s?h?z?x?e?t?)n?K?E?m?".boxed(),
        other => panic!("no values for {other}"),
    }
}

fn row_and_value() -> impl Strategy<Value = (&'static Directive, Vec<u8>)> {
    (0..directives().count()).prop_flat_map(|at| {
        let directive = directives().nth(at).unwrap();
        value_of(directive).prop_map(move |value| (directive, value))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn what_is_set_is_read_back((directive, value) in row_and_value()) {
        let mut config = Config::default();
        let refused = matches!(directive.spec.part, Part::Refused(_));
        if !(refused && directive.spec.many_words) {
            directive.parse(&mut config, &split_value(directive, &value), false).unwrap();
        }
        let printed = directive.print(&config);
        let same_word = value == b"relative" && printed == b"yes";
        prop_assert!(printed == value || same_word, "{}: {}", directive.spec.name, printed.escape_ascii());
    }

    #[test]
    fn a_rewritten_file_says_the_same(
        values in proptest::collection::vec(row_and_value(), 0..40),
        old in proptest::collection::vec(row_and_value(), 0..20),
        all: bool,
    ) {
        let mut live = Config::default();
        for (directive, value) in &values {
            let _ = directive.parse(&mut live, &split_value(directive, value), false);
        }
        let mut text = Vec::new();
        for (directive, value) in &old {
            text.extend_from_slice(directive.spec.names().last().unwrap().as_bytes());
            text.push(b' ');
            quoted(value, &mut text);
            text.extend_from_slice(b"\n# comment\n");
        }
        let new = rewrite(&text, &live, &Config::default(), all);
        let mut read = Config::default();
        load(&mut read, &new, &load::NoFiles).unwrap();
        prop_assert_eq!(&read, &live, "{}", new.escape_ascii());
        prop_assert_eq!(rewrite(&new, &live, &Config::default(), all), new);
    }
}
