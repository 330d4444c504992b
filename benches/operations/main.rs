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
mod plans;
mod process;
mod program;
mod report;
mod request;
mod sample;
mod server;
mod sessions;
mod sql;
mod stage;
mod wire;
mod workload;

use std::error::Error;
use std::process::ExitCode;

use arguments::{Arguments, Command};

/// Why a run ended early: a line for whoever started it.
type Failure = Box<dyn Error + Send + Sync>;

/// Tells how far things are, where it does not disturb the table.
macro_rules! progress {
    ($($text:tt)*) => { eprintln!("bench: {}", format_args!($($text)*)) };
}
use progress;

fn main() -> ExitCode {
    interrupt::listen();
    let Arguments { command, measure, place } = Arguments::read();
    let outcome = match command {
        Some(Command::Plans(args)) => plans::run(&args),
        None => measure::run(&measure, &place),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
