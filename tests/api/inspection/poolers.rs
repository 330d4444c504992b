//! A pooler between the program and the database: a stub of PgBouncer, as far as the start of a connection goes.
//!
//! The program's time-outs are options of its connections. PgBouncer refuses the options that it does not know, or, told
//! by `ignore_startup_parameters=options` to do so, drops them.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use super::{Running, refusal, serve};
use crate::harness::cluster::{self, Database, Start};

/// What the pooler does with `options`.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Options {
    Refuses,
    Drops,
    Passes,
}

/// A database behind a pooler.
async fn behind(options: Options) -> Database {
    let Database { owner_url, pool_url } = cluster::database(Start::Demo).await;
    let config: Config = pool_url.parse().unwrap();
    let [Host::Unix(dir)] = config.get_hosts() else { panic!("{pool_url}") };
    let socket = dir.join(format!(".s.PGSQL.{}", config.get_ports()[0]));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (user, name, port) =
        (config.get_user().unwrap(), config.get_dbname().unwrap(), listener.local_addr().unwrap().port());
    let pool_url = format!("postgres://{user}@127.0.0.1:{port}/{name}");
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let socket = socket.clone();
            tokio::spawn(async move { pass_on(client, UnixStream::connect(socket).await.unwrap(), options).await });
        }
    });
    Database { owner_url, pool_url }
}

/// Reads the message that a connection starts with: its length, its kind, and names and values that end in NUL.
async fn pass_on(mut client: TcpStream, mut server: UnixStream, options: Options) {
    let Ok(length) = client.read_u32().await else { return };
    let mut startup = vec![0; usize::try_from(length).unwrap() - 4];
    client.read_exact(&mut startup).await.unwrap();
    let (kind, parameters) = startup.split_at(4);
    let words: Vec<&[u8]> = parameters.split(|byte| *byte == 0).collect();
    // Of a request to cancel there are no pairs, and it is passed on as it is.
    let pairs = words.chunks_exact(2).filter(|pair| !pair[0].is_empty());
    let has_options = pairs.clone().any(|pair| pair[0] == b"options");
    if options == Options::Refuses && has_options {
        let fields = b"SFATAL\0VFATAL\0C08P01\0Munsupported startup parameter: options\0\0";
        client.write_u8(b'E').await.unwrap();
        client.write_u32(u32::try_from(fields.len()).unwrap() + 4).await.unwrap();
        client.write_all(fields).await.unwrap();
        return;
    }
    let mut sent = kind.to_vec();
    if options == Options::Drops && has_options {
        for pair in pairs.filter(|pair| pair[0] != b"options") {
            sent.extend([pair[0], b"\0", pair[1], b"\0"].concat());
        }
        sent.push(0);
    } else {
        sent.extend(parameters);
    }
    server.write_u32(u32::try_from(sent.len()).unwrap() + 4).await.unwrap();
    server.write_all(&sent).await.unwrap();
    // Either side may hang up as it likes.
    drop(copy_bidirectional(&mut client, &mut server).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pooler_that_does_not_pass_the_options_on_is_named_at_the_start() {
    for (options, named) in [(Options::Refuses, "startup parameter: options"), (Options::Drops, "a pooler in between")]
    {
        let database = behind(options).await;
        let told = refusal(&database, &[]);

        assert!(told.contains(named), "{options:?}: {told}");
    }
    let database = behind(Options::Passes).await;
    let (_program, line): (Running, _) = serve(&database, &[], Duration::from_secs(20));
    assert!(line.unwrap().unwrap().starts_with("SkyPANEL answers on"));
}
