//! Rows that write themselves answer like async-graphql: thousands of documents, each in both ways.

mod known;
mod random;
mod schema;
mod writer;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::{Request, Value as Data, Variables};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use skypanel::graphql::{Answer, Call, Client, Credential, DocumentLimits};

use self::schema::{Schema, base};
use self::writer::{Document, Known, Writer};
use crate::harness::{Actor, App, Options, Start, cluster};

/// How many documents; fewer by `DIFFERENTIAL_DOCUMENTS`, for a quick look.
const DOCUMENTS: usize = 20_000;

/// Two services over one database: rows write themselves in the first, in the second they do not.
struct Ways {
    rows: App,
    ordinary: App,
}

impl Ways {
    async fn open() -> Self {
        let document = DocumentLimits {
            cost: 100_000,
            aliases: 500,
            directives: 500,
            depth: 20,
            root_fields: 50,
            ..DocumentLimits::default()
        };
        let options =
            |writes_rows| Options { writes_rows, document: document.clone(), errors: 10_000, ..Options::default() };
        let database = cluster::database(Start::Demo).await;
        let url = database.pool_url.clone();
        let rows = App::over(database, &url, options(true));
        rows.maintain(include_str!("differential/data.sql")).await;
        crate::jobs::have_run(&rows).await;
        crate::mail::lie_about(&rows).await;
        let other = cluster::Database { owner_url: rows.database.owner_url.clone(), pool_url: url.clone() };
        let ordinary = App::over(other, &url, options(false));
        Self { rows, ordinary }
    }
}

async fn ask(app: &App, token: Option<&str>, document: &str, variables: &Value) -> Answer {
    let call = Call {
        request: Request::new(document).variables(Variables::from_json(variables.clone())),
        credential: token.map_or(Credential::None, |token| Credential::Bearer(token.to_owned().into())),
        client: Client::default(),
        request_id: "test".into(),
        read_only: false,
    };
    app.service.execute(call).await
}

/// Everything that a client sees: the data with its order of keys, and the errors in no order.
fn seen(answer: &Answer, data: fn(&Data) -> String) -> (String, Vec<String>) {
    let error = |error| serde_json::to_string(error).unwrap();
    let mut errors: Vec<String> = answer.response.errors.iter().map(error).collect();
    errors.sort();
    (data(&answer.response.data), errors)
}

/// Data whose rows may be JSON already, as the service writes them.
fn by_us(data: &Data) -> String {
    let mut json = Vec::new();
    skypanel::json::value(&mut json, data);
    String::from_utf8(json).unwrap()
}

fn is_written(data: &Data) -> bool {
    match data {
        Data::Binary(_) => true,
        Data::List(values) => values.iter().any(is_written),
        Data::Object(values) => values.values().any(is_written),
        _ => false,
    }
}

