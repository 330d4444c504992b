//! How a request is driven, level by level.

use std::sync::{Arc, Mutex};

use skypanel::db::batch::Batch;
use skypanel::db::row::Columns;
use skypanel::db::unit::{Access, Interrupted, Work};
use skypanel::identity::{Token, User};
use skypanel::memory::{Bounds, Memory};
use skypanel::page::One;
use skypanel::shares::Neighbour;
use uuid::Uuid;

use crate::harness::{App, Options};
use crate::rows::text;

fn work(app: &App, token: Option<&str>) -> Arc<Work> {
    let memory = Memory::new(Bounds::default()).share(Arc::new([Neighbour::Nobody]));
    let presented = token.map(|token| Token::read(token).unwrap().digest().into());
    Arc::new(Work::new(&app.pool, memory, presented))
}

/// One thread: whoever does not pause runs to the end before anybody else.
#[tokio::test(flavor = "current_thread")]
async fn who_pauses_lets_the_others_run() {
    let app = App::demo().await;
    let turns = Arc::new(Mutex::new(String::new()));
    let other = Arc::clone(&turns);
    let neighbour = tokio::spawn(async move {
        for _ in 0..3 {
            other.lock().unwrap().push('n');
            tokio::task::yield_now().await;
        }
    });
    let batch = Batch::default();
    let writing = async {
        for _ in 0..3 {
            turns.lock().unwrap().push('w');
            batch.pause().await;
        }
    };
    batch.drive(writing, &work(&app, None)).await.unwrap();
    neighbour.await.unwrap();
    assert_eq!(*turns.lock().unwrap(), "wnwnwn");
}

/// Whoever announced fewer levels than it asks for finds the transaction closed behind the last one announced: the
/// request is begun again, and never answered by what row-level security leaves of a closed one.
#[tokio::test(flavor = "current_thread")]
async fn what_is_asked_behind_the_commit_begins_the_request_again() {
    let app = App::with(Options { pool_size: 1, ..Options::default() }).await;
    let ada = app.user("ada").await;
    let id = async |name: &str| -> Uuid {
        let found = text(&app, &format!("SELECT id::text AS value FROM users WHERE username = '{name}'")).await;
        found.parse().unwrap()
    };
    let (own, other) = (id("ada").await, id("bob").await);
    let key = |id| One::<User>::new(id, Columns::ALL);

    for round in 0..2 {
        for announced in [1, 2] {
            let work = work(&app, ada.token.as_deref());
            work.authenticate(Access::Read).await.unwrap();
            let batch = Batch::default();
            batch.announce(announced);
            let asking = async {
                let found = batch.load(key(own)).await.unwrap();
                assert!(found.is_some());
                batch.load(key(other)).await
            };
            let driven = batch.drive(asking, &work).await;
            work.end().await.unwrap();
            // At first the statement had to be prepared, and no COMMIT could leave with it.
            match (announced, round) {
                (1, 1) => assert!(matches!(driven, Err(Interrupted::Again)), "{announced} announced, round {round}"),
                _ => assert!(matches!(driven, Ok(Ok(None))), "{announced} announced, round {round}"),
            }
        }
    }
}
