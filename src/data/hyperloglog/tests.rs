//! Both forms against plain registers.

use super::*;
use proptest::prelude::*;

fn registers(text: &[u8]) -> Registers {
    let mut registers = [0; REGISTERS];
    merge(&mut registers, text).expect("sound");
    registers
}

#[test]
fn hashes_are_those_of_every_stored_value() {
    // Ranks and registers as a redis-server 7.0 shows them with PFDEBUG DECODE.
    let mut text = empty();
    assert!(add(&mut text, b"a", 3000).unwrap());
    assert_eq!(text.len(), HEADER_BYTES + 5);
    assert!(!add(&mut text, b"a", 3000).unwrap());
}

#[test]
fn estimates_are_close() {
    let mut text = empty();
    for n in 0..20_000u64 {
        add(&mut text, n.to_string().as_bytes(), 3000).unwrap();
        if [1, 10, 100, 1000, 5000, 20_000].contains(&(n + 1)) {
            let error = count(&text).unwrap().abs_diff(n + 1) as f64 / (n + 1) as f64;
            assert!(error < 0.03, "{} is off by {error}", n + 1);
            assert_eq!(count(&text).unwrap(), estimate(&registers(&text)));
        }
    }
    assert_eq!(encoding(&text), Some(Encoding::Dense));
}

#[test]
fn results_are_remembered_until_something_changes() {
    let mut text = empty();
    assert_eq!(cached(&text), Some(0));
    invalidate(&mut text);
    assert_eq!(cached(&text), None);
    cache(&mut text, 77);
    assert_eq!(cached(&text), Some(77));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn both_forms_hold_the_same(
        raises in prop::collection::vec((prop_oneof![0..40usize, 0..REGISTERS], 1..40u8), 1..400),
        max in prop_oneof![Just(60usize), Just(3000)],
    ) {
        let (mut sparse, mut dense, mut model) = (empty(), empty(), [0u8; REGISTERS]);
        make_dense(&mut dense).unwrap();
        for (register, rank) in raises {
            let lower = model[register] < rank;
            model[register] = model[register].max(rank);
            prop_assert_eq!(raise(&mut sparse, register, rank, max), Ok(lower));
            prop_assert_eq!(raise(&mut dense, register, rank, max), Ok(lower));
            prop_assert!(encoding(&sparse) == Some(Encoding::Dense) || sparse.len() <= max);
        }
        prop_assert!(registers(&sparse) == model && registers(&dense) == model);
        prop_assert_eq!(count(&sparse), count(&dense));
        prop_assert_eq!(count(&sparse), Ok(estimate(&model)));
        let was_sparse = encoding(&sparse) == Some(Encoding::Sparse);
        prop_assert_eq!(make_dense(&mut sparse), Ok(was_sparse));
        prop_assert!(sparse == dense);
    }

    #[test]
    fn any_bytes_do_no_harm(body in prop::collection::vec(any::<u8>(), 0..60), elements in prop::collection::vec(any::<u8>(), 1..20)) {
        let mut text = empty();
        text.truncate(HEADER_BYTES);
        text.extend(body);
        prop_assert_eq!(encoding(&text), Some(Encoding::Sparse));
        let sound = count(&text).is_ok();
        prop_assert_eq!(merge(&mut [0; REGISTERS], &text).is_ok(), sound);
        decode(&text);
        for e in elements {
            let _ = add(&mut text, &[e], 200);
        }
        prop_assert!(!sound || count(&text).is_ok());
    }
}
