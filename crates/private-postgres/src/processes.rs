//! The processes of a server that has died: each works on until it looks up from its work, and keeps the next server
//! from starting.

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{place::Place, poll::poll};

/// A process that is killed is gone as soon as the kernel has a moment.
const PATIENCE: Duration = Duration::from_secs(2);

/// How the processes of a directory's server are known.
#[derive(Clone, Debug)]
pub(super) struct Processes {
    data: PathBuf,
    uid: u32,
    /// How they call themselves, with the name of the cluster.
    title: String,
}

impl Processes {
    /// Those of the server in a place.
    pub(super) fn of(place: &Place) -> Self {
        let title = format!("postgres: {}: ", place.names().name());
        Self { data: place.data(), uid: place.account().uid(), title }
    }

    /// Ends all of them. Only to be called when their server is dead: nothing of what they do can last, so there is
    /// no gentler way.
    pub(super) fn end(&self) {
        let ended = || {
            let left = self.left();
            for pid in &left {
                tracing::debug!(pid, "ending a process of PostgreSQL that outlived its server");
                // One that is gone needs no signal. One that may not be signalled shows: it is still there.
                let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
            }
            Ok(left.is_empty().then_some(()))
        };
        if !matches!(poll(PATIENCE, ended), Ok(Some(()))) {
            tracing::warn!("processes of the last PostgreSQL in {} do not end", self.data.display());
        }
    }

    fn left(&self) -> Vec<i32> {
        if Path::new("/proc/self").exists() { self.seen_in_proc() } else { self.seen_by_ps() }
    }

    fn seen_in_proc(&self) -> Vec<i32> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        pids.filter(|pid| self.is_one(*pid)).collect()
    }

    /// They sit in the data directory. Root without `CAP_SYS_PTRACE` (any container's) may not see where; everyone
    /// may see what they call themselves, and that their parent is not a server any more.
    fn is_one(&self, pid: i32) -> bool {
        use std::os::unix::fs::MetadataExt as _;
        let proc = PathBuf::from(format!("/proc/{pid}"));
        let ours = proc.metadata().is_ok_and(|found| found.uid() == self.uid);
        let title = || fs::read(proc.join("cmdline")).unwrap_or_default();
        if !ours || !title().starts_with(b"postgres: ") {
            return false;
        }
        match fs::read_link(proc.join("cwd")) {
            Ok(dir) => dir == self.data,
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                title().starts_with(self.title.as_bytes()) && !parent_is_server(&proc)
            }
            Err(_) => false,
        }
    }

    /// Where there is no /proc, as on macOS: those that were left to the first process.
    fn seen_by_ps(&self) -> Vec<i32> {
        let Ok(output) = Command::new("/bin/ps").args(["-axww", "-o", "pid=,ppid=,uid=,command="]).output() else {
            return Vec::new();
        };
        let text = String::from_utf8_lossy(&output.stdout);
        let pid = |line: &str| {
            let (pid, rest) = line.trim_start().split_once(' ')?;
            let (parent, rest) = rest.trim_start().split_once(' ')?;
            let (uid, title) = rest.trim_start().split_once(' ')?;
            let ours = parent == "1" && uid.parse() == Ok(self.uid) && title.trim_start().starts_with(&self.title);
            if ours { pid.parse().ok() } else { None }
        };
        text.lines().filter_map(pid).collect()
    }
}

fn parent_is_server(proc: &Path) -> bool {
    let status = fs::read_to_string(proc.join("status")).unwrap_or_default();
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:")).map_or("", str::trim);
    fs::read_to_string(format!("/proc/{parent}/comm")).is_ok_and(|name| name.trim_end() == "postgres")
}
