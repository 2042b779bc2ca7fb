//! Nodes as the listpacks that dumps and database files hold.
//!
//! In front are the counts of entries and of deleted ones and the number of the node's own
//! fields, the names end with a zero, and each entry ends with the number of its elements,
//! by which a reader finds its way backwards. Between a node and its listpack lies one pass
//! over the elements, either way. A listpack from outside may hold anything: one that is
//! let in has every element where a reader will look for it, counts that are right, and ids
//! in order.

use super::{
    Id,
    node::{self, Node, element_count},
    sorted::Keyed,
};
use crate::data::packed::{Item, LISTPACK_OVERHEAD, Packed};

type P = Packed<true>;

const HEADER_BYTES: usize = 6;
const END: u8 = 0xff;

/// A listpack that is no node of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Reads elements one by one.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn item(&mut self) -> Result<Item<'a>, Malformed> {
        if self.at >= self.bytes.len() {
            return Err(Malformed);
        }
        let item = P::get(self.bytes, self.at);
        self.at = P::next(self.bytes, self.at);
        Ok(item)
    }

    fn int(&mut self) -> Result<i64, Malformed> {
        self.item()?.as_int().ok_or(Malformed)
    }

    /// A count of elements, each of which takes two bytes at least.
    fn count(&mut self) -> Result<u32, Malformed> {
        let n = self.int()?;
        u32::try_from(n).ok().filter(|n| *n as usize <= self.bytes.len()).ok_or(Malformed)
    }
}

impl Node {
    /// Appends the node's listpack to `out`.
    pub fn write_listpack(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&[0; HEADER_BYTES]);
        let mut elements = Elements { out, count: 0 };
        for n in [self.live, self.deleted, self.fields] {
            elements.put(Item::Int(n.into()));
        }
        Packed::<false>::iter(&self.bytes[..self.body as usize]).for_each(|name| elements.put(name));
        elements.put(Item::Int(0));
        let mut at = self.body as usize;
        while at < self.bytes.len() {
            let e = self.entry(at);
            let end = self.after(&e);
            Packed::<false>::iter(&self.bytes[at..end]).for_each(|item| elements.put(item));
            elements.put(Item::Int(element_count(e.fields.len(), e.fields.are_shared()) as i64));
            at = end;
        }
        let count = u16::try_from(elements.count).unwrap_or(u16::MAX);
        out.push(END);
        let total = (out.len() - start) as u32;
        out[start..start + 4].copy_from_slice(&total.to_le_bytes());
        out[start + 4..start + HEADER_BYTES].copy_from_slice(&count.to_le_bytes());
    }

    /// The node with this id whose listpack is `bytes`.
    ///
    /// # Errors
    /// [`Malformed`] if it is none, or has no entry at all.
    pub fn from_listpack(first: Id, bytes: &[u8]) -> Result<Node, Malformed> {
        let total = bytes.first_chunk::<4>().map(|b| u32::from_le_bytes(*b) as usize);
        if total != Some(bytes.len()) || bytes.len() < LISTPACK_OVERHEAD || bytes.last() != Some(&END) {
            return Err(Malformed);
        }
        let inner = &bytes[HEADER_BYTES..bytes.len() - 1];
        let elements = P::validate(inner).map_err(|_| Malformed)?;
        let counted = u16::from_le_bytes([bytes[4], bytes[5]]);
        if counted != u16::MAX && usize::from(counted) != elements {
            return Err(Malformed);
        }
        let mut r = Reader { bytes: inner, at: 0 };
        let (live, deleted, fields) = (r.count()?, r.count()?, r.count()?);
        let names = (0..fields).map(|_| r.item()).collect::<Result<Vec<_>, _>>()?;
        let mut node = Node::new(first, names.into_iter());
        if r.int()? != 0 {
            return Err(Malformed);
        }
        while r.at < inner.len() {
            node.read_entry(&mut r)?;
        }
        node.seal();
        (node.entries() > 0 && (node.live, node.deleted) == (live, deleted)).then_some(node).ok_or(Malformed)
    }

    /// Takes over the next entry of a listpack.
    fn read_entry(&mut self, r: &mut Reader) -> Result<(), Malformed> {
        let flags = u8::try_from(r.int()?).ok().filter(|f| *f <= node::DELETED | node::SAME_FIELDS).ok_or(Malformed)?;
        let (ms, seq) = (r.int()?, r.int()?);
        let id = Id::new(self.first.ms.wrapping_add(ms as u64), self.first.seq.wrapping_add(seq as u64));
        let in_order = if self.entries() == 0 { id >= self.id() } else { id > self.last_id() };
        if !in_order {
            return Err(Malformed);
        }
        let same = flags & node::SAME_FIELDS != 0;
        let fields = if same { self.fields } else { r.count()? };
        let start = r.at;
        let items = if same { u64::from(fields) } else { 2 * u64::from(fields) };
        for _ in 0..items {
            r.item()?;
        }
        let values = P::iter(&r.bytes[start..r.at]);
        if r.int()? != element_count(fields as usize, same) as i64 {
            return Err(Malformed);
        }
        self.put_entry(flags, (ms, seq), fields as usize, values);
        Ok(())
    }
}

/// Writes elements with back lengths.
struct Elements<'a> {
    out: &'a mut Vec<u8>,
    count: usize,
}

impl Elements<'_> {
    fn put(&mut self, item: Item) {
        P::push_back(self.out, item);
        self.count += 1;
    }
}
