//! The program.

use std::process::ExitCode;

use clap::Parser;
use skypanel::cli::{Cli, Output};

/// Answers are built from many small values that live for a millisecond.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A second wall behind the document guard: deep documents need deep stacks.
const STACK: usize = 8 * 1024 * 1024;

fn main() -> ExitCode {
    let cli = Cli::parse();
    // Without so much as a descriptor there is nothing to be done, and no way to say so.
    let Ok(stderr) = Output::stderr() else { return ExitCode::FAILURE };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build();
    let outcome = runtime.map_err(Into::into).and_then(|runtime| {
        let outcome = runtime.block_on(cli.run(&stderr));
        // Whatever still runs on a thread (a migration that waits for a lock, say) is of no use to anybody now.
        runtime.shutdown_background();
        outcome
    });
    let code = match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            stderr.line(format_args!("skypanel: {error}"));
            ExitCode::FAILURE
        }
    };
    stderr.close();
    code
}
