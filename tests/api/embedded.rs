//! The program with a private PostgreSQL: the binary itself, killed and started again.

use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use skypanel::seed::PASSWORD;

use crate::harness::unique;

/// A first start makes a cluster, which takes seconds, and a busy machine takes more of them.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running program, and where it answers.
struct Program {
    child: Child,
    address: String,
    /// Open for as long as the program may print.
    _lines: Lines<BufReader<ChildStdout>>,
}

fn command(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skypanel"));
    // Nothing of the machine's own configuration reaches the program, whatever it is called.
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_ours(name)) {
        command.env_remove(name);
    }
    command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(dir.join("data")).current_dir(dir);
    command
}

fn is_ours(name: &std::ffi::OsStr) -> bool {
    let name = name.to_string_lossy();
    (name.starts_with("SKYPANEL_") && name != "SKYPANEL_PG_BIN") || name == "DATABASE_URL"
}

impl Program {
    fn start(dir: &Path) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(dir.join("log")).unwrap();
        let mut child = command(dir).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line =
            lines.next().unwrap_or_else(|| panic!("{}", std::fs::read_to_string(dir.join("log")).unwrap())).unwrap();
        let address = line.strip_prefix("SkyPANEL answers on http://").unwrap().split('/').next().unwrap().to_owned();
        Self { child, address, _lines: lines }
    }

    /// Sends a document; the answer's body.
    fn ask(&self, token: Option<&str>, document: &str) -> Value {
        let body = json!({ "query": document }).to_string();
        let credential = token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "POST /graphql HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nConnection: close\r\n{credential}Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or_else(|cause| panic!("{cause}: {answer}"))
    }

    fn sign_in(&self) -> String {
        let answer = self.ask(
            None,
            &format!("mutation {{ login(input: {{ login: \"ada\", password: \"{PASSWORD}\" }}) {{ token }} }}"),
        );
        answer.pointer("/data/login/token").and_then(Value::as_str).unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    /// Sends a signal and waits for the end.
    fn end(mut self, signal: Signal) -> ExitStatus {
        self.signal(signal);
        self.child.wait().unwrap()
    }
}

impl Drop for Program {
    /// A test that fails leaves no server behind.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::SIGTERM);
            drop(self.child.wait());
        }
    }
}

/// A directory of its own that the database's account can reach.
struct Dir(PathBuf);

impl Dir {
    fn new() -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = std::env::temp_dir().join(format!("skypanel-run-{}", unique()));
        std::fs::create_dir(&dir).unwrap();
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(dir)
    }

    /// The server's process, as its pid file names it.
    fn postmaster(&self) -> Option<i32> {
        let text = std::fs::read_to_string(self.0.join("data/data/postmaster.pid")).ok()?;
        text.lines().next()?.trim().parse().ok()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn lives(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None).is_ok()
}

fn wait_until(what: &str, done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

const DATA: &str = "{ viewer { id lastLogin tickets(first: 100) { totalCount nodes { id updatedAt } } servers(first: 100) { nodes { id } } } }";

#[test]
fn a_killed_program_starts_again_with_the_same_data_and_stops_when_asked() {
    let dir = Dir::new();
    let first = Program::start(&dir.0);
    let token = first.sign_in();
    let before = first.ask(Some(&token), DATA);
    assert_eq!(before.pointer("/data/viewer/tickets/totalCount"), Some(&json!(6)), "{before}");
    let secrets = std::fs::read(dir.0.join("data/secrets")).unwrap();

    // Killed: nobody stops the server, so the next program has to.
    let orphan = dir.postmaster().unwrap();
    assert!(!first.end(Signal::SIGKILL).success());
    assert!(lives(orphan), "the test wants an orphan");
    let second = Program::start(&dir.0);
    assert_eq!(second.ask(Some(&token), DATA), before, "the session and the data are the same");
    let server = dir.postmaster().unwrap();
    assert_ne!(server, orphan);
    wait_until("the orphan ends", || !lives(orphan));

    // The server is killed as well, and its pid file names somebody else by now: this test.
    assert!(!second.end(Signal::SIGKILL).success());
    kill(Pid::from_raw(server), Signal::SIGKILL).unwrap();
    wait_until("the server ends", || !lives(server));
    let file = dir.0.join("data/data/postmaster.pid");
    let stale =
        std::fs::read_to_string(&file).unwrap().replacen(&server.to_string(), &std::process::id().to_string(), 1);
    std::fs::write(&file, stale).unwrap();
    let third = Program::start(&dir.0);
    assert_eq!(third.ask(Some(&token), DATA), before);
    assert_eq!(std::fs::read(dir.0.join("data/secrets")).unwrap(), secrets);

    let server = dir.postmaster().unwrap();
    assert_eq!(third.end(Signal::SIGTERM).code(), Some(0));
    assert!(!lives(server), "the server ends with the program");
    assert!(!file.exists());
}

#[test]
fn a_second_program_in_the_same_directory_is_refused_and_the_first_goes_on() {
    let dir = Dir::new();
    let first = Program::start(&dir.0);
    let holder = first.child.id();
    let server = dir.postmaster().unwrap();
    let second = command(&dir.0).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert_eq!(String::from_utf8(second.stdout).unwrap(), "");
    let told = String::from_utf8(second.stderr).unwrap();
    let last = told.lines().last().unwrap();
    assert!(last.starts_with("skypanel: ") && last.contains(&holder.to_string()), "{told}");
    assert_eq!(dir.postmaster(), Some(server));
    let token = first.sign_in();
    assert_eq!(
        first.ask(Some(&token), "{ viewer { username } }"),
        json!({ "data": { "viewer": { "username": "ada" } } })
    );

    // The other commands know the lock, too.
    let mut status = Command::new(env!("CARGO_BIN_EXE_skypanel"));
    let status = status.args(["migrate", "status", "--data-dir"]).arg(dir.0.join("data")).output().unwrap();
    assert_eq!(status.status.code(), Some(1));
    assert_eq!(first.end(Signal::SIGINT).code(), Some(0), "Ctrl-C stops as SIGTERM does");

    let mut status = Command::new(env!("CARGO_BIN_EXE_skypanel"));
    let status = status.args(["migrate", "status", "--data-dir"]).arg(dir.0.join("data")).output().unwrap();
    assert_eq!(status.status.code(), Some(0));
    let lines = String::from_utf8(status.stdout).unwrap();
    assert!(lines.lines().count() >= 8 && lines.lines().all(|line| line.starts_with("[x] ")), "{lines}");
}

#[test]
fn an_address_that_is_taken_is_told_before_a_database_is_made() {
    let dir = Dir::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_skypanel"));
    let refused = command.args(["--listen", &address, "--data-dir"]).arg(dir.0.join("data")).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains(&format!("Cannot listen on {address}")) && told.contains("--listen"), "{told}");
    assert!(!dir.0.join("data").exists());
}

/// Without its file nobody's password could be verified any more, and a new one would hide that.
#[test]
fn lost_secrets_beside_an_old_database_stop_the_start() {
    let dir = Dir::new();
    assert_eq!(Program::start(&dir.0).end(Signal::SIGTERM).code(), Some(0));
    let file = dir.0.join("data/secrets");
    let kept = dir.0.join("kept");
    std::fs::rename(&file, &kept).unwrap();
    let refused = command(&dir.0).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let told = String::from_utf8(refused.stderr).unwrap();
    let last = told.lines().last().unwrap();
    assert!(last.contains("data/secrets") && last.contains("backup"), "{told}");
    assert!(!file.exists(), "no other one was made");
    std::fs::rename(&kept, &file).unwrap();
    Program::start(&dir.0).sign_in();
}
