//! Bytes that somebody else wrote, as the small forms of a set: `validate` never panics, and
//! whatever it lets through can be read and changed as the set that it is.

#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use norn::data::{
    packed::{Item, Packed},
    set::{ints, packed},
};
use std::collections::BTreeSet;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    ints: &'a [u8],
    packed: &'a [u8],
    numbers: Vec<(bool, i64)>,
    texts: Vec<(bool, &'a [u8])>,
}

fuzz_target!(|input: Input| {
    if let Ok(len) = ints::validate(input.ints) {
        integers(input.ints.to_vec(), len, &input.numbers);
    }
    if let Ok(len) = packed::validate(input.packed) {
        members(input.packed.to_vec(), len, &input.texts);
    }
});

fn integers(mut bytes: Vec<u8>, len: usize, changes: &[(bool, i64)]) {
    let mut model: BTreeSet<i64> = ints::iter(&bytes).collect();
    assert_eq!(model.len(), len);
    for (add, v) in changes {
        if *add {
            assert_eq!(ints::insert(&mut bytes, *v), model.insert(*v));
        } else {
            assert_eq!(ints::remove(&mut bytes, *v), model.remove(v));
        }
        assert_eq!(ints::contains(&bytes, *v), *add);
        assert_eq!(ints::validate(&bytes), Ok(model.len()));
        assert!(ints::iter(&bytes).eq(model.iter().copied()));
    }
    while let Some(v) = model.pop_last() {
        assert_eq!(ints::get(&bytes, model.len()), v);
        ints::remove_at(&mut bytes, model.len());
    }
    assert!(bytes.is_empty());
}

fn members(mut bytes: Vec<u8>, len: usize, changes: &[(bool, &[u8])]) {
    let mut model: Vec<Vec<u8>> = Packed::<false>::iter(&bytes).map(|item| item.to_vec()).collect();
    assert_eq!(model.len(), len);
    for (add, text) in changes {
        let at = model.iter().position(|m| m == text);
        match packed::find(&bytes, text) {
            Ok(_) if !add => {
                assert!(packed::remove(&mut bytes, text));
                model.remove(at.expect("both have it"));
            }
            Ok(_) => assert!(at.is_some()),
            Err(count) => {
                assert_eq!((at, count), (None, model.len()));
                if *add {
                    packed::push(&mut bytes, Item::from_text(text));
                    model.push(text.to_vec());
                }
            }
        }
        assert_eq!(packed::validate(&bytes), Ok(model.len()));
        assert!(Packed::<false>::iter(&bytes).map(|item| item.to_vec()).eq(model.iter().cloned()));
    }
}
