//! Bits of strings. Bit fields are not said here.

use super::{Done, Expect, Model, Outcome, strings::number};

pub const KNOWN: &[&str] = &["setbit", "getbit", "bitcount", "bitop"];

impl Model {
    pub(super) fn bitmaps(&mut self, name: &str, args: &[Vec<u8>]) -> Outcome {
        let key = &args[0];
        Ok(Done::Reply(match name {
            "setbit" => self.set_bit(key, &args[1], &args[2])?,
            "getbit" => {
                let at = self.bit_offset(&args[1])?;
                let text = self.text(key)?.unwrap_or_default();
                Expect::int(bit(&text, at).into())
            }
            "bitcount" => self.count_bits(key, &args[1..])?,
            "bitop" => self.combine_bits(args)?,
            _ => unreachable!("{name} is not among the known"),
        }))
    }

    fn bit_offset(&self, text: &[u8]) -> Result<usize, Expect> {
        let at = usize::try_from(number(text)?).ok().filter(|at| at / 8 < self.max_bytes);
        at.ok_or(Expect::error(""))
    }

    fn set_bit(&mut self, key: &[u8], at: &[u8], value: &[u8]) -> Result<Expect, Expect> {
        let at = self.bit_offset(at)?;
        let on = match value {
            b"0" => false,
            b"1" => true,
            _ => return Err(Expect::error("")),
        };
        let mut text = self.text(key)?.unwrap_or_default();
        let old = bit(&text, at);
        text.resize(text.len().max(at / 8 + 1), 0);
        text[at / 8] = text[at / 8] & !(0x80 >> (at % 8)) | if on { 0x80 >> (at % 8) } else { 0 };
        self.keep_text(key, text);
        Ok(Expect::int(old.into()))
    }

    /// `[start [end [BYTE|BIT]]]`.
    fn count_bits(&self, key: &[u8], args: &[Vec<u8>]) -> Result<Expect, Expect> {
        let by_bit = match args.get(2).map(|word| word.to_ascii_uppercase()).as_deref() {
            None | Some(b"BYTE") => false,
            Some(b"BIT") => true,
            Some(_) => return Err(Expect::error("")),
        };
        if args.len() > 3 {
            return Err(Expect::error(""));
        }
        let start = args.first().map_or(Ok(0), |n| number(n))?;
        let end = args.get(1).map_or(Ok(-1), |n| number(n))?;
        let text = self.text(key)?.unwrap_or_default();
        let units = if by_bit { text.len() as i64 * 8 } else { text.len() as i64 };
        if start < 0 && end < 0 && start > end {
            return Ok(Expect::int(0));
        }
        let place = |i: i64| if i < 0 { i.saturating_add(units).max(0) } else { i };
        let (start, end) = (place(start), place(end).min(units - 1));
        let width = if by_bit { 1 } else { 8 };
        let places = if start > end { 0..0 } else { (start * width) as usize..((end + 1) * width) as usize };
        Ok(Expect::count(places.filter(|at| bit(&text, *at)).count()))
    }

    /// `AND|OR|XOR|NOT key key ...`: those that are shorter end in zeros.
    fn combine_bits(&mut self, args: &[Vec<u8>]) -> Result<Expect, Expect> {
        let op = args[0].to_ascii_uppercase();
        let join: fn(u8, u8) -> u8 = match op.as_slice() {
            b"AND" => |a, b| a & b,
            b"OR" | b"NOT" => |a, b| a | b,
            b"XOR" => |a, b| a ^ b,
            _ => return Err(Expect::error("")),
        };
        let negates = op == b"NOT";
        if negates && args.len() != 3 {
            return Err(Expect::error(""));
        }
        let texts: Result<Vec<_>, Expect> =
            args[2..].iter().map(|key| Ok(self.text(key)?.unwrap_or_default())).collect();
        let texts = texts?;
        let len = texts.iter().map(Vec::len).max().unwrap_or(0);
        let byte = |at: usize| {
            let all = texts.iter().map(|text| text.get(at).copied().unwrap_or(0));
            let joined = all.reduce(join).expect("a key at least");
            if negates { !joined } else { joined }
        };
        let made: Vec<u8> = (0..len).map(byte).collect();
        self.remove(&args[1]);
        if len > 0 {
            self.keep_text(&args[1], made);
        }
        Ok(Expect::count(len))
    }
}

/// A bit; the first one is the highest of its byte. Behind the end they are 0.
fn bit(text: &[u8], at: usize) -> bool {
    text.get(at / 8).is_some_and(|byte| byte & (0x80 >> (at % 8)) != 0)
}
