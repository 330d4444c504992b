//! The app under test: the real router with its real layers, in process, over a database of its own.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection as _};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use skypanel::config::Limits;
use skypanel::db::migrate;
use skypanel::db::pool::{self, Pool};
use skypanel::graphql::{self, Answer, Call, Client, Credential, DocumentLimits, Service};
use skypanel::http;
use skypanel::id::UserId;
use skypanel::identity::{Activity, Passwords, Pepper, Token};
use skypanel::memory;
use skypanel::seed::PASSWORD;
use tower::ServiceExt as _;

use super::cluster::{self, Database, Start};

/// The newest, and one from before.
pub const PEPPERS: &str =
    "test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,former:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=";

/// Cheap hashes: what is tested is not bcrypt.
pub fn passwords() -> Passwords {
    Passwords::new(Pepper::read_all(PEPPERS).unwrap(), 4).unwrap()
}

/// A name that nothing else has: the random end of an id, whose beginning is the time.
pub fn unique() -> String {
    UserId::fresh().0.as_simple().to_string().split_off(20)
}

/// How an app under test differs from the real one.
pub struct Options {
    pub start: Start,
    pub pool_size: u32,
    pub open_introspection: bool,
    pub document: DocumentLimits,
    pub writes_rows: bool,
    /// The most errors of an answer.
    pub errors: usize,
    pub memory: memory::Bounds,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            start: Start::Demo,
            pool_size: 4,
            open_introspection: true,
            document: DocumentLimits::default(),
            writes_rows: true,
            errors: Limits::default().errors,
            memory: memory::Bounds::default(),
        }
    }
}

pub struct App {
    pub router: Router,
    pub service: Service,
    pub pool: Pool,
    pub activity: Activity,
    pub database: Database,
}

impl App {
    /// Over the demo's data.
    pub async fn demo() -> Self {
        Self::with(Options::default()).await
    }

    pub async fn with(options: Options) -> Self {
        let database = cluster::database(options.start).await;
        let pool_url = database.pool_url.clone();
        Self::over(database, &pool_url, options)
    }

    /// Over a database that is there, by an address of the pool's own.
    pub fn over(database: Database, pool_url: &str, options: Options) -> Self {
        let settings = pool::Settings {
            size: options.pool_size,
            wait: Duration::from_secs(1),
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(2),
            idle_in_transaction: Duration::from_secs(10),
        };
        let pool = Pool::new(pool_url, &settings).unwrap();
        let activity = Activity::default();
        let limits = Limits { document: options.document, ..Limits::default() };
        let door = graphql::Settings {
            document: limits.document.clone(),
            memory: options.memory,
            request_timeout: limits.request_timeout,
            errors: options.errors,
            open_introspection: options.open_introspection,
            writes_rows: options.writes_rows,
        };
        let service = Service::new(pool.clone(), passwords(), activity.clone(), door).unwrap();
        let router = http::router(service.clone(), http::Settings { limits, ..http::Settings::default() });
        Self { router, service, pool, activity, database }
    }

    /// Somebody without a session.
    pub fn anonymous(&self) -> Actor<'_> {
        Actor { app: self, token: None }
    }

    /// Somebody of the demo, signed in: `ada`, `bob`, `support`, `billing`, `admin`.
    pub async fn user(&self, name: &str) -> Actor<'_> {
        let document = "mutation ($input: LoginInput!) { login(input: $input) { token userErrors { code } } }";
        let input = json!({ "login": format!("{name}@example.com"), "password": PASSWORD });
        let reply = self.anonymous().run_with(document, json!({ "input": input })).await;
        let token = reply.data("/login/token").as_str().unwrap_or_else(|| panic!("{name}: {}", reply.body)).to_owned();
        Actor { app: self, token: Some(token) }
    }

    /// Somebody new with a role of exactly these permissions, signed in.
    pub async fn staff(&self, permissions: &[&str]) -> Actor<'_> {
        let name = &format!("staff{}", unique());
        let hash = passwords().hash(PASSWORD).unwrap();
        let permissions = json!(permissions);
        self.maintain(&format!(
            "WITH person AS (INSERT INTO users (id, email, username, password_hash, email_verified, status) \
                 VALUES (gen_random_uuid(), '{name}@example.com', '{name}', '{hash}', true, 'active') RETURNING id), \
             role AS (INSERT INTO roles (id, name, is_default, permissions) \
                 VALUES (gen_random_uuid(), '{name}', false, '{permissions}') RETURNING id) \
             INSERT INTO user_roles (user_id, role_id) SELECT person.id, role.id FROM person, role"
        ))
        .await;
        self.user(name).await
    }

    /// A connection of the owner.
    pub async fn owner(&self) -> AsyncPgConnection {
        migrate::connect(&self.database.owner_url).await.unwrap()
    }

    /// Changes rows behind the app's back.
    pub async fn maintain(&self, sql: &str) {
        let mut owner = self.owner().await;
        owner.batch_execute(&format!("BEGIN; SET LOCAL ROLE app_maintenance; {sql}; COMMIT")).await.unwrap();
    }

    /// Sends a request as it is.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or_else(|_| json!(String::from_utf8_lossy(&bytes)));
        Reply { status: parts.status, headers: parts.headers, body }
    }
}

/// Somebody who asks.
#[derive(Clone)]
pub struct Actor<'a> {
    pub app: &'a App,
    pub token: Option<String>,
}

impl Actor<'_> {
    /// What the database knows of this actor's token.
    pub fn digest(&self) -> String {
        Token::read(self.token.as_ref().unwrap()).unwrap().digest().0
    }

    /// Runs a document.
    pub async fn run(&self, document: &str) -> Reply {
        self.run_with(document, json!({})).await
    }

    /// Runs a document with variables.
    pub async fn run_with(&self, document: &str, variables: Value) -> Reply {
        self.app.send(self.request(document, &variables)).await
    }

    /// The request that [`Actor::run_with`] sends.
    pub fn request(&self, document: &str, variables: &Value) -> Request<Body> {
        let mut request = Request::post("/graphql")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/graphql-response+json");
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        request.body(Body::from(json!({ "query": document, "variables": variables }).to_string())).unwrap()
    }

    /// Runs a document at the door itself; what it cost comes with the answer.
    pub async fn measure(&self, document: &str) -> (Answer, u64) {
        let before = self.app.pool.statements().sent();
        let call = Call {
            request: async_graphql::Request::new(document),
            credential: self.token.clone().map_or(Credential::None, |token| Credential::Bearer(token.into())),
            client: Client::default(),
            request_id: "test".into(),
            read_only: false,
        };
        let answer = self.app.service.execute(call).await;
        (answer, self.app.pool.statements().sent() - before)
    }
}

/// The data of an answer at the door, whose rows may be written already.
pub fn data(answer: &Answer) -> Value {
    let mut text = Vec::new();
    skypanel::json::value(&mut text, &answer.response.data);
    serde_json::from_slice(&text).unwrap()
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub body: Value,
}

impl Reply {
    /// A part of the data, by JSON pointer.
    pub fn data(&self, pointer: &str) -> &Value {
        self.body.pointer(&format!("/data{pointer}")).unwrap_or(&Value::Null)
    }

    /// The codes of the errors, in order.
    pub fn codes(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().map_or(&[][..], Vec::as_slice);
        errors.iter().map(|error| error["extensions"]["code"].as_str().unwrap_or("none")).collect()
    }

    /// The data of an answer without errors.
    pub fn ok(&self) -> &Value {
        assert!(self.body.get("errors").is_none(), "{}", self.body);
        &self.body["data"]
    }
}
