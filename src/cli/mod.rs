//! The command line.

/// Prints a line of a command that does one thing and ends. A reader that is slow (a pager) is waited for, and one that
/// has gone away (`| head`) is no reason to stop.
macro_rules! say {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        drop(writeln!(std::io::stdout(), $($text)*));
    }};
}
use say;

mod database;
mod jobs;
mod logging;
mod mail;
mod migrate;
mod output;
mod prepare;
mod seed;
mod serve;
mod stop;

use clap::{Args, Parser, Subcommand};

pub use database::DatabaseArgs;
pub use jobs::JobsArgs;
pub use logging::LogFormat;
pub use mail::MailArgs;
pub use output::Output;
pub use serve::ServeArgs;

/// Why the program stops: a line for whoever started it.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The GraphQL back end of a panel for companies that sell virtual servers.
///
/// Without a subcommand it serves: it starts a private PostgreSQL in `.skypanel/` (or uses `DATABASE_URL`),
/// brings its schema up to date, and listens on 127.0.0.1:8080. Open `http://127.0.0.1:8080/graphiql` then.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Answer requests (the default)
    Serve(ServeArgs),
    /// Bring the schema of the database up to date, or look at it
    Migrate(MigrateArgs),
    /// Print the API's schema, as schema.graphql holds it
    Schema,
    /// Fill an empty database with data to look at or to measure with
    Seed(SeedArgs),
    /// Look at what runs on a clock, or run it now
    Jobs(JobsArgs),
    /// Print a page of the documentation that is made from the program
    Docs {
        #[command(subcommand)]
        page: Page,
    },
}

#[derive(Debug, Subcommand)]
enum Page {
    /// What may happen to an entity in which state, as docs/STATES.md holds it
    States,
}

/// What to do with the schema of the database.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    #[command(subcommand)]
    action: MigrateAction,
}

#[derive(Debug, Subcommand)]
enum MigrateAction {
    /// Run every step that the database lacks
    Run(DatabaseArgs),
    /// Take the latest step back; what it had added is lost
    Revert(DatabaseArgs),
    /// List the steps, and which of them the database has
    Status(DatabaseArgs),
    /// Make the folder of a new step under migrations/
    Create {
        /// What the step does, in lower-case words joined by underscores: `ticket_tags`
        name: String,
    },
    /// Print what an administrator of PostgreSQL has to run once, before the first `migrate run`
    Roles,
}

/// What to fill a database with.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct SeedWhat {
    /// Five people and a bit of everything; all sign in with the password `skypanel-demo-1`
    #[arg(long)]
    demo: bool,
    /// N × (1,000 people, 5,000 servers, 20,000 invoices, 30,000 transactions, 10,000 tickets, 80,000
    /// messages), the same ones every time; user1@example.com and on, with the demo password
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    scale: Option<u32>,
}

/// How to fill a database.
#[derive(Debug, Args)]
pub struct SeedArgs {
    #[command(flatten)]
    what: SeedWhat,
    #[command(flatten)]
    database: DatabaseArgs,
}

impl Cli {
    /// Does what was asked, and logs to `stderr`.
    ///
    /// # Errors
    /// With a line that says what happened, why, and what to do next.
    pub async fn run(self, stderr: &Output) -> Result<(), Failure> {
        match self.command.unwrap_or(Command::Serve(self.serve)) {
            Command::Serve(args) => serve::run(args, stderr).await,
            Command::Migrate(args) => migrate::run(args.action, stderr).await,
            Command::Schema => {
                say!("{}", crate::graphql::described_sdl().trim_end());
                Ok(())
            }
            Command::Seed(args) => seed::run(args, stderr).await,
            Command::Jobs(args) => jobs::run(args, stderr).await,
            Command::Docs { page: Page::States } => {
                say!("{}", crate::graphql::states().trim_end());
                Ok(())
            }
        }
    }
}
