//! The program: the binary itself, killed and started again.

use std::io::{BufRead as _, BufReader, Lines, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use skypanel::seed::PASSWORD;

use super::{Plain, cluster, unique};

/// A first start makes a cluster, which takes seconds, and a busy machine takes more of them.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running program, and where it answers.
pub struct Program {
    pub child: Child,
    pub address: String,
    /// Open for as long as the program may print.
    _lines: Option<Lines<BufReader<ChildStdout>>>,
}

/// The program, about to be started in a directory, where it has its data.
pub fn command(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_skypanel"));
    // Nothing of the machine's own configuration reaches the program, whatever it is called.
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_ours(name)) {
        command.env_remove(name);
    }
    command.env("SKYPANEL_LISTEN", "127.0.0.1:0").arg("--data-dir").arg(dir.join("data")).current_dir(dir);
    command
}

fn is_ours(name: &std::ffi::OsStr) -> bool {
    let name = name.to_string_lossy();
    (name.starts_with("SKYPANEL_") && name != "SKYPANEL_PG_BIN") || name == "DATABASE_URL"
}

/// The status of a path at an address, if an answer comes within two seconds.
pub fn get(address: &str, path: &str) -> Option<u16> {
    let head = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    status_of(&exchange(address, &head, Duration::from_secs(2)).ok()?)
}

fn exchange(address: &str, request: &str, patience: Duration) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(patience))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

impl Program {
    /// Starts it with its data in `data` and its log in `log`, and returns when it answers.
    pub fn start(dir: &Path) -> Self {
        Self::run(command(dir), dir)
    }

    /// Starts a command, whose log goes to `log`, and returns when it answers.
    pub fn run(mut command: Command, dir: &Path) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(dir.join("log")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line =
            lines.next().unwrap_or_else(|| panic!("{}", std::fs::read_to_string(dir.join("log")).unwrap())).unwrap();
        let address = line.strip_prefix("SkyPANEL answers on http://").unwrap().split('/').next().unwrap().to_owned();
        Self { child, address, _lines: Some(lines) }
    }

    /// Starts a command that cannot say where it listens, and returns when it answers there.
    pub fn run_mute(mut command: Command) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let child = command.arg("--listen").arg(&address).spawn().unwrap();
        let program = Self { child, address, _lines: None };
        let began = Instant::now();
        while program.get("/livez") != Some(200) {
            assert!(lives(program.pid()) && began.elapsed() < Duration::from_secs(20), "it never answers");
            std::thread::sleep(Duration::from_millis(20));
        }
        program
    }

    /// Sends a document; the answer's body.
    pub fn ask(&self, token: Option<&str>, document: &str) -> Value {
        let answer = self.send(token, document, PATIENCE).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap_or_else(|cause| panic!("{cause}: {answer}"))
    }

    /// The status of the answer to a document, if one comes in time.
    pub fn status(&self, token: Option<&str>, document: &str, patience: Duration) -> Option<u16> {
        status_of(&self.send(token, document, patience).ok()?)
    }

    /// The status of a path, if an answer comes within two seconds.
    pub fn get(&self, path: &str) -> Option<u16> {
        get(&self.address, path)
    }

    fn send(&self, token: Option<&str>, document: &str, patience: Duration) -> std::io::Result<String> {
        let body = json!({ "query": document }).to_string();
        let credential = token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
        let request = format!(
            "POST /graphql HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Accept: application/graphql-response+json\r\nConnection: close\r\n{credential}Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.exchange(&request, patience)
    }

    fn exchange(&self, request: &str, patience: Duration) -> std::io::Result<String> {
        exchange(&self.address, request, patience)
    }

    pub fn sign_in(&self) -> String {
        let answer = self.ask(
            None,
            &format!("mutation {{ login(input: {{ login: \"ada\", password: \"{PASSWORD}\" }}) {{ token }} }}"),
        );
        answer.pointer("/data/login/token").and_then(Value::as_str).unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid()), signal).unwrap();
    }

    /// Sends a signal and waits for the end.
    pub fn end(mut self, signal: Signal) -> ExitStatus {
        self.signal(signal);
        self.child.wait().unwrap()
    }

    /// How it ended, if it does so in time.
    pub fn ended_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        ended_within(&mut self.child, limit)
    }
}

/// How a process ended, if it does so in time.
pub fn ended_within(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let began = Instant::now();
    while began.elapsed() < limit {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    None
}

fn status_of(answer: &str) -> Option<u16> {
    answer.split(' ').nth(1)?.parse().ok()
}

impl Drop for Program {
    /// A test that fails leaves no server behind.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::SIGTERM);
            if self.ended_within(Duration::from_secs(5)).is_none() {
                drop(self.child.kill());
                drop(self.child.wait());
            }
        }
    }
}

/// A directory of its own that the database's account can reach.
pub struct Dir(pub PathBuf);

impl Dir {
    pub fn new() -> Self {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = std::env::temp_dir().join(format!("skypanel-run-{}", unique()));
        std::fs::create_dir(&dir).unwrap();
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(dir)
    }

    /// With a cluster in it that has the schema, which saves the seconds of a first start.
    pub fn with_cluster() -> Self {
        let dir = Self::new();
        dir.copy_cluster();
        dir
    }

    /// Puts a cluster that has the schema into `data`.
    pub fn copy_cluster(&self) {
        let template = block_on(cluster::template());
        let data = self.0.join("data");
        let copied = Command::new("cp").arg("-a").arg(template.join(".")).arg(&data).status().unwrap();
        assert!(copied.success());
        // A copy that is not on the disk yet would make the first recovery wait for it.
        assert!(Command::new("sync").arg("--file-system").arg(&data).status().unwrap().success());
    }

    /// The server's process, as its pid file names it.
    pub fn postmaster(&self) -> Option<i32> {
        let text = std::fs::read_to_string(self.0.join("data/data/postmaster.pid")).ok()?;
        text.lines().next()?.trim().parse().ok()
    }

    /// Every process of the server that lives, by where it sits, and what it calls itself.
    pub fn server_processes(&self) -> Vec<(i32, String)> {
        let data = self.0.join("data/data");
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let sits_here = |entry: &std::fs::DirEntry| {
            std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&data))
        };
        entries
            .filter(sits_here)
            .filter_map(|entry| {
                let title = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
                Some((entry.file_name().to_str()?.parse().ok()?, String::from_utf8_lossy(&title).into_owned()))
            })
            .collect()
    }

    /// The address of a role in the server's database.
    pub fn url(&self, role: &str) -> String {
        let socket = self.0.join("data/socket").display().to_string().replace('/', "%2F");
        format!("postgres://{role}@{socket}:5432/skypanel")
    }

    /// What the superuser is told by the server; the first column of all rows.
    pub fn sql(&self, sql: &str) -> Vec<String> {
        block_on(async { Plain::connect(&self.url("skypanel_super")).await.column(sql).await })
    }

    /// What the program has logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.0.join("log")).unwrap_or_default()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        for (pid, _) in self.server_processes() {
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
        }
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

pub fn lives(pid: i32) -> bool {
    kill(Pid::from_raw(pid), None).is_ok()
}

pub fn wait_until(what: &str, done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < PATIENCE, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
