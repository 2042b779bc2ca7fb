//! The block against a naive model: whatever is done to it, it holds what a plain struct
//! would hold, in an allocation of exactly its size class.

use super::{
    block::{Entry, Kind, TAG_EXPIRES, TAG_FIELDS_EXPIRE},
    object::{Large, Object},
};
use crate::data::{alloc::size_class, packed::ByteStore, table::Element};
use bytes::Bytes;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Payload(Vec<u8>),
    Splice { at: usize, remove: usize, insert: Vec<u8> },
    Expiry(Option<u64>),
    Clock(u32),
    Raw(bool),
    FieldsExpire(bool),
    Object(Vec<u8>),
    Rename(Vec<u8>),
    Copy(Vec<u8>),
}

fn text(max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![4 => prop::collection::vec(any::<u8>(), 0..24), 1 => prop::collection::vec(any::<u8>(), 0..max)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        text(700).prop_map(Step::Payload),
        (any::<usize>(), any::<usize>(), text(300)).prop_map(|(at, remove, insert)| Step::Splice {
            at,
            remove,
            insert
        }),
        prop::option::of(prop_oneof![0u64..1 << 48, any::<u64>()]).prop_map(Step::Expiry),
        (0u32..1 << 24).prop_map(Step::Clock),
        any::<bool>().prop_map(Step::Raw),
        any::<bool>().prop_map(Step::FieldsExpire),
        text(100).prop_map(Step::Object),
        text(400).prop_map(Step::Rename),
        text(400).prop_map(Step::Copy),
    ]
}

#[derive(Clone, Debug, Default)]
struct Model {
    key: Vec<u8>,
    payload: Vec<u8>,
    object: bool,
    expiry: Option<u64>,
    clock: u32,
    raw: bool,
    fields: bool,
}

impl Model {
    fn agrees(&self, e: &Entry) {
        assert_eq!(e.key(), self.key);
        assert_eq!((e.expiry_ms(), e.clock(), e.is_raw()), (self.expiry, self.clock, self.raw));
        let tag = if self.expiry.is_some() { TAG_EXPIRES } else { 0 } | if self.fields { TAG_FIELDS_EXPIRE } else { 0 };
        assert_eq!(e.tag(), tag);
        let text = match e.object() {
            Some(Object::Str(s)) => s.bytes().to_vec(),
            Some(_) => panic!("only strings were stored"),
            None => e.payload().to_vec(),
        };
        assert_eq!((text, e.object().is_some()), (self.payload.clone(), self.object));
        if !self.object {
            let wide = |n: usize| if n > 255 { 4 } else { 1 };
            let head = 5
                + wide(self.key.len())
                + wide(self.payload.len())
                + self.expiry.map_or(0, |at| if at < 1 << 48 { 6 } else { 8 });
            assert_eq!(e.heap_bytes(), size_class(head + self.key.len() + self.payload.len()));
        }
    }

    fn step(&mut self, mut e: Entry, step: Step) -> Entry {
        match step {
            Step::Payload(p) => {
                e.set_payload(Kind::StrInline, p.len()).copy_from_slice(&p);
                (self.payload, self.object, self.raw, self.fields) = (p, false, false, false);
            }
            Step::Splice { at, remove, insert } if !self.object => {
                let at = at % (self.payload.len() + 1);
                let remove = remove % (self.payload.len() - at + 1);
                e.splice(at, remove, insert.len()).copy_from_slice(&insert);
                self.payload.splice(at..at + remove, insert);
            }
            Step::Splice { .. } => {}
            Step::Expiry(at) => {
                e.set_expiry_ms(at);
                self.expiry = at;
            }
            Step::Clock(c) => {
                e.set_clock(c);
                self.clock = c;
            }
            Step::Raw(on) => {
                e.set_raw(on);
                self.raw = on;
            }
            Step::FieldsExpire(on) => {
                e.set_fields_expire(on);
                self.fields = on;
            }
            Step::Object(text) => {
                e.set_object(Object::Str(Large::new(Bytes::from(text.clone()), text.len())));
                (self.payload, self.object, self.raw, self.fields) = (text, true, false, false);
            }
            Step::Rename(key) => {
                e = e.renamed(&key);
                self.key = key;
            }
            Step::Copy(key) => {
                let copy = e.copy_as(&key);
                self.agrees(&e);
                e = copy;
                self.key = key;
            }
        }
        e
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 4 } else { 200 }))]

    #[test]
    fn block_agrees_with_a_plain_struct(key in text(400), steps in prop::collection::vec(step(), 0..20)) {
        let mut m = Model { key: key.clone(), ..Model::default() };
        let mut e = Entry::new(Kind::StrInline, &key, 0, None);
        m.agrees(&e);
        for s in steps {
            e = m.step(e, s);
            m.agrees(&e);
        }
    }
}

#[test]
fn small_keys_fit_their_classes() {
    let mut e = Entry::new(Kind::StrInline, &[b'k'; 16], 3, None);
    assert_eq!(e.heap_bytes(), 32);
    e.set_expiry_ms(Some(1_720_000_000_000));
    assert_eq!(e.heap_bytes(), 32, "an expiry fits beside a 16-byte key and a 3-byte value");
}

#[test]
fn a_key_lives_through_its_last_millisecond() {
    use crate::base::time::Wall;
    let e = Entry::new(Kind::StrInline, b"k", 0, Some(5));
    assert!(!e.is_due(Wall(5)) && e.is_due(Wall(6)));
}
