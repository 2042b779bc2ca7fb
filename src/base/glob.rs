//! Glob patterns as KEYS, PSUBSCRIBE, CONFIG GET and ACLs use them.
//!
//! `*` is any run of bytes, `?` any byte, `[a-z]` a class, `[^a-z]` its complement, and a
//! backslash takes the next byte literally. Matching remembers only the last `*`: when
//! what follows it fails, that star takes one byte more. An earlier star never needs
//! another try, because the later one could absorb whatever it would give up, so the
//! work is at most the product of the two lengths however hostile the pattern.
//!
//! Corners that Valkey's users may rely on: an empty text matches only the empty pattern
//! (not `*`); a class left open ends with the pattern; the ends of a range may come in
//! either order, and count as signed bytes; a pattern that gets past a thousand stars
//! (neighbours count once, the last of all not) matches nothing.

/// Stars a match may get past.
const MAX_STARS: usize = 1000;

/// Whether all of `text` matches `pattern`; `nocase` ignores the case of ASCII letters.
pub fn matches(pattern: &[u8], text: &[u8], nocase: bool) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    let (mut p, mut t) = (0, 0);
    // Behind the last star, and the first byte that star has not taken.
    let mut star: Option<(usize, usize)> = None;
    let mut stars = 0;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            p += pattern[p..].iter().take_while(|&&b| b == b'*').count();
            if p == pattern.len() {
                return true;
            }
            stars += 1;
            if stars > MAX_STARS {
                return false;
            }
            star = Some((p, t));
            continue;
        }
        if let Some(next) = match_one(pattern, p, text[t], nocase) {
            p = next;
            t += 1;
            continue;
        }
        let Some((after, taken)) = star else {
            return false;
        };
        star = Some((after, taken + 1));
        p = after;
        t = taken + 1;
    }
    pattern[p..].iter().all(|&b| b == b'*')
}

/// Whether `text` matches a pattern that a client gave, with the case of letters counting.
pub fn matches_case(pattern: &[u8], text: &[u8]) -> bool {
    matches(pattern, text, false)
}

/// Where the pattern goes on if its element at `p`, which is not a star, takes `byte`.
fn match_one(pattern: &[u8], p: usize, byte: u8, nocase: bool) -> Option<usize> {
    let literal = |p: usize| same(pattern[p], byte, nocase).then_some(p + 1);
    match *pattern.get(p)? {
        b'?' => Some(p + 1),
        b'[' => match_class(pattern, p + 1, byte, nocase),
        b'\\' if p + 1 < pattern.len() => literal(p + 1),
        _ => literal(p),
    }
}

fn same(a: u8, b: u8, nocase: bool) -> bool {
    a == b || (nocase && a.eq_ignore_ascii_case(&b))
}

/// A class whose `[` is just before `p`.
fn match_class(pattern: &[u8], mut p: usize, byte: u8, nocase: bool) -> Option<usize> {
    let negated = pattern.get(p) == Some(&b'^');
    p += usize::from(negated);
    let mut found = false;
    while let Some(&head) = pattern.get(p) {
        match (head, &pattern[p + 1..]) {
            (b'\\', [escaped, ..]) => {
                found |= *escaped == byte;
                p += 2;
            }
            (b']', _) => break,
            (from, [b'-', to, ..]) => {
                found |= in_range(from, *to, byte, nocase);
                p += 3;
            }
            (single, _) => {
                found |= same(single, byte, nocase);
                p += 1;
            }
        }
    }
    (found != negated).then_some((p + 1).min(pattern.len()))
}

fn in_range(from: u8, to: u8, byte: u8, nocase: bool) -> bool {
    let (low, high) = if (from as i8) > (to as i8) { (to, from) } else { (from, to) };
    let fold = |b: u8| {
        if nocase { b.to_ascii_lowercase() as i8 } else { b as i8 }
    };
    (fold(low)..=fold(high)).contains(&fold(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn m(pattern: &str, text: &str) -> bool {
        matches(pattern.as_bytes(), text.as_bytes(), false)
    }

    #[test]
    fn the_elements() {
        for (pattern, text) in [
            ("*", "a"),
            ("h?llo", "hello"),
            ("h*llo", "heeeello"),
            ("h*llo*", "hllo"),
            ("h[ae]llo", "hallo"),
            ("h[^e]llo", "hallo"),
            ("h[a-b]llo", "hbllo"),
            ("h[b-a]llo", "hallo"),
            ("h\\?llo", "h?llo"),
            ("a\\", "a\\"),
            ("[\\]]", "]"),
            ("[\\-a]", "-"),
            ("[a-]", "_"),
            ("[^]", "x"),
            ("[^", "x"),
            ("[ab", "b"),
            ("[a-z", "q"),
            ("[a\\", "\\"),
            ("a**b", "ab"),
            ("*a*b*c", "xxaxbxbxc"),
            ("", ""),
        ] {
            assert!(m(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("h?llo", "hllo"),
            ("h[ae]llo", "hillo"),
            ("h[^e]llo", "hello"),
            ("[]", "]"),
            ("[a-]", "-"),
            ("[", "["),
            ("[a-z]", "A"),
            ("*", ""),
            ("", "a"),
            ("a", "ab"),
            ("ab", "a"),
            ("*a", "ab"),
            ("*[", "a["),
        ] {
            assert!(!m(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn case_is_ignored_on_request() {
        assert!(matches(b"MAX[m-M]em*", b"maxMEMORY", true));
        assert!(matches(b"[A-Z]", b"q", true));
        assert!(!matches(b"[\\A]", b"a", true), "an escape in a class keeps its case");
        assert!(!matches_case(b"A", b"a"));
    }

    #[test]
    fn ranges_count_signed_bytes() {
        assert!(matches(b"[\x80-a]", b"\xf0", false));
        assert!(!matches(b"[a-\xff]", b"z", false));
    }

    #[test]
    fn a_hostile_pattern_ends() {
        let pattern = "a*".repeat(5000) + "b";
        assert!(!m(&pattern, &"a".repeat(5000)));
    }

    #[test]
    fn too_many_stars_match_nothing() {
        let text = "a".repeat(3000);
        assert!(m(&"*?".repeat(1000), &text));
        assert!(m(&("**?".repeat(1000) + "*"), &text));
        assert!(!m(&"*?".repeat(1001), &text));
        assert!(m(&("*?".repeat(1000) + &"*".repeat(5)), &"a".repeat(1000)));
    }

    /// The definition, by plain recursion.
    fn model(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.first(), text) {
            (None, _) => text.is_empty(),
            (Some(b'*'), _) => (0..=text.len()).any(|n| model(&pattern[1..], &text[n..])),
            (_, []) => false,
            (_, [byte, rest @ ..]) => {
                match_one(pattern, 0, *byte, false).is_some_and(|next| model(&pattern[next..], rest))
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab*?\\[\\]^\\\\-]{0,10}", text in "[ab\\]-]{1,8}") {
            prop_assert_eq!(m(&pattern, &text), model(pattern.as_bytes(), text.as_bytes()));
        }

        #[test]
        fn any_bytes_match_or_not(pattern: Vec<u8>, text: Vec<u8>, nocase: bool) {
            let _ = matches(&pattern, &text, nocase);
        }

        #[test]
        fn an_escaped_text_matches_itself(text in proptest::collection::vec(any::<u8>(), 1..20)) {
            let pattern: Vec<u8> = text.iter().flat_map(|&b| [b'\\', b]).collect();
            prop_assert!(matches(&pattern, &text, false));
        }
    }
}
