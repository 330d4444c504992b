//! The command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum as _};

use crate::cases::Case;

/// Holds the program as it is shipped to its promises, while it is attacked, overloaded, killed, and robbed of its
/// database.
///
/// Starts it in a directory of its own with a private PostgreSQL and seeded data, and stops both at the end. Nothing but
/// loopback is used. The table goes to stdout, progress to stderr; the exit code is 1 if a promise was not kept. What is
/// measured depends on what else the machine does: look at a promise that is not kept a second time.
#[derive(Debug, Parser)]
#[command(name = "script/hostile", bin_name = "script/hostile")]
pub struct Arguments {
    /// The cases; all of them when none is named
    #[arg(value_enum, value_name = "CASE")]
    named: Vec<Case>,
    /// The program
    #[arg(long, env = "SKYPANEL", value_name = "FILE")]
    pub program: PathBuf,
}

impl Arguments {
    /// Reads the command line.
    pub fn read() -> Self {
        Self::parse()
    }

    /// The cases that are asked for.
    pub fn cases(&self) -> &[Case] {
        if self.named.is_empty() { Case::value_variants() } else { &self.named }
    }
}
