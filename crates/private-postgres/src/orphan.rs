//! A server that a killed service left behind: stopped first, since it would end with no one. Taking it over
//! alive would leave a server whose end nobody notices.

use std::{
    fs::{self, Metadata},
    io::ErrorKind,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{Error, Shutdown, error, place::Place, processes::Processes};

const PATIENCE: Duration = Duration::from_mins(1);

/// What the process is that the pid file names.
#[derive(Debug, PartialEq, Eq)]
enum Process {
    /// The server of this directory.
    Server,
    /// Someone else, who got the number since.
    Stranger,
    /// No longer there.
    Gone,
}

/// Stops the server that still runs in the data directory, if any, and removes a pid file that would keep the
/// next one from starting. Only to be called under the lock: it tells an orphan from a server that has a service.
pub(super) fn take_over(place: &Place, shutdown: &Shutdown) -> Result<(), Error> {
    stop_server(place, shutdown)?;
    // Whatever became of the server, its processes may still be at work.
    Processes::of(place).end();
    Ok(())
}

fn stop_server(place: &Place, shutdown: &Shutdown) -> Result<(), Error> {
    let data = place.data();
    let file = data.join("postmaster.pid");
    let Some(text) = read(&file)? else { return Ok(()) };
    let pid = text.lines().next().and_then(|line| line.trim().parse().ok()).filter(|pid| *pid > 1);
    match pid.map(|pid| (pid, process(pid, &data, place.account().uid()))) {
        Some((pid, Process::Server)) => stop(pid, &file, shutdown),
        // The next server sees for itself that this one is gone, and asks the kernel whether any of its processes
        // lives on; without the file it could not.
        Some((_, Process::Gone)) => Ok(()),
        Some((_, Process::Stranger)) | None => {
            tracing::info!("removing {}, which names no server of this directory", file.display());
            fs::remove_file(&file).map_err(error::io("remove", &file))
        }
    }
}

fn stop(pid: i32, file: &Path, shutdown: &Shutdown) -> Result<(), Error> {
    tracing::info!("stopping the PostgreSQL that an earlier run left behind (process {pid})");
    let failed = |reason: String| Error::Orphan { pid, reason };
    match kill(Pid::from_raw(pid), Signal::SIGINT) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(errno) => return Err(failed(errno.desc().to_owned())),
    }
    let ended = || Ok((!file.exists() || is_gone(pid)).then_some(()));
    shutdown
        .poll_start(PATIENCE, ended)?
        .ok_or_else(|| failed(format!("it still runs after {} seconds", PATIENCE.as_secs())))
}

fn read(file: &Path) -> Result<Option<String>, Error> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error::io("read", file)(error)),
    }
}

fn is_gone(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH)
}

fn process(pid: i32, data: &Path, uid: u32) -> Process {
    if is_gone(pid) {
        return Process::Gone;
    }
    let ours = if Path::new("/proc/self").exists() { seen_in_proc(pid, data, uid) } else { seen_by_ps(pid, data) };
    if ours { Process::Server } else { Process::Stranger }
}

/// The server sits in its data directory. Root without `CAP_SYS_PTRACE` (any container's) may not see where,
/// but everyone may see the arguments, and this crate always names the directory there.
fn seen_in_proc(pid: i32, data: &Path, uid: u32) -> bool {
    let proc = PathBuf::from(format!("/proc/{pid}"));
    let right_user = proc.metadata().as_ref().map(Metadata::uid).is_ok_and(|owner| owner == uid);
    let right_name = fs::read_to_string(proc.join("comm")).is_ok_and(|name| name.trim_end() == "postgres");
    let right_dir = || fs::read_link(proc.join("cwd")).is_ok_and(|dir| Some(dir) == data.canonicalize().ok());
    let right_arguments = || {
        let arguments = fs::read(proc.join("cmdline")).unwrap_or_default();
        arguments.split(|byte| *byte == 0).any(|argument| argument == data.as_os_str().as_bytes())
    };
    right_user && right_name && (right_dir() || right_arguments())
}

/// Where there is no /proc, as on macOS.
fn seen_by_ps(pid: i32, data: &Path) -> bool {
    let Ok(output) = Command::new("/bin/ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output() else {
        return false;
    };
    let command = String::from_utf8_lossy(&output.stdout);
    command.contains("postgres") && command.contains(&*data.to_string_lossy())
}
