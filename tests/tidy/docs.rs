//! Paths named in the documents: what stands in backticks and looks like a path must exist.

/// The paths in `text`, with their lines. A path is a word in single backticks, made of
/// path characters only, that contains or ends in `/` or ends like one of our files; fenced
/// blocks are not looked into, nor are absolute paths.
pub fn paths(text: &str) -> Vec<(usize, String)> {
    let mut out = Vec::new();
    let mut fenced = false;
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        if fenced {
            continue;
        }
        let quoted = line.split('`').skip(1).step_by(2).filter(|word| is_path(word));
        out.extend(quoted.map(|word| (at + 1, word.to_owned())));
    }
    out
}

fn is_path(word: &str) -> bool {
    let plain = word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./".contains(&b));
    let file = [".rs", ".toml", ".md", ".lock"].iter().any(|end| word.ends_with(end));
    plain && !word.starts_with('/') && (word.contains('/') || file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_are_taken() {
        let text = "See `src/lib.rs`, `sim/`, `GET key`, `/proc/self`, `a::b` and `Cargo.toml`.\n```\n`x/y`\n```\n`z/`";
        let want = [(1, "src/lib.rs"), (1, "sim/"), (1, "Cargo.toml"), (5, "z/")];
        assert_eq!(paths(text), want.map(|(line, path)| (line, path.to_owned())));
    }
}
