//! One measurement, and the median of several.

use std::time::Duration;

use serde::Serialize;

use crate::load::Outcome;

/// What one measurement found.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Sample {
    /// Requests in a second.
    pub rate: f64,
    /// Half of the answers took no longer, in milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 answers took no longer, in milliseconds.
    pub p99_ms: f64,
    /// CPU milliseconds of the server for a request.
    pub server_ms: f64,
    /// CPU milliseconds of all of PostgreSQL for a request.
    pub postgres_ms: f64,
    /// The most memory that the server had, in MiB.
    pub peak_mib: f64,
    /// How busy the machine had been in the minute before.
    pub load_average: f64,
    /// Answers that were not those of the first look.
    pub wrong: f64,
}

impl Sample {
    /// Puts together what the clients saw and what the processes used meanwhile.
    pub fn new(outcome: &Outcome, server: Duration, postgres: Duration, peak_mib: f64, load_average: f64) -> Self {
        let requests = f64::from(u32::try_from(outcome.latencies.len()).unwrap_or(u32::MAX).max(1));
        let percentile = |hundredths: usize| {
            let at = outcome.latencies.len() * hundredths / 100;
            outcome.latencies.get(at).map_or(f64::NAN, |latency| milliseconds(*latency))
        };
        Self {
            rate: requests / outcome.elapsed.as_secs_f64(),
            p50_ms: percentile(50),
            p99_ms: percentile(99),
            server_ms: milliseconds(server) / requests,
            postgres_ms: milliseconds(postgres) / requests,
            peak_mib,
            load_average,
            wrong: f64::from(outcome.wrong),
        }
    }

    /// The median of each number; of wrong answers the sum, since a single one counts.
    pub fn median(samples: &[Self]) -> Self {
        let of = |number: fn(&Self) -> f64| median(samples.iter().map(number).collect());
        Self {
            rate: of(|sample| sample.rate),
            p50_ms: of(|sample| sample.p50_ms),
            p99_ms: of(|sample| sample.p99_ms),
            server_ms: of(|sample| sample.server_ms),
            postgres_ms: of(|sample| sample.postgres_ms),
            peak_mib: of(|sample| sample.peak_mib),
            load_average: of(|sample| sample.load_average),
            wrong: samples.iter().map(|sample| sample.wrong).sum(),
        }
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    let (low, high) = (numbers.len().saturating_sub(1) / 2, numbers.len() / 2);
    match (numbers.get(low), numbers.get(high)) {
        (Some(low), Some(high)) => f64::midpoint(*low, *high),
        _ => f64::NAN,
    }
}
