//! How many instructions the parts without a database take, counted by valgrind's callgrind: the same number at every
//! run and on a busy machine, so that a slower part shows in the change that made it slower.
//!
//! `script/instructions` compares with the figures of instructions.txt, `script/instructions --update` rewrites them.
//! A new part is a line in one of the files of `cases/`.

mod cases;
mod counting;
mod figures;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

use figures::Figures;

/// Why a run ended early: a line for whoever started it.
type Failure = Box<dyn Error + Send + Sync>;

/// Counts the instructions of each part by callgrind, and compares them with benches/instructions.txt.
#[derive(Debug, Parser)]
#[command(name = "script/instructions", bin_name = "script/instructions")]
struct Arguments {
    /// Write what is counted to benches/instructions.txt instead of comparing
    #[arg(long)]
    update: bool,
    /// Run one part, without counting: what callgrind, or another profiler, looks at
    #[arg(long, value_name = "NAME", conflicts_with = "update")]
    case: Option<String>,
    /// How often it runs
    #[arg(long, value_name = "N", default_value_t = 1, requires = "case")]
    times: u32,
}

fn main() -> ExitCode {
    // Cargo adds a `--bench` that means nothing here.
    let arguments = Arguments::parse_from(std::env::args_os().filter(|argument| argument != "--bench"));
    let outcome = match &arguments.case {
        Some(name) => run(name, arguments.times),
        None => count(arguments.update),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("instructions: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(name: &str, times: u32) -> Result<(), Failure> {
    let case = cases::all().into_iter().find(|(known, _)| *known == name);
    let (_, prepare) = case.ok_or_else(|| format!("there is no part {name}"))?;
    let mut part = prepare()?;
    (0..times).for_each(|_| part());
    Ok(())
}

fn count(update: bool) -> Result<(), Failure> {
    if !counting::possible() {
        println!("instructions: not counted, since valgrind is not installed");
        return Ok(());
    }
    let found = Figures { compiler: counting::compiler()?, counts: counting::of_all()? };
    if update {
        found.write()?;
        print!("{found}");
        return Ok(());
    }
    let (text, same) = Figures::read()?.compare(&found)?;
    print!("{text}");
    if same {
        return Ok(());
    }
    Err("a part takes another number of instructions than benches/instructions.txt says. Meant? Then run \
         `script/instructions --update`, also for a part that got quicker: its next step back would not show."
        .into())
}
