//! Bytes that somebody else wrote, as packed elements: `validate` never panics, and
//! whatever it lets through can be read, changed and converted.
//!
//! The changes are made twice, on the bytes and on a plain vector of texts, and must agree
//! after each step.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use norn::data::packed::Packed;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    back: bool,
    bytes: &'a [u8],
    changes: Vec<Change<'a>>,
}

/// A change at a place that is taken modulo the length.
#[derive(Arbitrary, Debug)]
enum Change<'a> {
    PushBack(&'a [u8]),
    PushFront(&'a [u8]),
    Insert(u8, &'a [u8]),
    Replace(u8, &'a [u8]),
    Number(u8, i64),
    Remove(u8, u8),
    Find(&'a [u8]),
}

fuzz_target!(|input: Input| {
    if input.back {
        run::<true>(&input);
        if Packed::<true>::validate(input.bytes).is_ok() {
            backwards(input.bytes);
        }
    } else {
        run::<false>(&input);
    }
});

fn texts<const BACK: bool>(bytes: &[u8]) -> Vec<Vec<u8>> {
    Packed::<BACK>::iter(bytes).map(|item| item.to_vec()).collect()
}

fn run<const BACK: bool>(input: &Input) {
    let Ok(len) = Packed::<BACK>::validate(input.bytes) else { return };
    let mut bytes = input.bytes.to_vec();
    let mut model = texts::<BACK>(&bytes);
    assert_eq!(model.len(), len);
    for change in &input.changes {
        apply::<BACK>(&mut bytes, &mut model, change);
        assert_eq!(Packed::<BACK>::validate(&bytes), Ok(model.len()), "after {change:?}");
        assert_eq!(texts::<BACK>(&bytes), model, "after {change:?}");
        assert_eq!(Packed::<BACK>::len(&bytes), model.len());
    }
    convert::<BACK, true>(&bytes, &model);
    convert::<BACK, false>(&bytes, &model);
}

fn apply<const BACK: bool>(bytes: &mut Vec<u8>, model: &mut Vec<Vec<u8>>, change: &Change) {
    let place = |n: u8, len: usize| usize::from(n) % len;
    let at = |bytes: &[u8], n: usize| Packed::<BACK>::nth(bytes, n).expect("within the length");
    match *change {
        Change::PushBack(text) => {
            Packed::<BACK>::push_back(bytes, text);
            model.push(text.into());
        }
        Change::PushFront(text) => {
            Packed::<BACK>::push_front(bytes, text);
            model.insert(0, text.into());
        }
        Change::Insert(n, text) => {
            let n = place(n, model.len() + 1);
            let at = at(bytes, n);
            Packed::<BACK>::insert(bytes, at, text);
            model.insert(n, text.into());
        }
        Change::Find(text) => {
            let found = Packed::<BACK>::find(bytes, text, 1);
            let wanted = model.iter().position(|t| t == text);
            assert_eq!(found, wanted.map(|n| at(bytes, n)), "{text:?}");
        }
        _ if model.is_empty() => {}
        Change::Replace(n, text) => {
            let n = place(n, model.len());
            let at = at(bytes, n);
            Packed::<BACK>::replace(bytes, at, text);
            model[n] = text.into();
        }
        Change::Number(n, value) => {
            let n = place(n, model.len());
            let at = at(bytes, n);
            Packed::<BACK>::replace(bytes, at, value);
            model[n] = value.to_string().into();
        }
        Change::Remove(n, count) => {
            let n = place(n, model.len());
            let at = at(bytes, n);
            let gone = Packed::<BACK>::remove(bytes, at, count.into());
            assert_eq!(gone, usize::from(count).min(model.len() - n));
            model.drain(n..n + gone);
        }
    }
}

/// Copies the elements one by one into the other flavour, and their encoded size is known
/// beforehand.
fn convert<const FROM: bool, const TO: bool>(bytes: &[u8], model: &[Vec<u8>]) {
    let mut copy = Vec::new();
    for item in Packed::<FROM>::iter(bytes) {
        let before = copy.len();
        Packed::<TO>::push_back(&mut copy, item);
        assert_eq!(copy.len() - before, Packed::<TO>::size_of(item));
    }
    assert_eq!(texts::<TO>(&copy), model);
    // A copy is in the shortest encoding, what came from outside need not be.
    assert!(Packed::<TO>::listpack_bytes(&copy) <= Packed::<FROM>::listpack_bytes(bytes));
}

/// Walking from the tail finds the same elements.
fn backwards(bytes: &[u8]) {
    let mut forwards = texts::<true>(bytes);
    let (mut at, mut n) = (bytes.len(), 0);
    while let Some(before) = Packed::<true>::prev(bytes, at) {
        assert_eq!(Packed::<true>::next(bytes, before), at);
        assert_eq!(Packed::<true>::nth_back(bytes, n), Some(before));
        assert_eq!(forwards.pop(), Some(Packed::<true>::get(bytes, before).to_vec()));
        (at, n) = (before, n + 1);
    }
    assert_eq!((at, forwards.len()), (0, 0));
}
