//! The table, and the file of samples.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::Failure;
use crate::count::Counts;
use crate::operation::Operation;
use crate::sample::Sample;

/// What was found, and on what.
pub struct Report {
    /// What was measured and where: name and value, for the head of both.
    pub about: Vec<(&'static str, String)>,
    /// Of each operation.
    pub counts: BTreeMap<Operation, Counts>,
    /// Of each operation and number of clients, all rounds.
    pub samples: Vec<(Operation, u16, Vec<Sample>)>,
}

impl Report {
    /// A line for each operation and number of clients.
    pub fn print(&self) {
        for (name, value) in &self.about {
            println!("{name}: {value}");
        }
        println!();
        println!(
            "{:12} {:>3} {:>9} {:>9} {:>9} {:>6} {:>6} {:>8} {:>8} {:>8} {:>6}",
            "operation", "c", "server ms", "PG ms", "sum ms", "stmts", "trips", "p50 ms", "p99 ms", "req/s", "MiB"
        );
        for (operation, clients, samples) in &self.samples {
            let median = Sample::median(samples);
            let counts = self.counts.get(operation);
            let Counts { statements, round_trips } =
                counts.copied().unwrap_or(Counts { statements: f64::NAN, round_trips: f64::NAN });
            let Sample { server_ms, postgres_ms, p50_ms, p99_ms, rate, peak_mib, wrong, .. } = median;
            let sum_ms = server_ms + postgres_ms;
            let mark = if wrong > 0.0 { format!(" {wrong} WRONG") } else { String::new() };
            println!(
                "{operation:12} {clients:>3} {server_ms:>9.3} {postgres_ms:>9.3} {sum_ms:>9.3} {statements:>6.1} \
                 {round_trips:>6.1} {p50_ms:>8.2} {p99_ms:>8.2} {rate:>8.0} {peak_mib:>6.1}{mark}"
            );
        }
    }

    /// Every sample, for other programs.
    pub fn write(&self, file: &Path) -> Result<(), Failure> {
        let about: serde_json::Map<_, _> =
            self.about.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str()))).collect();
        let results = self.samples.iter().map(|(operation, clients, samples)| {
            let counts = self.counts.get(operation);
            json!({
                "operation": operation.name(),
                "clients": clients,
                "statements": counts.map(|counts| counts.statements),
                "round_trips": counts.map(|counts| counts.round_trips),
                "median": Sample::median(samples),
                "samples": samples,
            })
        });
        let report = json!({ "about": about, "results": results.collect::<Vec<_>>() });
        fs::write(file, format!("{report:#}\n")).map_err(|cause| format!("{}: {cause}", file.display()).into())
    }

    /// How many answers were not those of the first look.
    pub fn wrong(&self) -> f64 {
        self.samples.iter().flat_map(|(_, _, samples)| samples).map(|sample| sample.wrong).sum()
    }
}
