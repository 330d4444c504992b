//! A real server. What a killed program leaves behind is tested with a program, in the tests of the one around.
#![expect(clippy::unwrap_used, reason = "a test that panics has told what is wrong")]

use std::fs::{Permissions, read_to_string, set_permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use private_postgres::{Error, Server, Settings};
use tempfile::TempDir;

/// A directory of a test's own that every account can reach, until it is dropped.
fn place() -> TempDir {
    let dir = tempfile::Builder::new().prefix("private-postgres-").tempdir().unwrap();
    set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
    dir
}

fn settings(dir: PathBuf) -> Settings {
    #[expect(clippy::disallowed_methods, reason = "where PostgreSQL's programs are, as in all tests of this house")]
    let (search_path, binaries) = (std::env::var_os("PATH"), std::env::var_os("SKYPANEL_PG_BIN").map(PathBuf::from));
    Settings { durable: false, search_path, binaries, ..Settings::new("acme", dir) }
}

/// Connects, and reads on until the server takes statements; what it says when it does not.
fn greet(socket: &Path, role: &str, database: &str) -> Result<(), String> {
    let mut stream = UnixStream::connect(socket.join(".s.PGSQL.5432")).map_err(|cause| cause.to_string())?;
    let words = format!("user\0{role}\0database\0{database}\0\0");
    let mut hello = u32::try_from(words.len() + 8).unwrap().to_be_bytes().to_vec();
    hello.extend(196_608_u32.to_be_bytes()); // the protocol's version, 3.0
    hello.extend(words.as_bytes());
    stream.write_all(&hello).unwrap();
    loop {
        let mut head = [0; 5];
        stream.read_exact(&mut head).unwrap();
        let [kind, length @ ..] = head;
        let mut body = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap() - 4];
        stream.read_exact(&mut body).unwrap();
        match kind {
            b'Z' => return Ok(()),
            b'E' => return Err(String::from_utf8_lossy(&body).into_owned()),
            _ => {}
        }
    }
}

/// The server's process, as its pid file names it.
fn postmaster(server: &Server) -> Pid {
    let text = read_to_string(server.dir().join("data/postmaster.pid")).unwrap();
    Pid::from_raw(text.lines().next().unwrap().trim().parse().unwrap())
}

#[test]
fn a_directory_has_one_server_whose_roles_bear_its_name() {
    let dir = place();
    let server = Server::start(&settings(dir.path().join("data"))).unwrap();
    assert!(server.is_new());
    let socket = server.dir().join("socket");
    for role in ["acme_super", "acme_owner", "acme_pool", "acme_monitor"] {
        greet(&socket, role, "acme").unwrap();
    }
    assert!(greet(&socket, "postgres", "postgres").is_err(), "no role but those");

    let refused = Server::start(&settings(dir.path().join("data"))).unwrap_err();
    let own = std::process::id().to_string();
    assert!(matches!(&refused, Error::InUse { pid, .. } if *pid == own), "{refused}");
    greet(&socket, "acme_pool", "acme").unwrap();

    let first = postmaster(&server);
    drop(server);
    assert!(kill(first, None).is_err(), "the server ends with its owner");
    let again = Server::start(&settings(dir.path().join("data"))).unwrap();
    assert!(!again.is_new());

    // Killed, and its number is another's by now: this test's, which has to survive that.
    let killed = postmaster(&again);
    kill(killed, Signal::SIGKILL).unwrap();
    drop(again);
    let file = dir.path().join("data/data/postmaster.pid");
    let stale = read_to_string(&file).unwrap().replacen(&killed.to_string(), &own, 1);
    std::fs::write(&file, stale).unwrap();
    let last = Server::start(&settings(dir.path().join("data"))).unwrap();
    greet(&socket, "acme_pool", "acme").unwrap();
    last.stop().unwrap();
    assert!(!file.exists());
}

#[test]
fn a_long_path_has_its_socket_in_the_runtime_directory() {
    let dir = place();
    let runtime = place();
    let long = dir.path().join("x".repeat(100));
    let server = Server::start(&Settings { runtime_dir: Some(runtime.path().into()), ..settings(long) }).unwrap();
    let socket = std::fs::read_dir(&runtime).unwrap().next().unwrap().unwrap().path();
    greet(&socket, "acme_pool", "acme").unwrap();
    assert!(!server.dir().join("socket").exists());
    assert!(server.pool_url().contains(socket.file_name().unwrap().to_str().unwrap()));
    server.stop().unwrap();
}

#[test]
fn data_stays_where_it_was_made_or_is_refused() {
    if !nix::unistd::geteuid().is_root() {
        println!("SKIPPED: only root's database runs as somebody else, who may be kept out");
        return;
    }
    let dir = place();
    let mode = |mode| set_permissions(dir.path(), Permissions::from_mode(mode)).unwrap();
    let wanted = settings(dir.path().join("data"));

    // A first start out of reach goes elsewhere, and stays there once there is a way in.
    mode(0o700);
    let refused = Server::start(&Settings { elsewhere: false, ..wanted.clone() }).unwrap_err();
    assert!(matches!(refused, Error::Unreachable { .. }), "{refused}");
    let first = Server::start(&wanted).unwrap();
    let elsewhere = first.dir().to_path_buf();
    assert!(first.is_new() && !elsewhere.starts_with(dir.path()));
    drop(first);
    mode(0o755);
    let again = Server::start(&wanted).unwrap();
    assert_eq!((again.dir(), again.is_new()), (elsewhere.as_path(), false));
    drop(again);
    std::fs::remove_dir_all(&elsewhere).unwrap();

    // A cluster that was made in its place is not replaced when it is out of reach.
    let there = Server::start(&wanted).unwrap();
    assert!(there.is_new() && there.dir().starts_with(dir.path()));
    drop(there);
    mode(0o700);
    let refused = Server::start(&wanted).unwrap_err();
    assert!(matches!(refused, Error::Unreachable { .. }), "{refused}");
    assert!(!elsewhere.exists());
}

#[test]
fn a_name_that_needs_quotes_is_refused_before_anything_is_made() {
    let dir = place();
    let wanted = dir.path().join("data");
    let refused = Server::start(&Settings { name: "o'dd".into(), ..settings(wanted.clone()) }).unwrap_err();
    assert!(matches!(refused, Error::BadName { .. }), "{refused}");
    assert!(!wanted.exists());
}
