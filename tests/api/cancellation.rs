//! A dropped request never hands its transaction, role or context to the next one.
//!
//! A thousand requests of different people are dropped at random points, on a pool of two connections,
//! among others that run to their end and must get exactly what is their viewer's.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel_async::SimpleAsyncConnection as _;
use futures_util::future::join_all;
use serde_json::{Value, json};
use skypanel::db::statement::Statement;
use skypanel::db::unit::Unit;
use skypanel::graphql::{Call, Client, Credential};
use skypanel::identity::Token;
use skypanel::seed::PASSWORD;
use tokio::time::Instant;

use crate::harness::{App, Options, Plain, data};

const DROPPED: usize = 1000;
const AT_ONCE: u64 = 6;

/// Small, seeded, good enough to scatter.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.roll(u64::try_from(length).unwrap())).unwrap()
    }
}

fn call(token: Option<&str>, document: &str) -> Call {
    Call {
        request: async_graphql::Request::new(document),
        credential: token.map_or(Credential::None, |token| Credential::Bearer(token.into())),
        client: Client::default(),
        request_id: "test".into(),
        read_only: false,
    }
}

/// Everything that tells people apart, three levels deep.
const EVERYTHING: &str = "{ viewer { username } \
    tickets(first: 20) { totalCount nodes { id user { username } messages(first: 5) { nodes { id author { displayName } } } } } \
    servers(first: 20) { nodes { id } } invoices(first: 20) { nodes { id amountDue { amount } } } \
    serverPackages(first: 20) { nodes { name } } }";

async fn everything(app: &App, token: Option<&str>) -> Value {
    data(&Box::pin(app.service.execute(call(token, EVERYTHING))).await)
}

