//! A run: everything is prepared, looked at, counted, and measured in turns.

use std::time::Duration;

use crate::arguments::{MeasureArgs, PlaceArgs};
use crate::client::Client;
use crate::operation::Operation;
use crate::report::Report;
use crate::sample::Sample;
use crate::server::Server;
use crate::stage::Stage;
use crate::workload::{Cast, Request};
use crate::{Failure, count, load, process, progress, sessions};

/// Measures, and prints what was found.
pub fn run(measure: &MeasureArgs, place: &PlaceArgs) -> Result<(), Failure> {
    let stage = Stage::set(place)?;
    let sql = stage.sql()?;
    let cast = Cast::gather(&sql)?;
    let server = stage.serve()?;
    let mut client = Client::connect(server.address)?;
    let mut workload = Vec::new();
    for operation in &measure.operations {
        workload.push((*operation, cast.requests(*operation, &mut client)?));
    }
    let told: Vec<_> = workload.iter().map(|(operation, requests)| format!("{operation} {}", requests.len())).collect();
    progress!("requests that differ: {}", told.join(", "));

    let counts = count::run(&stage, &workload)?;
    let bench = Bench { postmaster: stage.cluster.postmaster, server: &server, measure };
    for (operation, requests) in &workload {
        bench.warm(*operation, requests)?;
    }
    let mut samples = Vec::new();
    for (operation, _) in &workload {
        samples.extend(measure.clients.iter().map(|clients| (*operation, *clients, Vec::new())));
    }
    for round in 1..=measure.rounds {
        progress!("round {round} of {}", measure.rounds);
        sessions::renew(&sql)?;
        for (operation, clients, found) in &mut samples {
            let requests =
                workload.iter().find(|(name, _)| name == operation).map_or(&[][..], |(_, requests)| requests);
            found.push(bench.sample(requests, *clients)?);
        }
    }

    let about = vec![
        ("program", stage.program.version()?),
        ("PostgreSQL", sql.value("SHOW server_version")?),
        ("machine", process::machine()),
        ("date", sql.value("SELECT now()::date")?),
        ("data", format!("scale {}", place.scale)),
        ("measured", format!("medians of {} rounds of {} s", measure.rounds, measure.seconds)),
    ];
    let report = Report { about, counts, samples };
    report.print();
    if let Some(file) = &measure.json {
        report.write(file)?;
    }
    if report.wrong() > 0.0 {
        return Err("some answers differed from the first ones: these figures mean nothing".into());
    }
    Ok(())
}

/// What is measured on.
struct Bench<'a> {
    postmaster: i32,
    server: &'a Server,
    measure: &'a MeasureArgs,
}

impl Bench<'_> {
    /// Fills caches, and prepares the statements of every connection of the pool.
    fn warm(&self, operation: Operation, requests: &[Request]) -> Result<(), Failure> {
        let clients = self.measure.clients.iter().copied().max().unwrap_or(1);
        if self.measure.warm > 0 {
            progress!("warming up {operation}");
            load::run(self.server.address, requests, clients, Duration::from_secs(self.measure.warm))?;
        }
        Ok(())
    }

    /// One measurement.
    fn sample(&self, requests: &[Request], clients: u16) -> Result<Sample, Failure> {
        let (server, postgres) = (self.server.pid(), self.postmaster);
        let load_average = process::load_average();
        process::forget_peak(server)?;
        let before = (process::cpu_time(server)?, process::cpu_time(postgres)?);
        let outcome = load::run(self.server.address, requests, clients, Duration::from_secs(self.measure.seconds))?;
        let server_used = process::cpu_time(server)?.saturating_sub(before.0);
        let postgres_used = process::cpu_time(postgres)?.saturating_sub(before.1);
        Ok(Sample::new(&outcome, server_used, postgres_used, process::peak_memory(server)?, load_average))
    }
}
