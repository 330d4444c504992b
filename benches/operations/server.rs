//! The program, serving.

use std::io::{BufRead as _, BufReader, copy, sink};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::Failure;
use crate::program::Program;

/// How long it may take to stop; more than it gives requests in flight.
const STOP: Duration = Duration::from_secs(15);

/// A serving program. It stops when this is dropped.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Starts it over a database, in production mode. A line a request in the log is not measured.
    pub fn start(program: &Program, pool_url: &str) -> Result<Self, Failure> {
        let mut child = program
            .command(pool_url)
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--environment",
                "production",
                "--no-migrate",
                "--allow-demo",
                "--log",
                "error",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
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

    /// Whether it has ended, or could not be asked.
    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.has_ended() || kill(Pid::from_raw(self.pid()), Signal::SIGTERM).is_err() {
            return;
        }
        let began = Instant::now();
        while !self.has_ended() {
            if began.elapsed() > STOP {
                drop(self.child.kill());
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}
