//! The program.

use std::process::ExitCode;

use clap::Parser;
use skypanel::cli::Cli;

/// Answers are built from many small values that live for a millisecond.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A second wall behind the document guard: deep documents need deep stacks.
const STACK: usize = 8 * 1024 * 1024;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build();
    let outcome = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(cli.run()));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("skypanel: {error}");
            ExitCode::FAILURE
        }
    }
}
