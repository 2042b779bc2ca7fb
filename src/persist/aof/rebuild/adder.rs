//! Commands that add elements to a key, as many as fit at once.

use crate::{
    data::packed::Item,
    protocol::request::{write_argument, write_argument_count, write_request},
};

/// Most elements in one command.
const MAX_ELEMENTS: usize = 64;

/// Writes commands of one name about one key.
pub struct Adder<'a> {
    name: &'static str,
    key: &'a [u8],
    out: &'a mut Vec<u8>,
    /// The arguments of the command that is being made.
    args: Vec<u8>,
    count: usize,
    elements: usize,
}

impl<'a> Adder<'a> {
    pub fn new(name: &'static str, key: &'a [u8], out: &'a mut Vec<u8>) -> Adder<'a> {
        Adder { name, key, out, args: Vec::new(), count: 0, elements: 0 }
    }

    /// Adds an element, which is so many arguments.
    pub fn add(&mut self, element: &[Item]) {
        for item in element {
            item.with_text(|text| write_argument(&mut self.args, text));
        }
        self.count += element.len();
        self.elements += 1;
        if self.elements == MAX_ELEMENTS {
            self.flush();
        }
    }

    /// Writes another command among those of this name; it may come before elements that were
    /// added before.
    pub fn aside<'t>(&mut self, args: impl ExactSizeIterator<Item = &'t [u8]>) {
        write_request(self.out, args);
    }

    /// Length of what has been written, with what is about to be.
    pub fn len(&self) -> usize {
        self.out.len() + self.args.len()
    }

    /// Writes what is left.
    pub fn finish(mut self) {
        self.flush();
    }

    fn flush(&mut self) {
        if self.count == 0 {
            return;
        }
        write_argument_count(self.out, 2 + self.count);
        write_argument(self.out, self.name.as_bytes());
        write_argument(self.out, self.key);
        self.out.extend_from_slice(&self.args);
        self.args.clear();
        (self.count, self.elements) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_takes_sixty_four_elements() {
        let mut out = Vec::new();
        let mut adder = Adder::new("ZADD", b"k", &mut out);
        (0..65).for_each(|n| adder.add(&[Item::Int(n), Item::Str(b"m")]));
        adder.finish();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("*130\r\n$4\r\nZADD\r\n$1\r\nk\r\n$1\r\n0\r\n$1\r\nm\r\n"), "{text}");
        assert!(text.ends_with("*4\r\n$4\r\nZADD\r\n$1\r\nk\r\n$2\r\n64\r\n$1\r\nm\r\n"), "{text}");
        let mut out = Vec::new();
        Adder::new("SADD", b"k", &mut out).finish();
        assert!(out.is_empty());
    }
}
