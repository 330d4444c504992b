//! One who asks for everything does not lock the others out.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use diesel_async::SimpleAsyncConnection as _;
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use serde_json::json;
use skypanel::identity::{Passwords, Pepper};
use skypanel::shares::{Neighbour, Who};

use crate::harness::{App, Options};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_holds_the_pool_leaves_connections_to_the_others() {
    let app = App::with(Options { pool_size: 4, ..Options::default() }).await;
    let (ada, bob) = (app.user("ada").await, app.user("bob").await);
    // From here on the program knows whose tokens these are.
    for person in [&ada, &bob] {
        person.run("{ viewer { username } }").await.ok();
    }
    let mut locker = app.owner().await;
    locker.batch_execute("BEGIN; LOCK TABLE invoices").await.unwrap();

    let greedy = join_all((0..12).map(|_| ada.run("{ invoices(first: 5) { nodes { number } } }")));
    let bystander = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        for _ in 0..16 {
            assert_eq!(bob.run("{ viewer { username } }").await.ok(), &json!({ "viewer": { "username": "bob" } }));
        }
    };
    let (greedy, ()) = tokio::join!(greedy, bystander);
    assert!(greedy.iter().all(|reply| !reply.codes().is_empty()), "all of them waited behind the lock");
    locker.batch_execute("COMMIT").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_would_wait_too_long_for_a_connection_is_refused_at_once() {
    let app = App::with(Options { pool_size: 1, ..Options::default() }).await;
    let ada = app.user("ada").await;
    ada.run("{ viewer { username } }").await.ok();
    let mut locker = app.owner().await;
    locker.batch_execute("BEGIN; LOCK TABLE invoices").await.unwrap();
    let waiting = (0..85).map(|_| ada.run("{ invoices(first: 5) { nodes { number } } }"));
    let mut waiting: FuturesUnordered<_> = waiting.collect();
    // One has the connection, 64 wait for it. They wait for a second.
    let mut refused = 0;
    while let Ok(Some(reply)) = tokio::time::timeout(Duration::from_millis(400), waiting.next()).await {
        assert_eq!(reply.status, 503, "{}", reply.body);
        refused += 1;
    }
    assert_eq!(refused, 85 - 65);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_wrong_passwords_leaves_the_others_their_sign_ins() {
    const HONEST: usize = 12;
    let peppers = Pepper::read_all("1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
    let passwords = Passwords::new(peppers, 8).unwrap();
    let hash = passwords.hash("correct horse battery").unwrap();
    let at = |address: [u8; 4], account: &str| -> Who {
        Arc::new([Neighbour::at(IpAddr::from(address)), Neighbour::Account(account.into())])
    };
    let done = AtomicUsize::new(0);
    // From one address on one account; from one address on many; from many addresses on one account.
    for flood in [0, 1, 2] {
        done.store(0, Ordering::SeqCst);
        let attack = async |number: u8| {
            while done.load(Ordering::SeqCst) < HONEST {
                let who = match flood {
                    0 => at([10, 0, 0, 1], "ada"),
                    1 => at([10, 0, 0, 1], &format!("somebody {number}")),
                    _ => at([10, 0, 0, number], "ada"),
                };
                drop(passwords.of(who).verify(Some(hash.clone()), "wrong horse".into()).await);
                tokio::task::yield_now().await;
            }
        };
        let honest = async {
            for _ in 0..HONEST {
                let own = passwords.of(at([10, 0, 1, 1], "bob"));
                let verdict = own.verify(Some(hash.clone()), "correct horse battery".into()).await;
                assert!(verdict.is_ok(), "refused in flood {flood}, after {done:?}");
                done.fetch_add(1, Ordering::SeqCst);
            }
        };
        tokio::join!(join_all((0..40).map(attack)), honest);
    }
}
