//! Starts that are refused, with the reason: the wrong data, or data that everybody can sign in to.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::harness::program::{Dir, Program, command, ended_within};
use crate::harness::{Start, cluster};

/// Where a cluster goes that root may not keep in its own directory.
const ELSEWHERE: &str = "/var/lib/skypanel";

/// What the program says when it refuses to start; it is ended when it does not refuse.
fn refusal(command: &mut Command) -> String {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    if ended_within(&mut child, Duration::from_secs(15)).is_none() {
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGTERM);
        panic!("it was not refused: {:?}", child.wait_with_output());
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    String::from_utf8(output.stderr).unwrap().lines().last().unwrap().to_owned()
}

fn close(dir: &Path) {
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700)).unwrap();
}

/// Without `--data-dir`: the data is in `.skypanel` of the directory.
fn without_a_choice(dir: &Dir) -> Command {
    let plain = command(&dir.0);
    let mut command = Command::new(plain.get_program());
    command.current_dir(&dir.0).env("SKYPANEL_LISTEN", "127.0.0.1:0");
    command
}

#[test]
fn data_out_of_reach_is_told_and_never_replaced_by_other_data() {
    if !nix::unistd::geteuid().is_root() {
        println!("SKIPPED: only root's database runs as somebody else, who may be kept out");
        return;
    }
    let before = Path::new(ELSEWHERE).exists();
    let dir = Dir::with_cluster();
    std::fs::rename(dir.0.join("data"), dir.0.join(".skypanel")).unwrap();
    let mut program = Program::run(without_a_choice(&dir), &dir.0);
    program.signal(Signal::SIGTERM);
    assert_eq!(program.ended_within(Duration::from_secs(10)).unwrap().code(), Some(0));
    close(&dir.0);
    let told = refusal(&mut without_a_choice(&dir));
    assert!(told.contains(".skypanel") && told.contains("cannot reach"), "{told}");

    // Whoever has chosen a directory gets it, or an error.
    let told = refusal(&mut command(&dir.0));
    assert!(told.contains("/data,") && told.contains("cannot reach"), "{told}");
    assert_eq!(Path::new(ELSEWHERE).exists(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn data_that_everybody_can_sign_in_to_is_not_served_in_public() {
    let database = cluster::database(Start::Demo).await;
    let dir = Dir::new();
    let named = |arguments: &[&str], owner: bool| {
        let mut command = command(&dir.0);
        command.args(arguments).env("DATABASE_URL", &database.pool_url);
        command.env("SKYPANEL_PEPPERS", "test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        if owner {
            command.env("SKYPANEL_OWNER_URL", &database.owner_url);
        }
        command
    };
    for owner in [true, false] {
        // A named database is one in production, unless it is said to be none.
        let told = refusal(&mut named(&[], owner));
        assert!(told.contains("demo") && told.contains("production") && told.contains("--allow-demo"), "{told}");
        let told = refusal(&mut named(&["--environment", "development", "--listen", "0.0.0.0:0"], owner));
        assert!(told.contains("demo") && told.contains("0.0.0.0") && told.contains("--allow-demo"), "{told}");
    }
    for arguments in [&["--allow-demo"][..], &["--environment", "development"]] {
        let program = Program::run(named(arguments, true), &dir.0);
        assert_eq!(program.get("/livez"), Some(200));
        assert_eq!(program.end(Signal::SIGTERM).code(), Some(0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_demo_data_is_served_anywhere() {
    let database = cluster::database(Start::Empty).await;
    let dir = Dir::new();
    let mut command = command(&dir.0);
    command.env("DATABASE_URL", &database.pool_url).env("SKYPANEL_OWNER_URL", &database.owner_url);
    command.env("SKYPANEL_PEPPERS", "test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let program = Program::run(command, &dir.0);
    assert_eq!(program.end(Signal::SIGTERM).code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn production_goes_by_real_time() {
    use diesel_async::SimpleAsyncConnection as _;
    let database = cluster::database(Start::Empty).await;
    let mut owner = skypanel::db::migrate::connect(&database.owner_url).await.unwrap();
    owner.batch_execute("INSERT INTO app.clock_offset (shift) VALUES ('1 day')").await.unwrap();
    let dir = Dir::new();
    let named = |arguments: &[&str]| {
        let mut command = command(&dir.0);
        command.args(arguments).env("DATABASE_URL", &database.pool_url).env("SKYPANEL_OWNER_URL", &database.owner_url);
        command.env("SKYPANEL_PEPPERS", "test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
        command
    };
    let told = refusal(&mut named(&[]));
    assert!(told.contains("clock") && told.contains("DELETE FROM app.clock_offset"), "{told}");
    let program = Program::run(named(&["--environment", "development"]), &dir.0);
    assert_eq!(program.end(Signal::SIGTERM).code(), Some(0));
}
