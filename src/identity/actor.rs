//! The public face of a person: what everybody in a conversation may know of the others in it.

use std::sync::Arc;

use diesel::sql_types::{Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::token::hex;
use crate::db::batch::{Found, Key};
use crate::db::statement::{Bind, Statement};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::UserId;

/// What kind of actor somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, async_graphql::Enum)]
pub enum ActorKind {
    /// A customer.
    Customer,
    /// Staff.
    Staff,
    /// The program itself.
    System,
}

/// The public face of a person, or the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// `None` for the system, and for staff as a whole.
    pub user: Option<UserId>,
    pub(crate) display_name: String,
    pub(crate) kind: ActorKind,
}

impl Actor {
    /// Staff as a whole: who of them did it is not for the viewer to know.
    #[must_use]
    pub fn support() -> Self {
        Self { user: None, display_name: "Support".into(), kind: ActorKind::Staff }
    }

    /// The id of this face. It tells nothing of the account: a digest cannot be turned round, and a
    /// UUID's random bits cannot be guessed.
    #[must_use]
    pub fn face(&self) -> String {
        let of = self.user.map_or_else(|| self.display_name.clone(), |user| user.0.to_string());
        let digest = hex(&Sha256::digest(format!("actor:{of}")));
        digest.chars().take(32).collect()
    }

    /// The program itself.
    #[must_use]
    pub fn system() -> Self {
        Self { user: None, display_name: "System".into(), kind: ActorKind::System }
    }
}

/// The key of a person's public face. The ids come from rows that the viewer has read: a definer
/// function answers, because the account itself may be hidden from the viewer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ActorOf(pub(crate) UserId);

impl Key for ActorOf {
    type Value = Arc<Actor>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let statement = Statement::<(SqlUuid, Text, Text)>::new(
            "SELECT id, display_name, kind FROM app.actors(?)",
            vec![Bind::ids(keys.into_iter().map(|ActorOf(user)| user))],
        );
        let rows: Vec<(Uuid, String, String)> = statement.load(&mut unit.conn()).await?;
        Ok(rows
            .into_iter()
            .map(|(id, display_name, kind)| {
                let kind = if kind == "staff" { ActorKind::Staff } else { ActorKind::Customer };
                (ActorOf(UserId(id)), Arc::new(Actor { user: Some(UserId(id)), display_name, kind }))
            })
            .collect())
    }
}
