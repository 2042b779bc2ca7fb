//! Templates of the process title: text with `{variables}`; `{{` stands for `{`.

/// The text that a template makes, without spaces at its ends; `None` if a brace is not
/// closed or `variable` does not know a name.
pub fn expand(template: &str, variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let (mut rest, mut text) = (template, String::new());
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        if let Some(quoted) = after.strip_prefix('{') {
            text.push('{');
            rest = quoted;
            continue;
        }
        let (name, after) = after.split_once('}')?;
        text.push_str(&variable(name)?);
        rest = after;
    }
    text.push_str(rest);
    Some(text.trim_matches(' ').into())
}

/// Variables, and whether each always has a text.
const VARIABLES: [(&str, bool); 7] = [
    ("title", false),
    ("listen-addr", true),
    ("server-mode", false),
    ("port", true),
    ("tls-port", true),
    ("unixsocket", false),
    ("config-file", false),
];

/// Refuses unknown variables and templates whose title could be empty.
pub(super) fn check(template: &str) -> Result<(), &'static str> {
    let sample = |name: &str| {
        let (_, fills) = VARIABLES.iter().find(|(known, _)| *known == name)?;
        Some(if *fills { "x" } else { "" }.into())
    };
    match expand(template, sample) {
        Some(text) if !text.is_empty() => Ok(()),
        _ => Err("template format is invalid or contains unknown variables"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_and_braces() {
        let value = |name: &str| (name == "a").then(|| "1".to_owned());
        assert_eq!(expand(" x{a}-{{a}} {a} ", value).as_deref(), Some("x1-{a}} 1"));
        assert_eq!(expand("{b}", value), None);
        assert_eq!(expand("{a", value), None);
        assert!(check("{title}{listen-addr}").is_ok() && check("a").is_ok());
        assert!(check("{title} {server-mode}").is_err() && check("").is_err() && check("{invalid-var}").is_err());
    }
}
