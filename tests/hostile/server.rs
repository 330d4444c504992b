//! The program, serving.

use std::io::{BufRead as _, BufReader, copy, sink};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Failure;
use crate::program::Program;

/// It promises to have ended so long after it was told to.
pub const STOP: Duration = Duration::from_secs(15);

/// A serving program. It stops when this is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts it in production mode, with the private PostgreSQL that it starts itself, and returns when it answers.
    pub fn start(program: &Program) -> Result<Self, Failure> {
        let mut child = program
            .command()
            .args(["serve", "--listen", "127.0.0.1:0", "--environment", "production", "--allow-demo"])
            .args(["--log", "error", "--data-dir"])
            .arg(&program.data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Ctrl-C is for the harness, which then stops this in its order.
            .process_group(0)
            .spawn()?;
        let stdout = child.stdout.take();
        // From here on an early return stops it.
        let mut server = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let mut stdout = BufReader::new(stdout.ok_or("the program has no output")?);
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        let address = line.split_once("http://").and_then(|(_, rest)| rest.split_once('/'));
        let (address, _) = address.ok_or("the program did not start")?;
        server.address = address.parse()?;
        // Whatever else it says must not fill the pipe.
        thread::spawn(move || copy(&mut stdout, &mut sink()));
        Ok(server)
    }

    /// Its process.
    pub fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// Whether it still runs.
    pub fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) -> Result<(), Failure> {
        Ok(kill(Pid::from_raw(self.pid()), signal)?)
    }

    /// How it ended, and when that was, if it does so in time.
    pub async fn ended(&mut self) -> Result<(ExitStatus, Instant), Failure> {
        let began = Instant::now();
        while began.elapsed() < 2 * STOP {
            if let Some(status) = self.child.try_wait()? {
                return Ok((status, Instant::now()));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err("the program does not end".into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !self.lives() || self.signal(Signal::SIGTERM).is_err() {
            return;
        }
        let began = Instant::now();
        while self.lives() {
            if began.elapsed() > STOP {
                drop(self.child.kill());
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}
