//! The private PostgreSQL dies, and is started again.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::harness::Plain;
use crate::harness::program::{Dir, Program, lives, wait_until};

const QUERY: &str = "{ viewer { username } }";
/// It recovers within three seconds; the machine of a test is busy with others.
const RECOVERY: Duration = Duration::from_secs(3);

fn answers(program: &Program, token: &str) -> bool {
    program.status(Some(token), QUERY, Duration::from_secs(5)) == Some(200)
}

fn blocking<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Opens a connection of the superuser; at a word, it writes until the server has ended. (On a full disk no new
/// connection is served.)
fn writer(dir: &Dir) -> (Sender<()>, JoinHandle<()>) {
    let url = dir.url("skypanel_super");
    let (ready, is_ready) = channel();
    let (begin, has_begun) = channel();
    let writing = std::thread::spawn(move || {
        blocking(async {
            let superuser = Arc::new(Plain::connect(&url).await);
            // Segments of the log that are kept to be used again would be room that nobody can fill.
            for sql in [
                "ALTER SYSTEM SET wal_recycle = off",
                "ALTER SYSTEM SET min_wal_size = '32MB'",
                "SELECT pg_reload_conf()",
                "SELECT pg_switch_wal(), pg_logical_emit_message(false, 'x', 'x')",
                "CHECKPOINT",
                "SELECT pg_switch_wal(), pg_logical_emit_message(false, 'x', 'x')",
                "CHECKPOINT",
            ] {
                superuser.rows(sql).await;
            }
            ready.send(()).unwrap();
            has_begun.recv().unwrap();
            for _ in 0..100 {
                for sql in
                    ["SELECT pg_switch_wal(), pg_logical_emit_message(false, 'x', repeat('x', 1000))", "CHECKPOINT"]
                {
                    let superuser = Arc::clone(&superuser);
                    // Refused or not, all of it is noise until the server ends.
                    drop(tokio::spawn(async move { superuser.rows(sql).await }).await);
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        });
    });
    is_ready.recv().unwrap();
    (begin, writing)
}

#[test]
fn a_killed_server_is_back_within_seconds_and_its_sessions_end_first() {
    let dir = Dir::with_cluster();
    let program = Program::start(&dir.0);
    let token = program.sign_in();
    // A statement that looks at nothing but its own work: its process does not notice that the server has died.
    let url = dir.url("skypanel_owner");
    let busy = std::thread::spawn(move || {
        let rows = blocking(async {
            Plain::connect(&url)
                .await
                .rows("SELECT count(*) FROM generate_series(1, 1e10::bigint) AS i, LATERAL (SELECT i % 7) AS x")
                .await
        });
        drop(rows);
    });
    let running =
        || dir.server_processes().iter().any(|(_, title)| title.contains("skypanel_owner") && title.contains("SELECT"));
    wait_until("the statement runs", running);

    for round in 0..2 {
        let before = dir.server_processes();
        let postmaster = dir.postmaster().unwrap();
        kill(Pid::from_raw(postmaster), Signal::SIGKILL).unwrap();
        let died = Instant::now();
        wait_until("it answers again", || {
            assert!(died.elapsed() < Duration::from_secs(20), "no answer, round {round}");
            // The processes of the dead one may answer for a moment more.
            dir.postmaster().is_some_and(|now| now != postmaster) && answers(&program, &token)
        });
        let took = died.elapsed();
        println!("round {round}: answers again after {took:?}");
        assert!(took < RECOVERY, "round {round}: {took:?}");
        // Whoever let go of the shared memory may still be on the way out.
        wait_until("nobody outlives the dead server", || {
            let after = dir.server_processes();
            before.iter().all(|process| !after.contains(process))
        });
    }
    assert!(busy.join().is_err(), "the statement was cut off");
    let log = dir.log();
    assert!(log.contains("PostgreSQL ended by itself (signal: 9 (SIGKILL))"), "{log}");
    assert!(log.contains("PostgreSQL runs again"), "{log}");

    assert_eq!(program.end(Signal::SIGTERM).code(), Some(0));
    assert!(dir.server_processes().is_empty());
}

#[test]
fn a_server_that_does_not_come_back_ends_the_program_with_an_error() {
    let dir = Dir::with_cluster();
    let mut program = Program::start(&dir.0);
    // Without this file no server starts.
    std::fs::remove_file(dir.0.join("data/data/global/pg_control")).unwrap();
    kill(Pid::from_raw(dir.postmaster().unwrap()), Signal::SIGKILL).unwrap();
    let died = Instant::now();
    let ended = program.ended_within(Duration::from_secs(25)).expect("it gives up");
    println!("gave up after {:?}", died.elapsed());
    assert_eq!(ended.code(), Some(1));
    let log = dir.log();
    let last = log.lines().last().unwrap();
    assert!(last.starts_with("skypanel: ") && last.contains("tries") && last.contains("pg_control"), "{log}");
    assert!(dir.server_processes().is_empty());
}

/// A file system of a few megabytes under a directory, gone with this.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this account may not mount.
    fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=128m,mode=0755", "none"]).arg(at);
        mount.status().is_ok_and(|status| status.success()).then(|| Self(at.into()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(&self.0).status());
    }
}

#[test]
fn a_server_on_a_full_disk_is_back_when_there_is_space_again() {
    let dir = Dir::new();
    let Some(_disk) = SmallDisk::mount(&dir.0.join("data")) else {
        println!("SKIPPED: a file system of its own cannot be mounted here, so a full disk is not tested");
        return;
    };
    dir.copy_cluster();
    let program = Program::start(&dir.0);
    let token = program.sign_in();

    let (begin, writing) = writer(&dir);
    let ballast = dir.0.join("data/ballast");
    let file = File::create(&ballast).unwrap();
    let stuff = || while (&file).write_all(&[1; 4096]).is_ok() {};
    stuff();
    // A new segment of the log has no room: PostgreSQL ends all sessions, cannot recover, and ends itself.
    let postmaster = dir.postmaster().unwrap();
    begin.send(()).unwrap();
    drop(writing.join());
    stuff();
    // It ends of it, or lets nobody in, or goes on reading, by what its recoveries found room for. The program says
    // what is so, and nothing else.
    let seen = program.status(Some(&token), QUERY, Duration::from_secs(5));
    println!("on a full disk: {seen:?}, PostgreSQL {}", if lives(postmaster) { "lives" } else { "ended" });
    assert!(matches!(seen, Some(200 | 503)), "{seen:?}");
    std::thread::sleep(Duration::from_secs(2));

    drop(file);
    std::fs::remove_file(&ballast).unwrap();
    let freed = Instant::now();
    wait_until("it answers again", || {
        assert!(freed.elapsed() < Duration::from_secs(20), "no answer: {}", dir.log());
        answers(&program, &token)
    });
    println!("answers again {:?} after there was space", freed.elapsed());
    assert!(freed.elapsed() < RECOVERY, "{:?}", freed.elapsed());
    // In PostgreSQL's words: why it ended, or why it let nobody in.
    let told = ["No space left on device", "could not write"].iter().any(|words| dir.log().contains(words));
    assert!(told || seen == Some(200), "{}", dir.log());
    assert_eq!(program.end(Signal::SIGTERM).code(), Some(0));
}
