//! Packed sequences against a vector of texts.

use super::*;
use proptest::prelude::*;

fn pack<const BACK: bool>(texts: &[Vec<u8>]) -> Vec<u8> {
    let mut out = Vec::new();
    for t in texts {
        Packed::<BACK>::push_back(&mut out, t.as_slice());
    }
    out
}

fn unpack<const BACK: bool>(bytes: &[u8]) -> Vec<Vec<u8>> {
    Packed::<BACK>::iter(bytes).map(Item::to_vec).collect()
}

/// Elements around every bound of the encoding.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let near = prop::sample::select(vec![
        0i64,
        63,
        64,
        127,
        128,
        4095,
        4096,
        -4096,
        -4097,
        32767,
        32768,
        -32768,
        -32769,
        8388607,
        8388608,
        -8388608,
        -8388609,
        2147483647,
        2147483648,
        -2147483648,
        -2147483649,
        i64::MAX,
        i64::MIN,
    ]);
    prop_oneof![
        (near, -2i64..=2).prop_map(|(v, d)| v.saturating_add(d).to_string().into_bytes()),
        any::<i64>().prop_map(|v| v.to_string().into_bytes()),
        prop::collection::vec(any::<u8>(), 0..12),
        prop::sample::select(vec![62usize, 63, 64, 65, 125, 126, 127, 128, 4094, 4095, 4096, 4097])
            .prop_map(|n| vec![b'x'; n]),
        "[abc]{1,2}".prop_map(String::into_bytes),
    ]
}

#[test]
fn every_width_at_its_bounds() {
    // (text, bytes of the encoding, bytes of the back length)
    let long = |n: usize| vec![b'a'; n];
    let int = |v: i64| v.to_string().into_bytes();
    let cases = [
        (int(0), 1, 1),
        (int(127), 1, 1),
        (int(128), 2, 1),
        (int(-1), 2, 1),
        (int(4095), 2, 1),
        (int(-4096), 2, 1),
        (int(4096), 3, 1),
        (int(-4097), 3, 1),
        (int(32767), 3, 1),
        (int(-32768), 3, 1),
        (int(32768), 4, 1),
        (int(-32769), 4, 1),
        (int(8388607), 4, 1),
        (int(-8388608), 4, 1),
        (int(8388608), 5, 1),
        (int(-8388609), 5, 1),
        (int(2147483647), 5, 1),
        (int(-2147483648), 5, 1),
        (int(2147483648), 9, 1),
        (int(-2147483649), 9, 1),
        (int(i64::MAX), 9, 1),
        (int(i64::MIN), 9, 1),
        (long(0), 1, 1),
        (long(63), 64, 1),
        (long(64), 66, 1),
        (long(125), 127, 1),
        (long(126), 128, 2),
        (long(4095), 4097, 2),
        (long(4096), 4101, 2),
        (long(16_377), 16_382, 2),
        (long(16_378), 16_383, 3),
        (long(2_097_145), 2_097_150, 3),
        (long(2_097_146), 2_097_151, 4),
    ];
    for (text, size, back) in cases {
        let label = String::from_utf8_lossy(&text[..text.len().min(24)]).into_owned();
        let plain = pack::<false>(&[text.clone(), b"end".to_vec()]);
        let linked = pack::<true>(&[text.clone(), b"end".to_vec()]);
        assert_eq!(plain.len(), size + 4, "{label}");
        assert_eq!(linked.len(), size + back + 5, "{label}");
        assert_eq!(unpack::<false>(&plain)[0], text, "{label}");
        let backwards: Vec<_> = Packed::<true>::iter(&linked).rev().map(Item::to_vec).collect();
        assert_eq!(backwards, [b"end".to_vec(), text.clone()], "{label}");
        assert_eq!(Packed::<true>::validate(&linked), Ok(2), "{label}");
        assert_eq!(Packed::<false>::validate(&plain), Ok(2), "{label}");
        assert_eq!(Packed::<false>::listpack_bytes(&plain), Packed::<true>::listpack_bytes(&linked), "{label}");
    }
}

