//! LATENCY GRAPH: a bar for each sample, with its age below, read from top to bottom.

use crate::session::latency::{Sample, Series};

const COLUMNS: usize = 80;
const ROWS: usize = 4;
/// What a bar ends with when it fills a third, two thirds or all of its last row.
const TIPS: [u8; 3] = *b"_o#";

/// The graph of an event.
pub fn draw(event: &str, series: &Series, now_s: u64) -> String {
    let samples: Vec<Sample> = series.samples.iter().copied().collect();
    let low = samples.iter().map(|s| s.latency_ms).min().unwrap_or(0);
    let high = samples.iter().map(|s| s.latency_ms).max().unwrap_or(0);
    let mut text = format!(
        "{event} - high {high} ms, low {low} ms (all time high {} ms)\n{}\n",
        series.max_ms,
        "-".repeat(COLUMNS)
    );
    for (i, part) in samples.chunks(COLUMNS).enumerate() {
        if i > 0 {
            text.push('\n');
        }
        bars(part, low, high, &mut text);
        ages(part, now_s, &mut text);
    }
    text
}

fn bars(samples: &[Sample], low: u64, high: u64, text: &mut String) {
    let steps = (ROWS * TIPS.len()) as u64;
    for row in (0..ROWS).rev() {
        let below = (row * TIPS.len()) as u64;
        text.extend(samples.iter().map(|s| {
            let step = ((s.latency_ms - low) * steps / (high - low).max(1)).min(steps - 1);
            match step.checked_sub(below) {
                None => ' ',
                Some(tip) => TIPS.get(tip as usize).map_or('|', |c| char::from(*c)),
            }
        }));
        text.push('\n');
    }
}

/// How long ago each sample was, written downwards under its bar.
fn ages(samples: &[Sample], now_s: u64, text: &mut String) {
    let labels: Vec<String> = samples.iter().map(|s| age(now_s.saturating_sub(s.time_s))).collect();
    text.extend(std::iter::repeat_n(' ', samples.len()));
    text.push('\n');
    for i in 0..labels.iter().map(String::len).max().unwrap_or(0) {
        text.extend(labels.iter().map(|l| l.as_bytes().get(i).map_or(' ', |c| char::from(*c))));
        text.push('\n');
    }
}

fn age(s: u64) -> String {
    match s {
        0..60 => format!("{s}s"),
        60..3600 => format!("{}m", s / 60),
        3600..86_400 => format!("{}h", s / 3600),
        _ => format!("{}d", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_rise_with_latency() {
        let mut series = Series { max_ms: 900, ..Series::default() };
        for (time_s, latency_ms) in [(100, 10), (130, 40), (160, 120)] {
            series.samples.push_back(Sample { time_s, latency_ms });
        }
        let text = draw("command", &series, 165);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "command - high 120 ms, low 10 ms (all time high 900 ms)");
        assert_eq!(lines[1].len(), COLUMNS);
        assert_eq!(lines[2..], ["  #", "  |", " _|", "_||", "   ", "135", "m5s", " s "]);
    }
}
