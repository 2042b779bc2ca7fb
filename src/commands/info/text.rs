//! INFO's lines: `name:value`, sections apart by an empty line.

use std::fmt::{Display, Write};

/// The text of an INFO reply.
#[derive(Default)]
pub struct Text(String);

impl Text {
    /// Begins a section.
    pub fn section(&mut self, name: &str) {
        let gap = if self.0.is_empty() { "" } else { "\r\n" };
        self.line(format_args!("{gap}# {name}"));
    }

    /// A field.
    pub fn put(&mut self, name: &str, value: impl Display) {
        self.line(format_args!("{name}:{value}"));
    }

    /// Several fields.
    pub fn put_all<T: Display, const N: usize>(&mut self, fields: [(&str, T); N]) {
        fields.into_iter().for_each(|(name, value)| self.put(name, value));
    }

    /// A number of bytes, and the same for people.
    pub fn bytes(&mut self, name: &str, n: u64) {
        self.put(name, n);
        self.line(format_args!("{name}_human:{}", human(n)));
    }

    fn line(&mut self, text: std::fmt::Arguments) {
        write!(self.0, "{text}\r\n").expect("a string takes all");
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Bytes with a unit and two decimals: `1.50M`.
pub fn human(n: u64) -> String {
    let units = ["B", "K", "M", "G", "T", "P"];
    let unit = ((63 - (n | 1).leading_zeros()) as usize / 10).min(units.len() - 1);
    match unit {
        0 => format!("{n}B"),
        _ => format!("{:.2}{}", n as f64 / (1u64 << (10 * unit)) as f64, units[unit]),
    }
}

/// Microseconds as seconds with six decimals.
pub fn seconds(us: u64) -> String {
    format!("{}.{:06}", us / 1_000_000, us % 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_for_people() {
        let shown = [0, 1023, 1024, 1536, 1 << 20, 3 << 30, 1 << 63].map(human);
        assert_eq!(shown, ["0B", "1023B", "1.00K", "1.50K", "1.00M", "3.00G", "8192.00P"]);
        assert_eq!(seconds(1_000_042), "1.000042");
    }

    #[test]
    fn sections_are_apart() {
        let mut t = Text::default();
        t.section("A");
        t.put("x", 1);
        t.section("B");
        t.bytes("y", 2048);
        assert_eq!(t.as_bytes(), b"# A\r\nx:1\r\n\r\n# B\r\ny:2048\r\ny_human:2.00K\r\n");
    }
}