/// The data of the ordinary way, by another serialiser: a fault of ours would change both answers alike. JSON out of the database is text already, and stands in it as it is; rows are not.
fn by_serde(data: &Data) -> String {
    fn unwritten(data: &Data, texts: &mut Vec<String>) -> Data {
        match data {
            Data::Binary(text) => {
                texts.push(String::from_utf8(text.to_vec()).unwrap());
                assert!(!texts[texts.len() - 1].contains(r#""__typename""#), "{texts:?}");
                Data::String(format!("json text {}", texts.len() - 1))
            }
            Data::List(values) => Data::List(values.iter().map(|value| unwritten(value, texts)).collect()),
            Data::Object(values) => {
                Data::Object(values.iter().map(|(key, value)| (key.clone(), unwritten(value, texts))).collect())
            }
            other => other.clone(),
        }
    }
    let mut texts = Vec::new();
    let mut plain = serde_json::to_string(&unwritten(data, &mut texts)).unwrap();
    for (at, text) in texts.iter().enumerate() {
        plain = plain.replace(&format!("\"json text {at}\""), text);
    }
    plain
}

#[derive(Default)]
struct Tally {
    executed: AtomicUsize,
    written: AtomicUsize,
    failed: AtomicUsize,
    /// Documents that asked for a field with arguments under one key of two fragments; for one field with two.
    merged: AtomicUsize,
    clashed: AtomicUsize,
    bytes: AtomicUsize,
    asked: Mutex<BTreeSet<String>>,
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_answer_like_async_graphql() {
    let ways = Ways::open().await;
    let app = &ways.rows;
    let schema = Schema::read();
    let admin = app.staff(&["*"]).await;
    let actors: Vec<(&str, Actor<'_>)> = vec![
        ("an administrator", app.staff(&["*"]).await),
        ("the desk", app.user("support").await),
        ("a clerk", app.staff(&["ticket:read", "server:read", "user:read:own", "invoice:read:own"]).await),
        ("a customer", app.user("ada").await),
        ("another customer", app.user("bob").await),
        ("a customer of less", app.staff(&["user:read:own", "server:read:own"]).await),
        ("a guest", app.anonymous()),
    ];
    let all = known::ids(app, None).await;
    let cursors = known::cursors(&schema, &all, &admin).await;
    let mut own = Vec::new();
    for (_, actor) in &actors {
        own.push(match &actor.token {
            Some(_) => known::ids(app, Some(actor)).await,
            None => known::Ids::new(),
        });
    }
    #[expect(clippy::disallowed_methods, reason = "a switch of this test alone")]
    let fewer = std::env::var("DIFFERENTIAL_DOCUMENTS").ok();
    let documents = fewer.and_then(|text| text.parse().ok()).unwrap_or(DOCUMENTS);
    let tally = Tally::default();
    let compare = async |number: usize| {
        // Administrators see most, and so are asked most.
        let who = [0, 0, 0, 1, 2, 3, 3, 4, 5, 6][number % 10];
        let ((name, actor), own) = (&actors[who], &own[who]);
        let known = Known { schema: &schema, all: &all, own, cursors: &cursors };
        let Document { text: document, variables, asked, merges, clashes } = Writer::document(&known, number);
        let token = actor.token.as_deref();
        let rows = ask(&ways.rows, token, &document, &variables).await;
        let ordinary = ask(&ways.ordinary, token, &document, &variables).await;
        let (one, other) = (seen(&rows, by_us), seen(&ordinary, by_serde));
        assert_eq!(one, other, "document {number} of {name}: {document} {variables}");
        let add = |to: &AtomicUsize, is: bool| {
            to.fetch_add(usize::from(is), Ordering::Relaxed);
        };
        assert!(!clashes || rows.refused.is_some(), "document {number} of {name}: {document}");
        add(&tally.executed, rows.refused.is_none());
        add(&tally.merged, merges && rows.refused.is_none());
        add(&tally.clashed, clashes);
        if rows.refused.is_none() {
            tally.asked.lock().unwrap().extend(asked);
        }
        add(&tally.written, is_written(&rows.response.data));
        add(&tally.failed, rows.refused.is_none() && !rows.response.errors.is_empty());
        tally.bytes.fetch_add(one.0.len(), Ordering::Relaxed);
    };
    let mut running = futures_util::stream::iter((0..documents).map(compare)).buffer_unordered(4);
    while running.next().await.is_some() {}
    let of = |count: &AtomicUsize| count.load(Ordering::Relaxed) * 100 / documents;
    let shares = (of(&tally.executed), of(&tally.written), of(&tally.failed));
    let keys = (of(&tally.merged), of(&tally.clashed));
    println!(
        "{documents} documents; executed, written by rows, with errors, in %: {shares:?}; of keys in two fragments \
         executed and refused: {keys:?}; {:?} bytes",
        tally.bytes
    );
    assert!(shares.0 > 60 && shares.1 > 30 && shares.2 > 3, "{shares:?}");
    assert!(keys.0 > 3 && keys.1 > 0, "{keys:?}");
    let all: BTreeSet<String> = schema.reached().into_iter().collect();
    let asked = std::mem::take(&mut *tally.asked.lock().unwrap());
    assert_eq!(all.difference(&asked).collect::<Vec<_>>(), [""; 0], "never asked for");
}

/// A field that reads a column which was not fetched would answer another value alone than with all others.
#[tokio::test(flavor = "multi_thread")]
async fn every_field_alone_answers_as_it_does_among_all() {
    let ways = Ways::open().await;
    let schema = Schema::read();
    let admin = ways.rows.staff(&["*"]).await;
    let token = admin.token.as_deref();
    let ids = known::ids(&ways.rows, None).await;
    let mut compared = 0;
    for node in schema.nodes() {
        let some: Vec<String> = ids[node].iter().take(20).map(|id| format!("\"{id}\"")).collect();
        assert!(!some.is_empty(), "{node}");
        // Through an edge or a list, where rows are narrow: `node(id:)` fetches them whole.
        let fields: Vec<String> = schema.fields(node).into_iter().map(|field| selection(&schema, field)).collect();
        for id in &some {
            let find = |selection: &str| {
                let root = format!("{}{}", node[..1].to_lowercase(), &node[1..]);
                if schema.fields("Query").iter().any(|field| field.name.node == root) {
                    format!("{{ it: {root}(id: {id}) {{ {selection} }} }}")
                } else {
                    format!("{{ it: node(id: {id}) {{ ... on {node} {{ {selection} }} }} }}")
                }
            };
            let whole = ask(&ways.ordinary, token, &find(&fields.join(" ")), &json!({})).await;
            assert!(whole.response.errors.is_empty(), "{node}: {:?}", whole.response.errors);
            let whole: Value = serde_json::from_str(&by_serde(&whole.response.data)).unwrap();
            for field in &fields {
                let alone = ask(&ways.rows, token, &find(field), &json!({})).await;
                let alone: Value = serde_json::from_str(&by_us(&alone.response.data)).unwrap();
                let key = field.split([' ', '(']).next().unwrap();
                assert_eq!(alone["it"][key], whole["it"][key], "{node}.{field}");
                compared += 1;
            }
        }
    }
    assert!(compared > 1000, "{compared}");
}

/// A field with a small selection of its own.
fn selection(schema: &Schema, field: &async_graphql::parser::types::FieldDefinition) -> String {
    let (name, of) = (&field.name.node, base(&field.ty.node));
    if schema.is_leaf(of) {
        return name.to_string();
    }
    if let Some(row) = schema.row_of(of) {
        let first = schema.fields(row).into_iter().find(|field| schema.is_leaf(base(&field.ty.node))).unwrap();
        return format!("{name}(first: 3) {{ totalCount nodes {{ {} }} }}", first.name.node);
    }
    let leaf = schema.fields(of).into_iter().find(|field| schema.is_leaf(base(&field.ty.node)));
    format!("{name} {{ {} }}", leaf.map_or("__typename".to_owned(), |leaf| leaf.name.node.to_string()))
}
