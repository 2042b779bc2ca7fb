//! The table that is printed: a figure of ours, the same of the peer, and what it must be.

/// What a figure is judged by.
#[derive(Clone, Copy)]
pub enum Judged {
    /// Ours divided by the peer's; smaller is better.
    RatioDown,
    /// The same; larger is better.
    RatioUp,
    /// Ours alone, smaller is better.
    Ours,
}

/// One line of the table.
pub struct Row {
    pub figure: String,
    pub unit: &'static str,
    pub ours: f64,
    pub peer: f64,
    pub judged: Judged,
    pub must: f64,
    pub aim: f64,
}

impl Row {
    fn value(&self) -> f64 {
        match self.judged {
            Judged::Ours => self.ours,
            Judged::RatioDown | Judged::RatioUp => self.ours / self.peer,
        }
    }

    fn reaches(&self, bound: f64) -> bool {
        match self.judged {
            Judged::RatioUp => self.value() >= bound,
            Judged::RatioDown | Judged::Ours => self.value() <= bound,
        }
    }

    fn verdict(&self) -> &'static str {
        match (self.reaches(self.must), self.reaches(self.aim)) {
            (_, true) => "aim reached",
            (true, false) => "must reached",
            (false, false) => "MISSED",
        }
    }
}

/// A number in three or so digits.
fn short(x: f64) -> String {
    match x.abs() {
        x if x >= 100.0 => format!("{:.0}", x),
        x if x >= 10.0 => format!("{:.1}", x),
        _ => format!("{x:.2}"),
    }
}

pub fn print_head() {
    println!("| figure | unit | norn | redis-server | ratio | must | aim | verdict |");
    println!("|---|---|---|---|---|---|---|---|");
}

/// Prints a line as soon as it is measured.
pub fn print(row: &Row) {
    let numbers = [row.ours, row.peer, row.ours / row.peer, row.must, row.aim].map(short).join(" | ");
    println!("| {} | {} | {numbers} | {} |", row.figure, row.unit, row.verdict());
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
