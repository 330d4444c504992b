//! The public face of a person, and its loader.

use std::sync::Arc;

use diesel::sql_types::{Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::db::batch::{Found, Key};
use crate::db::statement::{Bind, Statement};
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::UserId;
use crate::identity::token::hex;
use crate::text_enum;

text_enum! {
    /// What kind of actor somebody is.
    ActorKind {
        /// A customer.
        Customer = "customer",
        /// Staff.
        Staff = "staff",
        /// The program itself.
        System = "system",
    }
}

/// Who did something, before anybody asks what they are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A person.
    Person(UserId),
    /// Staff as a whole: who of them did it is not for the viewer to know.
    Support,
    /// The program itself.
    System,
}

/// The public face of a person, or of the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Who it is.
    pub subject: Subject,
    pub(super) display_name: String,
    pub(super) kind: ActorKind,
}

impl Actor {
    /// The face of somebody of whom nothing is asked that is not known already.
    #[must_use]
    pub fn of(subject: Subject) -> Self {
        let (name, kind) = match subject {
            Subject::Person(_) => ("", ActorKind::default()),
            Subject::Support => ("Support", ActorKind::Staff),
            Subject::System => ("System", ActorKind::System),
        };
        Self { subject, display_name: name.to_owned(), kind }
    }
}

impl Subject {
    /// The id of this face. It tells nothing of the account: a digest cannot be turned round, and a
    /// UUID's random bits cannot be guessed.
    #[must_use]
    pub fn face(self) -> String {
        let of = match self {
            Self::Person(user) => user.0.to_string(),
            Self::Support => "Support".to_owned(),
            Self::System => "System".to_owned(),
        };
        let digest = hex(&Sha256::digest(format!("actor:{of}")));
        digest.chars().take(32).collect()
    }

    /// The account behind it.
    #[must_use]
    pub fn user(self) -> Option<UserId> {
        if let Self::Person(user) = self { Some(user) } else { None }
    }
}

/// The key of a person's public face. The ids come from rows that the viewer has read: a definer
/// function answers, because the account itself may be hidden from the viewer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ActorOf(pub(super) UserId);

impl Key for ActorOf {
    type Value = Arc<Actor>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let statement = Statement::<(SqlUuid, Text, Text)>::new(
            "SELECT id, display_name, kind FROM app.actors(?)",
            vec![Bind::ids(keys.into_iter().map(|ActorOf(user)| user))],
        );
        let rows: Vec<(Uuid, String, ActorKind)> = statement.load(&mut unit.conn()).await?;
        let face = |(id, display_name, kind)| {
            let user = UserId(id);
            (ActorOf(user), Arc::new(Actor { subject: Subject::Person(user), display_name, kind }))
        };
        Ok(rows.into_iter().map(face).collect())
    }
}
