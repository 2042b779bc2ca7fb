//! Dates: a count of milliseconds as a day, a month and a year of the Gregorian calendar.
//!
//! Years are counted from March, so that the leap day is the last of its year and the
//! days before a month follow from one formula; 400 years are one period of the leap
//! rule.

/// A moment by the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    pub year: i64,
    /// From 1.
    pub month: u32,
    /// From 1.
    pub day: u32,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
    pub millisecond: u32,
}

const DAYS_PER_400_YEARS: i64 = 146_097;
/// Days from the first of March of the year 0 to 1970.
const DAYS_TO_1970: i64 = 719_468;

impl Date {
    /// The date of a moment in Unix milliseconds, at a place `offset_s` seconds ahead of UTC.
    pub fn at(unix_ms: u64, offset_s: i32) -> Date {
        let ms = unix_ms as i64 + i64::from(offset_s) * 1000;
        let (days, ms) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000) as u32);
        let days = days + DAYS_TO_1970;
        let (period, day) = (days.div_euclid(DAYS_PER_400_YEARS), days.rem_euclid(DAYS_PER_400_YEARS));
        // Leap days before this one: every 4 years, less every 100, and the period's last.
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let from_march = (5 * day + 2) / 153;
        let january = from_march >= 10;
        Date {
            year: period * 400 + year + i64::from(january),
            month: (if january { from_march - 9 } else { from_march + 3 }) as u32,
            day: (day - (153 * from_march + 2) / 5 + 1) as u32,
            hour: ms / 3_600_000,
            minute: ms / 60_000 % 60,
            second: ms / 1000 % 60,
            millisecond: ms % 1000,
        }
    }

    /// The month's English abbreviation.
    pub fn month_name(&self) -> &'static str {
        const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        NAMES[self.month as usize - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(unix_ms: u64, offset_s: i32) -> String {
        let d = Date::at(unix_ms, offset_s);
        let (day, time) = ((d.year, d.month_name(), d.day), (d.hour, d.minute, d.second));
        format!("{day:?} {time:?} {}", d.millisecond)
    }

    #[test]
    fn known_moments() {
        assert_eq!(text(0, 0), r#"(1970, "Jan", 1) (0, 0, 0) 0"#);
        assert_eq!(text(0, -3600), r#"(1969, "Dec", 31) (23, 0, 0) 0"#);
        assert_eq!(text(951_782_400_000, 0), r#"(2000, "Feb", 29) (0, 0, 0) 0"#);
        assert_eq!(text(1_709_251_199_999, 0), r#"(2024, "Feb", 29) (23, 59, 59) 999"#);
        assert_eq!(text(4_107_542_400_000, 0), r#"(2100, "Mar", 1) (0, 0, 0) 0"#);
        assert_eq!(text(1_730_289_600_123, 19_800), r#"(2024, "Oct", 30) (17, 30, 0) 123"#);
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let leap = |y: i64| y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
        let mut expected = (1970, 1, 1);
        for day in 0..366 * 450u64 {
            let date = Date::at(day * 86_400_000, 0);
            assert_eq!((date.year, date.month, date.day), expected);
            let (year, month, day) = expected;
            let length = match month {
                2 => 28 + u32::from(leap(year)),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            expected = match (month, day == length) {
                (12, true) => (year + 1, 1, 1),
                (_, true) => (year, month + 1, 1),
                _ => (year, month, day + 1),
            };
        }
    }
}