/// Polls a future so many times, then drops it.
pub async fn polled<F: Future>(future: F, mut times: u64) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(move |context| {
        if times == 0 {
            return std::task::Poll::Ready(None);
        }
        times -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

/// Sessions made behind the app's back, for mutations that end them.
async fn sessions(app: &App, name: &str, count: usize) -> Vec<String> {
    let tokens: Vec<Token> = (0..count).map(|_| Token::fresh().unwrap()).collect();
    let digests: Vec<String> = tokens.iter().map(|token| format!("('{}')", token.digest().0)).collect();
    app.maintain(&format!(
        "INSERT INTO sessions (id, user_id, token, expires_at) \
         SELECT gen_random_uuid(), users.id, token, now() + interval '1 day' \
         FROM users, (VALUES {}) AS made (token) WHERE username = '{name}'",
        digests.join(", ")
    ))
    .await;
    tokens.iter().map(|token| token.reveal().to_owned()).collect()
}

/// What the next holder of a connection would find on it. A worker's unit sets no context of its own.
async fn left_behind(unit: &Unit) -> Vec<String> {
    let statement = Statement::<diesel::sql_types::Array<diesel::sql_types::Text>>::new(
        "SELECT ARRAY[current_user::text, session_user::text, \
             coalesce(current_setting('skypanel.user_id', true), ''), coalesce(current_setting('skypanel.session_id', true), ''), \
             coalesce(current_setting('skypanel.kind', true), ''), coalesce(current_setting('skypanel.permissions', true), '')]",
        vec![],
    );
    // Imported, the trait would give every type an `execute`.
    diesel_async::RunQueryDsl::get_result(statement, &mut unit.conn()).await.unwrap()
}

/// What all of the crowd share.
struct Crowd {
    app: App,
    people: Vec<(&'static str, Option<String>)>,
    /// What each of them gets, undisturbed.
    expected: Vec<Value>,
    /// Sessions to be ended, one a mutation.
    doomed: Vec<String>,
    tried: AtomicUsize,
    dropped: AtomicUsize,
    whole: AtomicUsize,
    /// Those whose end was told.
    ended: Mutex<Vec<String>>,
}

impl Crowd {
    async fn gather() -> Self {
        let app = App::with(Options { pool_size: 2, ..Options::default() }).await;
        let mut people = vec![("a guest", None)];
        for name in ["ada", "bob", "support"] {
            people.push((name, app.user(name).await.token));
        }
        let mut expected = Vec::new();
        for (name, token) in &people {
            let answer = everything(&app, token.as_deref()).await;
            let viewer = answer.pointer("/viewer/username").and_then(Value::as_str);
            assert_eq!(viewer, token.as_ref().map(|_| *name), "{answer}");
            // Otherwise an answer to the wrong person would not show.
            assert!(!expected.contains(&answer));
            expected.push(answer);
        }
        assert_eq!(expected[0]["tickets"], Value::Null);
        assert_eq!(expected[1].pointer("/tickets/totalCount"), Some(&json!(6)));
        let doomed = [sessions(&app, "ada", 200).await, sessions(&app, "bob", 200).await].concat();
        let (tried, dropped, whole) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        Self { app, people, expected, doomed, tried, dropped, whole, ended: Mutex::default() }
    }

    async fn disturb(&self, mut dice: Dice) {
        while self.dropped.load(Ordering::SeqCst) < DROPPED {
            match dice.roll(5) {
                0 => self.ask(&mut dice).await,
                1 => self.look().await,
                2 => self.drop_mutation(&mut dice).await,
                _ => self.drop_query(&mut dice).await,
            }
        }
    }

    async fn ask(&self, dice: &mut Dice) {
        let who = dice.index(self.people.len());
        let (name, token) = &self.people[who];
        assert_eq!(everything(&self.app, token.as_deref()).await, self.expected[who], "{name}");
        self.whole.fetch_add(1, Ordering::SeqCst);
    }

    async fn look(&self) {
        let unit = Unit::worker(&self.app.pool).await.unwrap();
        assert_eq!(left_behind(&unit).await, ["app_worker", "skypanel_pool", "", "", "", ""]);
        unit.commit().await.unwrap();
    }

    async fn drop_query(&self, dice: &mut Dice) {
        let who = dice.index(self.people.len());
        let (name, token) = &self.people[who];
        if let Some(answer) = self.cut(call(token.as_deref(), EVERYTHING), dice).await {
            assert_eq!(answer, self.expected[who], "{name}");
        }
    }

    async fn drop_mutation(&self, dice: &mut Dice) {
        let Some(token) = self.doomed.get(self.tried.fetch_add(1, Ordering::SeqCst)) else { return };
        let document = "mutation { revokeSession(input: { id: \"ses_00000000000000000000000000000000\" }) { sessionId } logout { loggedOut } }";
        if let Some(answer) = self.cut(call(Some(token), document), dice).await {
            assert_eq!(answer, json!({ "revokeSession": null, "logout": { "loggedOut": true } }));
            self.ended.lock().unwrap().push(token.clone());
        }
    }

    /// Drops half of the requests after so many polls and half after so many microseconds.
    async fn cut(&self, call: Call, dice: &mut Dice) -> Option<Value> {
        let request = Box::pin(self.app.service.execute(call));
        let answer = if dice.roll(2) == 0 {
            polled(request, dice.roll(40)).await
        } else {
            tokio::time::timeout(Duration::from_micros(dice.roll(15_000)), request).await.ok()
        };
        let counter = if answer.is_some() { &self.whole } else { &self.dropped };
        counter.fetch_add(1, Ordering::SeqCst);
        answer.map(|answer| data(&answer))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dropped_request_leaves_nothing_to_the_next_one() {
    let crowd = Arc::new(Crowd::gather().await);
    let disturbing = (1..=AT_ONCE).map(|seed| {
        let crowd = Arc::clone(&crowd);
        tokio::spawn(async move { crowd.disturb(Dice(seed)).await })
    });
    for outcome in join_all(disturbing).await {
        outcome.unwrap();
    }
    let app = &crowd.app;
    assert!(crowd.whole.load(Ordering::SeqCst) >= 100, "too few ran to their end: {:?}", crowd.whole);
    let ended = crowd.ended.lock().unwrap().clone();
    let untouched = crowd.doomed.iter().skip(crowd.tried.load(Ordering::SeqCst));
    assert!(ended.len() >= 10, "too few mutations ran to their end: {}", ended.len());
    assert_eq!(alive(app, ended.iter()).await, 0, "what was told to have ended has ended");
    assert_eq!(alive(app, untouched.clone()).await, untouched.count(), "and nothing else has");

    at_rest(app).await;
    // Both connections serve, at once; and then they are as if they had not.
    let both = join_all([1, 2].map(|who| everything(app, crowd.people[who].1.as_deref()))).await;
    assert_eq!(both, crowd.expected[1..3]);
    let units = [Unit::worker(&app.pool).await.unwrap(), Unit::worker(&app.pool).await.unwrap()];
    for unit in &units {
        let mut connection = unit.conn();
        connection.batch_execute("ROLLBACK").await.unwrap();
        assert_eq!(left_behind(unit).await, ["skypanel_pool", "skypanel_pool", "", "", "", ""]);
    }
}

/// How many of these sessions there are.
async fn alive(app: &App, tokens: impl Iterator<Item = &String>) -> usize {
    let digests: Vec<String> = tokens.map(|token| format!("'{}'", Token::read(token).unwrap().digest().0)).collect();
    let owner = Plain::connect(&app.database.owner_url).await;
    let list = if digests.is_empty() { "NULL".to_owned() } else { digests.join(", ") };
    let count = owner
        .value(&format!(
            "BEGIN; SET LOCAL ROLE app_maintenance; SELECT count(*) FROM sessions WHERE token IN ({list}); COMMIT"
        ))
        .await;
    count.parse().unwrap()
}

/// No connection of the pool sits in a transaction, and there are no more of them than it may have. A
/// server process notices the end of its client in a moment of its own.
async fn at_rest(app: &App) {
    let pool = Plain::connect(&app.database.pool_url).await;
    let states = "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND usename = 'skypanel_pool' AND pid <> pg_backend_pid()";
    let patience = Instant::now() + Duration::from_secs(10);
    loop {
        let found = pool.column(states).await;
        if found.len() <= 2 && found.iter().all(|state| state == "idle") {
            return;
        }
        assert!(Instant::now() < patience, "{found:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A request holds one connection at most: with one in the pool, a mutation, its payload and what hangs
/// on that run one after the other, for several people at once.
#[tokio::test]
async fn a_pool_of_one_never_waits_for_itself() {
    let app = App::with(Options { pool_size: 1, ..Options::default() }).await;
    let document = format!(
        "mutation {{ login(input: {{ login: \"ada\", password: \"{PASSWORD}\" }}) {{ token session {{ user {{ username }} }} \
         user {{ tickets(first: 5) {{ nodes {{ messages(first: 5) {{ nodes {{ author {{ displayName }} }} }} }} }} }} }} logout {{ loggedOut }} }}"
    );
    let answers = join_all((0..4).map(|_| app.service.execute(call(None, &document)))).await;
    for answer in answers {
        assert!(answer.response.errors.is_empty(), "{:?}", answer.response.errors);
        let data = crate::harness::data(&answer);
        assert_eq!(data.pointer("/login/session/user/username"), Some(&json!("ada")));
        assert_eq!(
            data.pointer("/login/user/tickets/nodes/4/messages/nodes/0/author/displayName").map(Value::is_string),
            Some(true)
        );
        assert_eq!(data.pointer("/logout/loggedOut"), Some(&json!(true)));
    }
}

/// Who waits for a connection has it before whoever comes later, or a busy pool would starve some requests
/// into a refusal while it serves others at once.
#[tokio::test(flavor = "current_thread")]
async fn a_request_that_waits_is_served_before_a_later_one() {
    let app = App::with(Options { pool_size: 1, ..Options::default() }).await;
    let order = Arc::new(Mutex::new(Vec::new()));
    let first = Unit::worker(&app.pool).await.unwrap();
    let (pool, waiting) = (app.pool.clone(), Arc::clone(&order));
    let waiter = tokio::spawn(async move {
        let unit = Unit::worker(&pool).await.unwrap();
        waiting.lock().unwrap().push("who waited");
        unit.commit().await.unwrap();
    });
    // One turn is enough for the waiter to stand in the queue.
    tokio::task::yield_now().await;
    first.commit().await.unwrap();
    let late = Unit::worker(&app.pool).await.unwrap();
    order.lock().unwrap().push("who came later");
    late.commit().await.unwrap();
    waiter.await.unwrap();
    assert_eq!(*order.lock().unwrap(), ["who waited", "who came later"]);
}
