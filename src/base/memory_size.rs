//! Amounts of memory as the configuration writes them: `100mb`, `1k`, `1024`.
//!
//! Units are powers of 1000 without the `b` (`k m g`) and of 1024 with it (`kb mb gb`),
//! in any case; a bare number or a final `b` counts bytes.

/// Bytes that `text` stands for; `None` for a sign, an unknown unit or an overflow. As
/// with Valkey, an empty number is zero.
pub fn parse(text: &[u8]) -> Option<u64> {
    let split = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(split);
    let unit_bytes: u64 = match unit.to_ascii_lowercase().as_slice() {
        b"" | b"b" => 1,
        b"k" => 1000,
        b"kb" => 1 << 10,
        b"m" => 1_000_000,
        b"mb" => 1 << 20,
        b"g" => 1_000_000_000,
        b"gb" => 1 << 30,
        _ => return None,
    };
    let mut number = 0u64;
    for &digit in digits {
        number = number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
    }
    number.checked_mul(unit_bytes)
}

/// The shortest exact form of `bytes` in binary units: `100mb`, or plain digits.
pub fn text(bytes: u64) -> String {
    match bytes {
        0 => "0".to_owned(),
        n if n % (1 << 30) == 0 => format!("{}gb", n >> 30),
        n if n % (1 << 20) == 0 => format!("{}mb", n >> 20),
        n if n % (1 << 10) == 0 => format!("{}kb", n >> 10),
        n => n.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn units() {
        let cases: [(&[u8], u64); 12] = [
            (b"0", 0),
            (b"007", 7),
            (b"12b", 12),
            (b"1k", 1000),
            (b"1kb", 1024),
            (b"1K", 1000),
            (b"3m", 3_000_000),
            (b"3Mb", 3 << 20),
            (b"2g", 2_000_000_000),
            (b"2GB", 2 << 30),
            (b"", 0),
            (b"18446744073709551615", u64::MAX),
        ];
        for (text, bytes) in cases {
            assert_eq!(parse(text), Some(bytes), "{text:?}");
        }
        for bad in ["-1", "1tb", "1 kb", "1kbb", "1.5gb", " 1", "18446744073709551616", "17179869184gb"] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn text_reads_back(bytes: u64) {
            prop_assert_eq!(parse(text(bytes).as_bytes()), Some(bytes));
            let round = bytes >> 30 << 30;
            prop_assert_eq!(parse(text(round).as_bytes()), Some(round));
        }
    }
}
