//! Planted bugs are kept as patches, and rot when the code that they change moves on.

/// What is wrong with a patch: a hunk whose old text is nowhere in the file it changes.
///
/// `file` hands out the text of a file, if there is one.
pub fn stale(patch: &str, file: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut out = Vec::new();
    let (mut path, mut text, mut old) = ("", String::new(), String::new());
    let mut hunks = 0;
    for line in patch.lines().chain(["@@"]) {
        let starts = line.starts_with("@@") || line.starts_with("diff ");
        if starts && !old.is_empty() {
            hunks += 1;
            if !text.contains(&old) {
                out.push(format!("{path}: there is no\n{old}"));
            }
            old.clear();
        }
        if let Some(name) = line.strip_prefix("+++ b/") {
            path = name;
            text = file(name).unwrap_or_default();
        } else if !path.is_empty() && !starts && !line.starts_with(['+', '\\']) && !line.starts_with("--- ") {
            old.push_str(line.get(1..).unwrap_or_default());
            old.push('\n');
        }
        if line.starts_with("diff ") {
            path = "";
        }
    }
    if hunks == 0 {
        out.push("it changes nothing".into());
    }
    out
}

#[test]
fn a_hunk_must_be_found() {
    let file = |name: &str| (name == "a.rs").then(|| "one\ntwo\n\nthree\n".to_owned());
    let patch = |hunk: &str| format!("About.\nscenario: x\n\ndiff --git a/a.rs b/a.rs\n--- a/a.rs\n+++ b/a.rs\n{hunk}");
    assert_eq!(stale(&patch("@@ -1,3 +1,2 @@\n one\n-two\n+2\n \n"), file), Vec::<String>::new());
    assert_eq!(stale(&patch("@@ -1,2 +1,2 @@\n one\n-three\n"), file).len(), 1);
    assert_eq!(stale(&patch("@@ -1 +1 @@\n-one\n+1\n@@ -3 +3 @@\n-four\n"), file).len(), 1);
    assert_eq!(stale("About.\n", file), ["it changes nothing"]);
    let elsewhere = patch("@@ -1 +1 @@\n-one\n").replace("a.rs", "b.rs");
    assert_eq!(stale(&elsewhere, file).len(), 1);
}
