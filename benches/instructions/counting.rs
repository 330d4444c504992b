//! Callgrind, run on this very program.

use std::collections::BTreeMap;
use std::env::consts::ARCH;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use crate::Failure;
use crate::cases;

/// Each part runs this often and that often: in the difference the start of the program and of the part cancel out.
const FEW: u32 = 10;
const MANY: u32 = 110;

/// The instructions of one run of each part, by its name.
pub type Counts = BTreeMap<String, u64>;

/// Whether valgrind is there.
pub fn possible() -> bool {
    let asked = Command::new("valgrind").arg("--version").stdout(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// What the figures depend on, apart from the code: another compiler, other instructions.
pub fn compiler() -> Result<String, Failure> {
    let output = Command::new("rustc").arg("--version").output()?;
    Ok(format!("{ARCH}, {}", String::from_utf8(output.stdout)?.trim()))
}

/// Counts all of them, as many at once as there are processors: nothing is timed.
pub fn of_all() -> Result<Counts, Failure> {
    let program = std::env::current_exe()?;
    let waiting = Mutex::new(cases::all().into_iter());
    let next = || waiting.lock().ok()?.next();
    let work = || {
        let mut counts = Vec::new();
        while let Some((name, _)) = next() {
            counts.push((name.to_owned(), of_one(&program, name)?));
        }
        Ok(counts)
    };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let parts: Result<Vec<_>, Failure> = thread::scope(|scope| {
        let threads: Vec<_> = (0..processors).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err("a count panicked".into()))).collect()
    });
    Ok(parts?.into_iter().flatten().collect())
}

fn of_one(program: &Path, name: &str) -> Result<u64, Failure> {
    let (few, many) = (total(program, name, FEW)?, total(program, name, MANY)?);
    Ok(many.saturating_sub(few) / u64::from(MANY - FEW))
}

/// The instructions of a whole process.
fn total(program: &Path, name: &str, times: u32) -> Result<u64, Failure> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--case", name, "--times", &times.to_string()])
        .stdin(Stdio::null())
        .output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    let collected = told.lines().find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    collected.filter(|_| output.status.success()).ok_or_else(|| format!("callgrind fails on {name}:\n{told}").into())
}
