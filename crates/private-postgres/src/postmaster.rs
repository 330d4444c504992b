//! The server's first process, from its start to its end.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    os::unix::{fs::OpenOptionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
    time::Duration,
};

use nix::{
    fcntl::OFlag,
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::{
    Error, Shutdown,
    binaries::Binaries,
    configuration,
    error::{self, tail},
    place::Place,
    poll::poll,
    processes::Processes,
    socket::{PORT, Socket},
};

/// A start takes a tenth of a second, unless it follows a crash.
const START: Duration = Duration::from_secs(5);
const RECOVERY: Duration = Duration::from_mins(10);
const STOP: Duration = Duration::from_secs(30);
/// How long a server that is to stop at once gets for it, in which it can end its own processes.
const QUIT: Duration = Duration::from_millis(500);
/// Larger than this, a log makes way for a new one; one old log is kept.
const LARGEST_LOG: u64 = 16 << 20;

/// A server that was started here, and ends here.
#[derive(Debug)]
pub(super) struct Postmaster {
    child: Child,
    data: PathBuf,
    log: PathBuf,
    processes: Processes,
    shutdown: Shutdown,
}

impl Postmaster {
    /// Starts the server, and returns when it takes connections.
    pub(super) fn start(
        place: &Place,
        binaries: &Binaries,
        socket: &Socket,
        shutdown: &Shutdown,
    ) -> Result<Self, Error> {
        let (data, log) = (place.data(), place.log());
        let (output, begin) = open_log(&log).map_err(error::io("open", &log))?;
        let errors = output.try_clone().map_err(error::io("open", &log))?;
        let mut command = command(place, binaries, socket);
        let program = binaries.program("postgres");
        let child = command.stdout(output).stderr(errors).spawn().map_err(error::io("run", &program))?;
        let (processes, shutdown) = (Processes::of(place), shutdown.clone());
        let mut postmaster = Self { child, data, log, processes, shutdown };
        postmaster.wait_until_ready(begin)?;
        tracing::info!(
            "PostgreSQL {} runs as {} in {}",
            binaries.major(),
            place.account().database(),
            place.base().display()
        );
        Ok(postmaster)
    }

    /// Fast: sessions are cut, a checkpoint is written. When that takes too long: at once. Nothing of it is left.
    pub(super) fn stop(&mut self) -> Result<(), Error> {
        if let Some(status) = self.ended()? {
            tracing::warn!("PostgreSQL had ended on its own ({status}); see {}", self.log.display());
            self.processes.end();
            return Ok(());
        }
        self.signal(Signal::SIGINT)?;
        let shutdown = self.shutdown.clone();
        if shutdown.poll_stop(STOP, || self.ended())?.is_some() {
            return Ok(());
        }
        tracing::warn!("PostgreSQL did not stop in time: it is ended at once, and recovers at its next start");
        self.signal(Signal::SIGQUIT)?;
        if poll(QUIT, || self.ended())?.is_some() {
            return Ok(());
        }
        self.kill()
    }

    /// For a server that hangs, or whose sessions do. They are on their own then.
    fn kill(&mut self) -> Result<(), Error> {
        self.signal(Signal::SIGKILL)?;
        self.child.wait().map_err(error::io("wait for the server of", &self.data))?;
        self.processes.end();
        Ok(())
    }

    /// Polls for as long as a start may take, a recovery being part of it.
    fn wait_until_ready(&mut self, log_begin: u64) -> Result<(), Error> {
        let shutdown = self.shutdown.clone();
        if shutdown.poll_start(START, || self.ready(log_begin))?.is_some() {
            return Ok(());
        }
        tracing::info!("PostgreSQL is still starting; after a crash it recovers first, which may take minutes");
        let seconds = RECOVERY.as_secs();
        let ready = shutdown.poll_start(RECOVERY, || self.ready(log_begin))?;
        ready.ok_or_else(|| Error::NotReady { seconds, log: self.log.clone() })
    }

    /// The pid file's eighth line says so. Its first tells it from the file of a server that was killed.
    fn ready(&mut self, log_begin: u64) -> Result<Option<()>, Error> {
        if let Some(status) = self.ended()? {
            let tail = tail(&read_from(&self.log, log_begin).unwrap_or_default());
            return Err(Error::Ended { status, log: self.log.clone(), tail });
        }
        let text = fs::read_to_string(self.data.join("postmaster.pid")).unwrap_or_default();
        let mut lines = text.lines().map(str::trim);
        let mine = lines.next() == Some(self.child.id().to_string().as_str());
        Ok((mine && lines.nth(6) == Some("ready")).then_some(()))
    }

    /// How it ended, if it did.
    pub(super) fn ended(&mut self) -> Result<Option<ExitStatus>, Error> {
        self.child.try_wait().map_err(error::io("wait for the server of", &self.data))
    }

    fn signal(&self, signal: Signal) -> Result<(), Error> {
        kill(Pid::from_raw(self.child.id().cast_signed()), signal)
            .map_err(|errno| error::io("signal the server of", &self.data)(errno.into()))
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        if matches!(self.ended(), Ok(Some(_))) {
            return;
        }
        if let Err(error) = self.stop() {
            tracing::warn!("{error}");
        }
    }
}

fn command(place: &Place, binaries: &Binaries, socket: &Socket) -> Command {
    let data = place.data();
    let mut command = place.account().command(&binaries.program("postgres"), &data);
    command.arg("-D").arg(&data).args(["-p", PORT]);
    for (name, path) in [
        ("config_file=", configuration::main_file(place)),
        ("hba_file=", configuration::access_file(place)),
        ("ident_file=", configuration::map_file(place)),
    ] {
        let mut setting = OsString::from(name);
        setting.push(path);
        command.arg("-c").arg(setting);
    }
    // On the command line, where no ALTER SYSTEM can shut the service out, nor open a door.
    command.args(["-c", "listen_addresses=", "-c", "unix_socket_permissions=0700", "-c"]).arg(socket.setting());
    // A group of its own: a terminal's Ctrl-C must reach the service alone, which finishes its work first.
    command.process_group(0);
    command
}

/// The log, and where in it this start begins.
fn open_log(path: &Path) -> io::Result<(File, u64)> {
    if path.metadata().is_ok_and(|log| log.len() > LARGEST_LOG) {
        fs::rename(path, path.with_extension("log.old"))?;
    }
    let flags = OFlag::O_NOFOLLOW.bits();
    let log = OpenOptions::new().create(true).append(true).mode(0o600).custom_flags(flags).open(path)?;
    let begin = log.metadata()?.len();
    Ok((log, begin))
}

fn read_from(path: &Path, begin: u64) -> io::Result<String> {
    let mut log = File::open(path)?;
    log.seek(SeekFrom::Start(begin))?;
    let mut bytes = Vec::new();
    log.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
