//! The second door, for probes.

use std::net::TcpListener;

use nix::sys::signal::Signal;

use crate::harness::program::{Dir, Program, command, get};

#[test]
fn the_admin_door_answers_probes_and_nothing_else() {
    let dir = Dir::with_cluster();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let door = format!("127.0.0.1:{port}");
    let mut serve = command(&dir.0);
    serve.arg("--admin-listen").arg(&door);
    let program = Program::run(serve, &dir.0);
    for path in ["/livez", "/readyz"] {
        assert_eq!((get(&door, path), program.get(path)), (Some(200), Some(200)), "{path}");
    }
    for path in ["/graphql", "/graphiql", "/"] {
        assert_eq!(get(&door, path), Some(404), "{path}");
    }
    assert_eq!(program.end(Signal::SIGTERM).code(), Some(0));
    assert_eq!(get(&door, "/livez"), None);
}
