//! What a request costs: the program as it is shipped, on seeded data, asked by clients on the same machine.
//! `script/bench --help` lists the options, docs/PERFORMANCE.md says how to read the table.

mod arguments;
mod client;
mod cluster;
mod count;
mod data;
mod interrupt;
mod load;
mod measure;
mod operation;
mod process;
mod program;
mod report;
mod sample;
mod server;
mod sessions;
mod sql;
mod wire;
mod workload;

use std::error::Error;
use std::process::ExitCode;

use arguments::Arguments;

/// Why a run ended early: a line for whoever started it.
type Failure = Box<dyn Error + Send + Sync>;

/// Tells how far things are, where it does not disturb the table.
macro_rules! progress {
    ($($text:tt)*) => { eprintln!("bench: {}", format_args!($($text)*)) };
}
use progress;

fn main() -> ExitCode {
    interrupt::listen();
    match measure::run(Arguments::read()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