#[test]
fn bytes_are_a_listpack_body() {
    // The body of a listpack holding these elements, by the published layout.
    let mut bytes = Vec::new();
    for t in [b"1".as_slice(), b"-1", b"hi", b"1000", b"100000"] {
        Packed::<true>::push_back(&mut bytes, t);
    }
    #[rustfmt::skip]
    let want = [
        0x01, 1,
        0xdf, 0xff, 2,
        0x82, b'h', b'i', 3,
        0xc3, 0xe8, 2,
        0xf2, 0xa0, 0x86, 0x01, 4,
    ];
    assert_eq!(bytes, want);
    assert_eq!(Packed::<true>::listpack_bytes(&bytes), 7 + want.len());
}

#[test]
fn finds_by_text_and_stride() {
    let bytes = pack::<false>(&["a", "1", "1", "b", "c", "a"].map(|s| s.as_bytes().to_vec()));
    assert_eq!(Packed::<false>::find(&bytes, b"1", 1), Packed::<false>::nth(&bytes, 1));
    assert_eq!(Packed::<false>::find(&bytes, b"1", 2), Packed::<false>::nth(&bytes, 2));
    assert_eq!(Packed::<false>::find(&bytes, b"b", 2), None);
    assert_eq!(Packed::<false>::find(&bytes, b"", 1), None);
}

#[test]
fn rejects_malformed_bytes() {
    let bad_plain: [&[u8]; 9] = [
        &[0xf5],
        &[0xff],
        &[0x81],
        &[0xe0],
        &[0xe1, 0x00],
        &[0xf0, 1, 0, 0],
        &[0xf0, 0xff, 0xff, 0xff, 0xff],
        &[0xf1, 0],
        &[0x01, 0xf4, 0, 0],
    ];
    for bytes in bad_plain {
        assert!(Packed::<false>::validate(bytes).is_err(), "{bytes:02x?}");
    }
    let bad_linked: [&[u8]; 4] = [&[0x01], &[0x01, 2], &[0x01, 0x81], &[0x81, b'a', 0, 2]];
    for bytes in bad_linked {
        assert!(Packed::<true>::validate(bytes).is_err(), "{bytes:02x?}");
    }
    assert_eq!(Packed::<true>::validate(&[0x01, 1, 0xf5, 1]), Err(Malformed { at: 2 }));
}

#[derive(Debug, Clone)]
enum Edit {
    PushBack(Vec<u8>),
    PushFront(Vec<u8>),
    Insert(prop::sample::Index, Vec<u8>),
    Replace(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        3 => text().prop_map(Edit::PushBack),
        2 => text().prop_map(Edit::PushFront),
        2 => (any::<prop::sample::Index>(), text()).prop_map(|(i, t)| Edit::Insert(i, t)),
        2 => (any::<prop::sample::Index>(), text()).prop_map(|(i, t)| Edit::Replace(i, t)),
        2 => (any::<prop::sample::Index>(), 0usize..4).prop_map(|(i, n)| Edit::Remove(i, n)),
    ]
}

fn run_edits<const BACK: bool>(edits: &[Edit]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let (mut bytes, mut model) = (Vec::new(), Vec::<Vec<u8>>::new());
    for e in edits {
        match e {
            Edit::PushBack(t) => {
                Packed::<BACK>::push_back(&mut bytes, t.as_slice());
                model.push(t.clone());
            }
            Edit::PushFront(t) => {
                Packed::<BACK>::push_front(&mut bytes, t.as_slice());
                model.insert(0, t.clone());
            }
            Edit::Insert(i, t) => {
                let i = i.index(model.len() + 1);
                let at = Packed::<BACK>::nth(&bytes, i).unwrap();
                Packed::<BACK>::insert(&mut bytes, at, t.as_slice());
                model.insert(i, t.clone());
            }
            Edit::Replace(i, t) if !model.is_empty() => {
                let i = i.index(model.len());
                let at = Packed::<BACK>::nth(&bytes, i).unwrap();
                Packed::<BACK>::replace(&mut bytes, at, t.as_slice());
                model[i] = t.clone();
            }
            Edit::Replace(..) => {}
            Edit::Remove(i, n) => {
                let i = i.index(model.len() + 1);
                let at = Packed::<BACK>::nth(&bytes, i).unwrap();
                let end = (i + n).min(model.len());
                assert_eq!(Packed::<BACK>::remove(&mut bytes, at, *n), end - i);
                model.drain(i..end);
            }
        }
    }
    (bytes, model)
}

