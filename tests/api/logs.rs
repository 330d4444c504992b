//! Log lines that cannot be written: they are lost, and nothing else is.

use std::fs::File;
use std::io::{Read as _, Write as _, pipe};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::harness::program::{Dir, Program, command, wait_until};

const QUERY: &str = "{ __typename }";
/// What a pipe of Linux holds.
const PIPE: usize = 64 * 1024;

/// Sends so many requests on one connection, a hundred at a time; every one is answered and logged.
fn flood(program: &Program, requests: usize) {
    let mut stream = TcpStream::connect(&program.address).unwrap();
    stream.set_read_timeout(Some(soon())).unwrap();
    let hundred = format!("GET /nothing HTTP/1.1\r\nHost: {}\r\n\r\n", program.address).repeat(100);
    for _ in 0..requests / 100 {
        stream.write_all(hundred.as_bytes()).unwrap();
        let (mut answers, mut chunk) = (String::new(), [0; 16 * 1024]);
        while answers.matches("HTTP/1.1 404").count() < 100 {
            let read = stream.read(&mut chunk).unwrap();
            answers.push_str(&String::from_utf8_lossy(&chunk[..read]));
        }
    }
}

fn soon() -> Duration {
    Duration::from_secs(2)
}

#[test]
fn a_full_disk_under_the_log_stops_nothing() {
    let dir = Dir::with_cluster();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let mut command = command(&dir.0);
    command.stdout(full()).stderr(full());
    let mut program = Program::run_mute(command);
    for request in 0..60 {
        assert_eq!(program.status(None, QUERY, soon()), Some(200), "request {request}");
    }
    program.signal(Signal::SIGTERM);
    let ended = program.ended_within(Duration::from_secs(10)).expect("it ends");
    assert_eq!(ended.code(), Some(0));
    assert!(dir.server_processes().is_empty());
}

#[test]
fn a_pipe_that_nobody_reads_stops_nothing_and_what_is_lost_is_told() {
    let dir = Dir::with_cluster();
    let (mut reader, mut writer) = pipe().unwrap();
    writer.write_all(&vec![b'\n'; PIPE]).unwrap();
    let mut command = command(&dir.0);
    command.args(["--log-format", "json"]).stdout(writer.try_clone().unwrap()).stderr(writer);
    let mut program = Program::run_mute(command);
    flood(&program, 6_000);
    assert_eq!(program.get("/livez"), Some(200));

    // Read again, it goes on, and says what is missing. (The command above holds a way in; it is gone by now.)
    let text = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let (seen, reading) = (std::sync::Arc::clone(&text), std::sync::Arc::new(std::sync::Mutex::new(true)));
    let goes_on = std::sync::Arc::clone(&reading);
    let thread = std::thread::spawn(move || {
        let mut chunk = vec![0; 4096];
        while *goes_on.lock().unwrap() {
            let read = reader.read(&mut chunk).unwrap();
            if read == 0 {
                break;
            }
            seen.lock().unwrap().push_str(&String::from_utf8_lossy(&chunk[..read]));
        }
        reader
    });
    wait_until("what is lost is told", || {
        assert_eq!(program.status(None, QUERY, soon()), Some(200));
        text.lock().unwrap().lines().any(|line| line.contains("log lines were lost") && line.contains("\"lost\":"))
    });
    assert!(text.lock().unwrap().contains("SkyPANEL answers on http://"));

    // And the end does not wait for who reads no more.
    *reading.lock().unwrap() = false;
    program.status(None, QUERY, soon());
    let reader = thread.join().unwrap();
    for request in 0..60 {
        assert_eq!(program.status(None, QUERY, soon()), Some(200), "request {request}");
    }
    program.signal(Signal::SIGTERM);
    let began = Instant::now();
    let ended = program.ended_within(Duration::from_secs(10)).expect("it ends");
    assert_eq!(ended.code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(dir.server_processes().is_empty());
    drop(reader);
}

#[test]
fn a_reader_that_went_away_stops_nothing() {
    let dir = Dir::with_cluster();
    let mut command = command(&dir.0);
    let (reader, writer) = pipe().unwrap();
    command.stdout(writer.try_clone().unwrap()).stderr(writer);
    drop(reader);
    let mut program = Program::run_mute(command);
    for request in 0..60 {
        assert_eq!(program.status(None, QUERY, soon()), Some(200), "request {request}");
    }
    program.signal(Signal::SIGTERM);
    assert_eq!(program.ended_within(Duration::from_secs(10)).expect("it ends").code(), Some(0));
}

/// Whoever looks an error up reads where it happened as the client does.
#[test]
fn an_error_is_logged_with_a_path_that_people_read() {
    let dir = Dir::with_cluster();
    let program = Program::start(&dir.0);
    let token = program.sign_in();
    let broken = "CREATE OR REPLACE FUNCTION app.invoice_sums(p_ids uuid[]) \
        RETURNS TABLE (invoice_id uuid, paid numeric, refunded numeric) \
        LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp \
        AS $$BEGIN RAISE EXCEPTION 'broken on purpose'; END$$";
    dir.sql(broken);
    let answer =
        program.ask(Some(&token), "{ viewer { invoices(first: 1) { edges { node { amountPaid { amount } } } } } }");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INTERNAL", "{answer}");
    let id = answer["errors"][0]["extensions"]["requestId"].as_str().unwrap();
    wait_until("the error is logged", || dir.log().contains("internal error"));
    let log = dir.log();
    let line = log.lines().find(|line| line.contains("internal error")).unwrap();
    assert!(line.contains(r#"path="viewer.invoices.edges.0.node.amountPaid""#) && line.contains(id), "{line}");
    assert!(line.contains("broken on purpose"), "{line}");
}
