//! What was promised, and what was seen.

use std::time::Duration;

use crate::cases::Case;

/// A table of what was measured, printed line by line as docs/RELIABILITY.md has it.
pub struct Table {
    case: String,
    kept: bool,
}

impl Table {
    /// Prints its head.
    pub fn start() -> Self {
        println!("| case | promise | bound | seen | |\n|---|---|---|---|---|");
        Self { case: String::new(), kept: true }
    }

    /// What follows belongs to this case.
    pub fn begin(&mut self, case: Case) {
        self.case = case.to_string();
    }

    /// Something takes at most so long.
    pub fn within(&mut self, promise: &str, bound: Duration, seen: Duration) {
        self.holds(promise, &text(bound), &text(seen), seen <= bound);
    }

    /// The memory is at most so many MiB.
    pub fn memory(&mut self, promise: &str, bound: f64, seen: f64) {
        self.holds(promise, &format!("{bound:.0} MiB"), &format!("{seen:.0} MiB"), seen <= bound);
    }

    /// Something is so, or is not.
    pub fn holds(&mut self, promise: &str, bound: &str, seen: &str, kept: bool) {
        self.kept &= kept;
        println!("| {} | {promise} | {bound} | {seen} | {} |", self.case, if kept { "ok" } else { "FAILED" });
    }

    /// Whether all of it is as promised.
    pub fn is_kept(&self) -> bool {
        self.kept
    }
}

/// A time for people.
pub fn text(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if time == Duration::MAX {
        return "never".into();
    }
    match time.as_millis() {
        0..100 => format!("{:.1} ms", seconds * 1000.0),
        100..10_000 => format!("{:.0} ms", seconds * 1000.0),
        _ => format!("{seconds:.1} s"),
    }
}
