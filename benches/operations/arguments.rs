//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::operation::Operation;

/// Measures what a request costs: CPU time of the server and of PostgreSQL, statements, round trips, latency, memory.
///
/// Builds the program as it is shipped (`--profile dist`), starts a PostgreSQL of its own in target/bench, seeds it
/// once for each scale, starts the program on it, and stops both at the end. Nothing but loopback is used.
/// The table goes to stdout, progress to stderr.
#[derive(Debug, Parser)]
#[command(name = "script/bench", bin_name = "script/bench", args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub measure: MeasureArgs,
    #[command(flatten)]
    pub place: PlaceArgs,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look at the plans of all lists and rows instead; fail when a table that grows is read from end to end
    ///
    /// The program is asked as an administrator and as a customer, on the data of the scale, and PostgreSQL logs the
    /// plans that it runs (`auto_explain`): the real statements, with row-level security. Small tables are rightly read
    /// whole, so the scale is at least 10.
    #[command(mut_arg("scale", |scale| scale.default_value("10")))]
    Plans(PlansArgs),
}

/// How the plans are looked at.
#[derive(Debug, Args)]
pub struct PlansArgs {
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Print every plan, not only the wrong ones
    #[arg(long)]
    pub show: bool,
}

/// What is measured, and for how long.
#[derive(Debug, Args)]
pub struct MeasureArgs {
    /// The operations, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', value_name = "NAMES", default_values_t = Operation::ALL)]
    pub operations: Vec<Operation>,
    /// How many clients ask at once; each number is measured for itself
    #[arg(long, value_delimiter = ',', value_name = "NUMBERS", default_value = "1,16",
          value_parser = clap::value_parser!(u16).range(1..=200))]
    pub clients: Vec<u16>,
    /// How long one measurement takes
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub seconds: u64,
    /// How often everything is measured, in turns; the table shows medians
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub rounds: u16,
    /// Seconds that each operation runs before it is measured
    #[arg(long, default_value_t = 2, value_name = "N")]
    pub warm: u64,
    /// Also writes every sample there
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// On what it is measured.
#[derive(Debug, Clone, Args)]
pub struct PlaceArgs {
    /// The size of the data: N thousand people and what is theirs
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub scale: u32,
    /// A program to measure instead of this tree's
    #[arg(long, env = "SKYPANEL", value_name = "FILE")]
    pub program: Option<PathBuf>,
    /// Where the private PostgreSQL lives, and stays for the next run
    #[arg(long, default_value = "target/bench", value_name = "DIR")]
    pub data_dir: PathBuf,
    /// The folder of PostgreSQL's server programs; looked for in PATH and the usual places
    #[arg(long, env = "SKYPANEL_PG_BIN", value_name = "DIR")]
    pub pg_bin: Option<PathBuf>,
    /// Looked through for PostgreSQL's programs
    #[arg(long, env = "PATH", hide = true)]
    pub search_path: Option<OsString>,
    /// Takes the socket when its own path is too long
    #[arg(long, env = "XDG_RUNTIME_DIR", hide = true)]
    pub runtime_dir: Option<PathBuf>,
    /// Builds the program
    #[arg(long, env = "CARGO", hide = true, default_value = "cargo")]
    pub cargo: PathBuf,
}

impl Arguments {
    /// Reads the command line. Cargo adds a `--bench` that means nothing here.
    pub fn read() -> Self {
        Self::parse_from(std::env::args_os().filter(|argument| argument != "--bench"))
    }
}
