//! The requests of an operation, each made once and looked at before anything is measured.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::Failure;
use crate::client::Client;
use crate::data::ADMINISTRATOR;
use crate::operation::{Operation, Varies};
use crate::request::{post, typed};
use crate::sessions::{self, Tokens};
use crate::sql::Sql;

/// The most ids that an operation varies over.
const IDS: usize = 500;
/// The most pages.
const PAGES: usize = 100;

/// A request of a workload.
pub struct Request {
    /// As it goes over the wire.
    pub bytes: Vec<u8>,
    /// How long the body of its answer is; while nobody writes, every time.
    pub answer: usize,
}

/// The people who act, and what they ask for.
pub struct Cast {
    tokens: Tokens,
    /// Sees everything.
    pub administrator: String,
    people: Vec<String>,
    servers: Vec<String>,
}

impl Cast {
    /// Chooses people and servers, the same ones every time, and signs the people in.
    pub fn gather(sql: &Sql) -> Result<Self, Failure> {
        let administrator = sql.value(&format!("SELECT id FROM users WHERE username = '{ADMINISTRATOR}'"))?;
        let people = sql.column(&format!(
            "SELECT id FROM users WHERE username LIKE 'user%' AND status = 'active' ORDER BY md5(id::text) LIMIT {IDS}"
        ))?;
        let servers =
            sql.column(&format!("SELECT id FROM servers WHERE deleted_at IS NULL ORDER BY md5(id::text) LIMIT {IDS}"))?;
        let actors = [std::slice::from_ref(&administrator), &people].concat();
        Ok(Self { tokens: sessions::open(sql, &actors)?, administrator, people, servers })
    }

    /// The requests of an operation. A wrong answer ends the run.
    pub fn requests(&self, operation: Operation, client: &mut Client) -> Result<Vec<Request>, Failure> {
        let asking = |actor: &String, variables| Asking { operation, token: self.token(actor), variables };
        match operation.varies() {
            Varies::Actor => {
                let each = self.people.iter().map(|id| asking(id, json!({ "id": typed("usr", id) })));
                each.map(|asking| Ok(asking.ask(client)?.0)).collect()
            }
            Varies::Server => {
                let variables = self.servers.iter().map(|id| json!({ "id": typed("srv", id) }));
                let each = variables.map(|variables| asking(&self.administrator, variables));
                each.map(|asking| Ok(asking.ask(client)?.0)).collect()
            }
            Varies::PageOf(field) => {
                let mut requests = Vec::new();
                let mut after = Value::Null;
                while requests.len() < PAGES {
                    let (request, data) = asking(&self.administrator, json!({ "after": after })).ask(client)?;
                    requests.push(request);
                    let info = data.pointer(&format!("/{field}/pageInfo")).ok_or("a page without pageInfo")?;
                    if info.get("hasNextPage") != Some(&Value::Bool(true)) {
                        break;
                    }
                    after = info.get("endCursor").cloned().unwrap_or_default();
                }
                Ok(requests)
            }
        }
    }

    /// Somebody who sees what is their own.
    pub fn customer(&self) -> Result<&str, Failure> {
        self.people.first().map(String::as_str).ok_or_else(|| "there are no people".into())
    }

    /// The token of somebody who acts.
    pub fn token(&self, actor: &str) -> &str {
        self.tokens.get(actor).map_or("", String::as_str)
    }
}

/// A request that is not written yet.
struct Asking<'a> {
    operation: Operation,
    token: &'a str,
    variables: Value,
}

impl Asking<'_> {
    /// Makes it once; also gives the data of the answer, which must be whole.
    fn ask(&self, client: &mut Client) -> Result<(Request, Value), Failure> {
        let bytes = post(self.token, self.operation.document(), &self.variables);
        let answer = client.ask(&bytes)?;
        let mut body: BTreeMap<String, Value> = serde_json::from_slice(answer.body)?;
        let data = body.remove("data").unwrap_or_default();
        let whole = data.as_object().is_some_and(|roots| roots.values().all(|root| !root.is_null()));
        if answer.status != 200 || body.contains_key("errors") || !whole {
            let told = String::from_utf8_lossy(answer.body);
            return Err(format!("{} {}: HTTP {}, {told}", self.operation, self.variables, answer.status).into());
        }
        Ok((Request { answer: answer.body.len(), bytes }, data))
    }
}
