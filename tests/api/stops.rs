//! The program is told to end, and does, whatever it waits for.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel_async::SimpleAsyncConnection as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use skypanel::db::migrate;

use crate::harness::program::{Dir, Program, command, ended_within, wait_until};
use crate::harness::{Start, cluster};

/// What a stop may take in all, whatever hangs.
const ALL: Duration = Duration::from_secs(15);
const AT_ONCE: Duration = Duration::from_secs(2);

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), signal).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wait_for_another_instances_migrations_ends_with_a_signal() {
    let database = cluster::database(Start::Empty).await;
    let mut other = migrate::connect(&database.owner_url).await.unwrap();
    other.batch_execute("SELECT pg_advisory_lock(hashtext('skypanel migrations'))").await.unwrap();
    let dir = Dir::new();
    let mut command = command(&dir.0);
    command.env("DATABASE_URL", &database.pool_url).env("SKYPANEL_OWNER_URL", &database.owner_url);
    command.env("SKYPANEL_PEPPERS", "test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    assert!(child.try_wait().unwrap().is_none(), "it waits");
    signal(&child, Signal::SIGTERM);
    let began = Instant::now();
    let ended = ended_within(&mut child, Duration::from_secs(20));
    if ended.is_none() {
        child.kill().unwrap();
    }
    println!("ended after {:?}", began.elapsed());
    assert_eq!(ended.expect("it ends").code(), Some(0));
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
}

/// The uses of sessions are written every minute, and at the end.
#[test]
fn the_last_uses_of_sessions_are_written_at_the_end() {
    let dir = Dir::with_cluster();
    let program = Program::start(&dir.0);
    let token = program.sign_in();
    program.ask(Some(&token), "{ viewer { id } }");
    let idle = "SELECT bool_and(last_activity = created_at) FROM sessions";
    assert_eq!(dir.sql(idle), ["t"], "not written yet");
    assert_eq!(program.end(Signal::SIGTERM).code(), Some(0));
    let _again = Program::start(&dir.0);
    assert_eq!(dir.sql(idle), ["f"]);
}

#[test]
fn a_session_that_hangs_does_not_keep_the_program() {
    let dir = Dir::with_cluster();
    let mut program = Program::start(&dir.0);
    program.sign_in();
    let processes = dir.server_processes();
    let (session, _) = processes.iter().find(|(_, title)| title.contains("skypanel_pool")).unwrap();
    kill(Pid::from_raw(*session), Signal::SIGSTOP).unwrap();
    program.signal(Signal::SIGTERM);
    let began = Instant::now();
    let ended = program.ended_within(Duration::from_secs(40)).expect("it ends");
    println!("ended after {:?}", began.elapsed());
    assert_eq!(ended.code(), Some(0));
    assert!(began.elapsed() < ALL, "{:?}", began.elapsed());
    assert_eq!(dir.server_processes(), []);
}

#[test]
fn a_server_that_hangs_does_not_keep_the_program() {
    end_over_a_hanging_server(false, ALL);
}

#[test]
fn a_second_signal_ends_it_at_once() {
    end_over_a_hanging_server(true, AT_ONCE);
}

fn end_over_a_hanging_server(second: bool, limit: Duration) {
    let dir = Dir::with_cluster();
    let mut program = Program::start(&dir.0);
    let token = program.sign_in();
    for (pid, _) in dir.server_processes() {
        kill(Pid::from_raw(pid), Signal::SIGSTOP).unwrap();
    }
    // A request in flight waits for its statement.
    std::thread::scope(|threads| {
        threads.spawn(|| program.status(Some(&token), "{ viewer { username } }", Duration::from_secs(20)));
        std::thread::sleep(Duration::from_millis(300));
        program.signal(Signal::SIGTERM);
        if second {
            std::thread::sleep(Duration::from_millis(500));
            program.signal(Signal::SIGTERM);
        }
        let began = Instant::now();
        let pid = Pid::from_raw(i32::try_from(program.child.id()).unwrap());
        // A zombie has ended, too.
        let stat = format!("/proc/{pid}/stat");
        let runs = || std::fs::read_to_string(&stat).is_ok_and(|text| !text.contains(") Z "));
        while runs() {
            if began.elapsed() > Duration::from_secs(25) {
                let _ = kill(pid, Signal::SIGKILL);
                panic!("it does not end");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        println!("second signal {second}: ended after {:?}", began.elapsed());
        assert!(began.elapsed() < limit, "second signal {second}: {:?}", began.elapsed());
    });
    program.child.wait().unwrap();
    assert_eq!(dir.server_processes(), []);
}

#[test]
fn a_closed_terminal_and_a_quit_leave_nothing_behind() {
    for told in [Signal::SIGHUP, Signal::SIGQUIT] {
        let dir = Dir::with_cluster();
        let program = Program::start(&dir.0);
        assert!(!dir.server_processes().is_empty());
        assert_eq!(program.end(told).code(), Some(0), "{told}");
        assert_eq!(dir.server_processes(), []);
    }
}

#[test]
fn a_first_start_is_given_up_at_a_signal() {
    let dir = Dir::new();
    let mut child = command(&dir.0).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let makes = || {
        std::fs::read_dir(dir.0.join("data")).is_ok_and(|entries| {
            entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("data.new-"))
        })
    };
    wait_until("a cluster is being made", makes);
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, Signal::SIGTERM);
    let began = Instant::now();
    let ended = ended_within(&mut child, Duration::from_secs(30)).expect("it ends");
    println!("ended after {:?}", began.elapsed());
    assert_eq!(ended.code(), Some(0));
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    let left = Command::new("pgrep").arg("-f").arg(&dir.0).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&left.stdout), "");
}

#[test]
fn a_program_under_nohup_outlives_its_terminal() {
    let dir = Dir::with_cluster();
    let plain = command(&dir.0);
    let mut nohup = Command::new("nohup");
    nohup.arg(plain.get_program()).args(plain.get_args()).env("SKYPANEL_LISTEN", "127.0.0.1:0").current_dir(&dir.0);
    let program = Program::run(nohup, &dir.0);
    program.signal(Signal::SIGHUP);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(program.get("/livez"), Some(200));
    assert_eq!(program.end(Signal::SIGTERM).code(), Some(0));
}
