//! What people see of the progress: a line in the log about once per second, or a bar where a
//! person looks at a terminal.

use crate::{base::time::Mono, session::loading};
use std::sync::Arc;

/// Writes text to a terminal as it is.
pub type Console = Arc<dyn Fn(&str) + Send + Sync>;

const LOG_EVERY_NS: u64 = 1_000_000_000;
const DRAW_EVERY_NS: u64 = 50_000_000;
const BAR_WIDTH: usize = 40;

/// See the module.
pub struct Progress {
    /// What is being loaded.
    name: String,
    console: Option<Console>,
    next_ns: u64,
    drawn: bool,
}

impl Progress {
    /// Begins to tell of the loading of `name`.
    pub fn new(name: &str, now: Mono, console: Option<Console>) -> Progress {
        let wait_ns = if console.is_some() { DRAW_EVERY_NS } else { LOG_EVERY_NS };
        Progress { name: name.into(), console, next_ns: now.0 + wait_ns, drawn: false }
    }

    /// Whether it is time to tell more.
    pub fn is_due(&self, now: Mono) -> bool {
        now.0 >= self.next_ns
    }

    /// Tells how far it has come, and how many keys that is.
    pub fn tell(&mut self, now: Mono, p: loading::Progress, keys: u64) {
        let Some(console) = &self.console else {
            self.next_ns = now.0 + LOG_EVERY_NS;
            let (done, all) = (p.loaded_bytes >> 20, p.total_bytes >> 20);
            tracing::info!("Loading {}: {:.1}% ({done} of {all} MB), {keys} keys", self.name, p.percent);
            return;
        };
        self.next_ns = now.0 + DRAW_EVERY_NS;
        self.drawn = true;
        console(&bar(&self.name, p.percent, keys));
    }

    /// Removes the bar.
    pub fn finish(&mut self) {
        if let Some(console) = self.console.as_ref().filter(|_| self.drawn) {
            console("\r\x1b[K");
        }
    }
}

fn bar(name: &str, percent: f64, keys: u64) -> String {
    let full = ((percent / 100.0 * BAR_WIDTH as f64) as usize).min(BAR_WIDTH);
    let (full, empty) = ("#".repeat(full), ".".repeat(BAR_WIDTH - full));
    format!("\r{name} [{full}{empty}] {percent:5.1}% {keys} keys\x1b[K")
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;

    #[test]
    fn a_bar_grows_and_goes() {
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = said.clone();
        let console: Console = Arc::new(move |text| heard.lock().push(text.to_owned()));
        let mut p = Progress::new("dump.rdb", Mono(0), Some(console));
        assert!(!p.is_due(Mono(DRAW_EVERY_NS - 1)) && p.is_due(Mono(DRAW_EVERY_NS)));
        let loading = loading::Loading::default();
        loading.file(200);
        loading.reached(50);
        p.tell(Mono(DRAW_EVERY_NS), loading.progress(crate::base::time::Wall(0)), 7);
        assert!(!p.is_due(Mono(DRAW_EVERY_NS)));
        p.finish();
        let bar = format!("\rdump.rdb [{}{}]  25.0% 7 keys\x1b[K", "#".repeat(10), ".".repeat(30));
        assert_eq!(*said.lock(), [bar.as_str(), "\r\x1b[K"]);
    }
}
