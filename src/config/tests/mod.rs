//! Every row, by its name alone; the file, SET, GET and REWRITE against each other.

use super::directive::Kind;
use super::set::Context;
use super::*;

mod file;
mod properties;
mod rewriting;
mod set_get;

fn loaded(text: &str) -> Config {
    let mut config = Config::default();
    load(&mut config, text.as_bytes(), &load::NoFiles).unwrap();
    config
}

fn refusal(text: &str) -> String {
    let mut config = Config::default();
    load(&mut config, text.as_bytes(), &load::NoFiles).unwrap_err().to_string()
}

fn got(config: &Config, name: &str) -> String {
    let mut found = get(config, &[name.as_bytes()]);
    assert_eq!(found.len(), 1, "{name}");
    String::from_utf8(found.remove(0).1).unwrap()
}

fn set_one(config: &mut Config, name: &str, value: &str) -> Result<Vec<&'static str>, set::Error> {
    set(config, &[(name.as_bytes(), value.as_bytes())], Context::default())
        .map(|changed| changed.iter().map(|d| d.spec.name).collect())
}

fn split_value<'a>(directive: &Directive, value: &'a [u8]) -> Vec<&'a [u8]> {
    if directive.spec.many_words { value.split(|b| *b == b' ').collect() } else { vec![value] }
}

#[test]
fn names_are_unique_and_lower_case() {
    let mut names: Vec<&str> = directives().flat_map(|d| d.spec.names()).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
    assert!(all > 200);
    assert!(names.iter().all(|n| { n.bytes().all(|b| b.is_ascii_lowercase() || b"-_0123456789".contains(&b)) }));
}

#[test]
fn every_default_is_a_legal_value_of_its_row() {
    for directive in directives() {
        let mut config = Config::default();
        let value = directive.print(&config);
        if matches!(directive.spec.kind, Kind::Special) && directive.spec.name == "replicaof" {
            continue;
        }
        directive.parse(&mut config, &split_value(directive, &value), false).unwrap();
        assert!(directive.equal(&config, &Config::default()), "{}", directive.spec.name);
    }
}

#[test]
fn numbers_respect_their_bounds() {
    for directive in directives() {
        let (Kind::Integer { min, max } | Kind::Bytes { min, max }) = directive.spec.kind else {
            continue;
        };
        let mut config = Config::default();
        for beyond in [min - 1, max + 1] {
            let beyond = beyond.to_string();
            assert!(directive.parse(&mut config, &[beyond.as_bytes()], false).is_err(), "{}", directive.spec.name);
        }
        if matches!(directive.spec.part, Part::Refused(_)) {
            continue;
        }
        for edge in [min, max.min(i64::MAX.into())] {
            let edge = edge.to_string();
            directive.parse(&mut config, &[edge.as_bytes()], false).unwrap();
            assert_eq!(directive.print(&config), edge.as_bytes(), "{}", directive.spec.name);
        }
    }
}
