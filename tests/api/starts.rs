//! Starts that are refused, with the reason.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::harness::program::{Dir, Program, command, ended_within};

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