fn check<const BACK: bool>(bytes: &[u8], model: &[Vec<u8>]) {
    assert_eq!(unpack::<BACK>(bytes), model);
    assert_eq!(Packed::<BACK>::validate(bytes), Ok(model.len()));
    assert_eq!(Packed::<BACK>::len(bytes), model.len());
    assert_eq!(Packed::<BACK>::nth(bytes, model.len()), Some(bytes.len()));
    assert_eq!(Packed::<BACK>::nth(bytes, model.len() + 1), None);
    let sizes: usize = model.iter().map(|t| Packed::<BACK>::size_of(t.as_slice())).sum();
    assert_eq!(sizes, bytes.len());
    for (i, t) in model.iter().enumerate() {
        let at = Packed::<BACK>::nth(bytes, i).unwrap();
        assert!(Packed::<BACK>::get(bytes, at) == *t.as_slice());
        let first = model.iter().position(|x| x == t).unwrap();
        assert_eq!(Packed::<BACK>::find(bytes, t, 1), Packed::<BACK>::nth(bytes, first));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn edits_agree_with_a_vector(edits in prop::collection::vec(edit(), 0..40)) {
        let (plain, model) = run_edits::<false>(&edits);
        check::<false>(&plain, &model);
        let (linked, model) = run_edits::<true>(&edits);
        check::<true>(&linked, &model);
        let mut reversed: Vec<_> = Packed::<true>::iter(&linked).rev().map(Item::to_vec).collect();
        reversed.reverse();
        prop_assert_eq!(&reversed, &model);
        for i in 0..model.len() {
            prop_assert_eq!(Packed::<true>::nth_back(&linked, i), Packed::<true>::nth(&linked, model.len() - 1 - i));
        }
        prop_assert_eq!(Packed::<true>::nth_back(&linked, model.len()), None);
        prop_assert_eq!(Packed::<true>::listpack_bytes(&linked), Packed::<false>::listpack_bytes(&plain));
    }

    #[test]
    fn both_ends_meet(texts in prop::collection::vec(text(), 0..12), turns: Vec<bool>) {
        let bytes = pack::<true>(&texts);
        let (mut real, mut model) = (Packed::<true>::iter(&bytes), texts.iter());
        for front in turns {
            let (a, b) = if front { (real.next(), model.next()) } else { (real.next_back(), model.next_back()) };
            prop_assert_eq!(a.map(Item::to_vec), b.cloned());
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(n) = Packed::<false>::validate(&bytes) {
            prop_assert_eq!(Packed::<false>::iter(&bytes).count(), n);
        }
        if let Ok(n) = Packed::<true>::validate(&bytes) {
            prop_assert_eq!(Packed::<true>::iter(&bytes).rev().count(), n);
        }
    }

    #[test]
    fn damaged_bytes_are_refused_or_readable(
        texts in prop::collection::vec(text(), 1..6), at: prop::sample::Index, flip in 1u8..=255, cut: prop::sample::Index,
    ) {
        let mut bytes = pack::<true>(&texts);
        let i = at.index(bytes.len());
        bytes[i] ^= flip;
        if let Ok(n) = Packed::<true>::validate(&bytes) {
            prop_assert_eq!(Packed::<true>::iter(&bytes).rev().count(), n);
        }
        bytes[i] ^= flip;
        let cut = cut.index(bytes.len());
        let whole = (0..=texts.len()).any(|n| Packed::<true>::nth(&bytes, n) == Some(cut));
        prop_assert_eq!(Packed::<true>::validate(&bytes[..cut]).is_ok(), whole);
    }
}
