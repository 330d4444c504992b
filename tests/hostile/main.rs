//! The promises of docs/RELIABILITY.md that need the program as it is shipped, and minutes of load: somebody is greedy,
//! or something breaks, while honest people ask. `script/hostile --help` lists the options.
//!
//! Apart from the tests that CI runs: what is measured here depends on the machine and on what else runs there.

mod arguments;
mod bystander;
mod cases;
mod client;
mod database;
mod interrupt;
mod memory;
mod people;
mod program;
mod requests;
mod server;
mod stage;
mod table;

use std::error::Error;
use std::process::ExitCode;

use arguments::Arguments;
use interrupt::Interrupt;
use stage::Stage;
use table::Table;

/// Why a run ended early: a line for whoever started it.
type Failure = Box<dyn Error + Send + Sync>;

/// Tells how far things are, where it does not disturb the table.
macro_rules! progress {
    ($($text:tt)*) => { eprintln!("hostile: {}", format_args!($($text)*)) };
}
use progress;

fn main() -> ExitCode {
    match run(&Arguments::read()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("hostile: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all promises were kept.
fn run(arguments: &Arguments) -> Result<bool, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut interrupt = Interrupt::listen()?;
        tokio::select! {
            kept = measure(arguments) => kept,
            () = interrupt.asked() => Err("interrupted".into()),
        }
    })
}

async fn measure(arguments: &Arguments) -> Result<bool, Failure> {
    let stage = Stage::set(&arguments.program).await?;
    let mut table = Table::start();
    for case in arguments.cases() {
        progress!("{case}");
        table.begin(*case);
        case.run(&stage, &mut table).await?;
    }
    Ok(table.is_kept())
}
