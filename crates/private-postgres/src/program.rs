//! A program of PostgreSQL's, run to its end.

use std::{
    io::{Read, Write},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{
    Error, Shutdown,
    error::{self, tail},
    poll::poll,
};

/// How long a program has to clean up once it is told to end.
const GRACE: Duration = Duration::from_millis(500);

/// Runs a program for at most so long, and has its own words in the error.
pub(super) fn run(command: &mut Command, input: &str, limit: Duration, shutdown: &Shutdown) -> Result<(), Error> {
    let program = Path::new(command.get_program()).to_path_buf();
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(error::io("run", &program))?;
    // Taken, so that it is closed when written, which ends a program that reads it. A pipe holds all of it.
    let written = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(input.as_bytes()));
    let words = child.stderr.take().map(|mut stderr| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            drop(stderr.read_to_end(&mut bytes)); // what there is of it is told
            String::from_utf8_lossy(&bytes).into_owned()
        })
    });
    let status = match wait(&mut child, &program, limit, shutdown) {
        Ok(status) => status,
        // Its words are not waited for: a child of its own may hold the pipe.
        Err(error) => {
            end(&mut child);
            return Err(error);
        }
    };
    if !status.success() {
        let output = words.and_then(|words| words.join().ok()).unwrap_or_default();
        return Err(Error::Failed { program, output: tail(&output) });
    }
    written.map_err(error::io("write to", &program))
}

fn wait(child: &mut Child, program: &Path, limit: Duration, shutdown: &Shutdown) -> Result<ExitStatus, Error> {
    let ended = || child.try_wait().map_err(error::io("wait for", program));
    let overdue = || Error::Failed { program: program.into(), output: format!("no end after {limit:?}") };
    shutdown.poll_start(limit, ended)?.ok_or_else(overdue)
}

/// Best effort: whatever is wrong with it, the error that led here is the one to tell.
fn end(child: &mut Child) {
    let pid = Pid::from_raw(child.id().cast_signed());
    let asked = kill(pid, Signal::SIGTERM).is_ok();
    let ended = || Ok(child.try_wait().ok().flatten());
    if !asked || !matches!(poll(GRACE, ended), Ok(Some(_))) {
        drop(child.kill().and_then(|()| child.wait()));
    }
}
