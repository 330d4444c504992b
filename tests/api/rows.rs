//! What the database holds, read behind the app's back.

use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl as _, SimpleAsyncConnection as _};
use serde_json::Value;

use crate::harness::App;

#[derive(QueryableByName)]
struct Json {
    #[diesel(sql_type = Text)]
    text: String,
}

/// The rows of a query, each an object.
pub async fn rows(app: &App, query: &str) -> Vec<Value> {
    let mut owner = app.owner().await;
    owner.batch_execute("SET ROLE app_maintenance").await.unwrap();
    let query = format!("SELECT coalesce(jsonb_agg(to_jsonb(row)), '[]')::text AS text FROM ({query}) AS row");
    let json: Json = diesel::sql_query(query).get_result(&mut owner).await.unwrap();
    serde_json::from_str(&json.text).unwrap()
}

/// The values of a query with one column named `value`.
pub async fn values(app: &App, query: &str) -> Vec<Value> {
    rows(app, query).await.into_iter().map(|mut row| row["value"].take()).collect()
}

/// The texts of a query with one column named `value`.
pub async fn texts(app: &App, query: &str) -> Vec<String> {
    values(app, query).await.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

/// The one text of a query with one column named `value`.
pub async fn text(app: &App, query: &str) -> String {
    let [text] = texts(app, query).await.try_into().unwrap();
    text
}

/// Puts ids of Ada's rows into a document: `"{srv}"` becomes the id of a server of hers, and so on by the prefixes.
pub async fn fill(app: &App, document: &str) -> String {
    let Some((before, rest)) = document.split_once("\"{") else { return document.to_owned() };
    let (prefix, after) = rest.split_once("}\"").unwrap();
    let of_ada = match prefix {
        "usr" => "users WHERE username = 'ada'",
        "rol" => "roles WHERE name = 'user'",
        "pkg" => "server_packages WHERE name = 'Medium'",
        "srv" => "servers WHERE name = 'Web'",
        "inv" => "invoices WHERE number = 'SP-1001'",
        "trx" => "transactions WHERE reference = 'pi_demo_1001'",
        "tkt" => "tickets WHERE subject = 'Reverse DNS for the web server'",
        // The one that another ticket of hers was merged into.
        "mtk" => "tickets WHERE subject = 'Database server drops connections at night'",
        // One of several: some are deleted on the way.
        "can" => "(SELECT * FROM canned_replies ORDER BY id LIMIT 1) AS first",
        "dep" => "departments WHERE slug = 'technical'",
        "mal" => {
            crate::mail::lie_about(app).await;
            "mails WHERE name = '<3@test>'"
        }
        "ses" => {
            // One that only waits to be revoked: the newest.
            app.user("ada").await;
            "(SELECT * FROM sessions ORDER BY created_at DESC LIMIT 1) AS newest"
        }
        _ => panic!("{prefix}: no such placeholder"),
    };
    let id = text(app, &format!("SELECT replace(id::text, '-', '') AS value FROM {of_ada}")).await;
    let prefix = if prefix == "mtk" { "tkt" } else { prefix };
    Box::pin(fill(app, &format!("{before}\"{prefix}_{id}\"{after}"))).await
}
