//! The program with a private PostgreSQL: the binary itself, killed and started again.

use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use crate::harness::program::{Dir, Program, command, lives, wait_until};

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
