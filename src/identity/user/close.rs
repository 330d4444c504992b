//! The end of an account, and its return.

use async_graphql::{ID, InputObject};
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl as _;
use secrecy::SecretString;

use crate::command::{Becomes, Before, Command, Done, Effect, EffectKind, Prepare, Write};
use crate::db::statement::{Bind, Statement};
use crate::entity::{edge, method};
use crate::id::UserId;
use crate::identity::entry::{self, Entry};
use crate::identity::{leaving, rights};
use crate::outcome::{UserError, UserErrorCode};
use crate::payload;
use crate::viewer::{Permission, Requires};

/// Which account is closed.
#[derive(InputObject)]
pub struct CloseUserInput {
    /// The account.
    id: ID,
    /// Required when closing one's own account.
    #[graphql(secret)]
    password: Option<String>,
    /// Whether a balance that is left may be lost.
    #[graphql(default = false)]
    forfeit_credit: bool,
}

payload! {
    /// The outcome of closing an account.
    CloseUserPayload {
        /// The account as it is now. Null when nothing was done, and for whoever has closed the own one.
        user: UserId,
    }
}

/// A closing whose password, if there was one, was right.
#[derive(Clone)]
pub struct Closing {
    id: ID,
    forfeit_credit: bool,
    entry: Option<Entry>,
}

impl Prepare for CloseUserInput {
    type Ready = Closing;

    async fn prepare(self, before: Before<'_>) -> Done<Closing> {
        let entry = entry::of::<Closing>(before, self.password.map(SecretString::from), "password").await?;
        Ok(Closing { id: self.id, forfeit_credit: self.forfeit_credit, entry })
    }
}

impl Command for Closing {
    const NAME: &'static str = "closeUser";
    const REQUIRES: Option<Requires> = Some(Requires::own(Permission::UserClose));
    const EFFECT: Effect = Effect::of(EffectKind::Correctable).undone_by("reopenUser");
    const ONCE: bool = true;
    type Payload = CloseUserPayload;

    async fn run(self, write: &mut Write) -> Done<CloseUserPayload> {
        let id = UserId::parse(&self.id, "input.id")?;
        let is_own = write.viewer().user() == Some(id);
        // Oneself, too: who may do what has to stand still.
        rights::mine(write).await?;
        let user = rights::person::<Self>(write, id).await?;
        if is_own && self.entry.is_none_or(|entry| entry.user != id) {
            let message = "Enter your password to close your account.";
            return Err(UserError::new(UserErrorCode::WrongCredentials, message).at("password").into());
        }
        if write.change(&user, |_| {}).await? {
            settled(write, id, self.forfeit_credit).await?;
            leaving::account(write, &user).await?;
        }
        if is_own {
            // A guest sees nobody.
            write.becomes(Becomes::Guest);
            return Ok(CloseUserPayload::default());
        }
        Ok(CloseUserPayload::of(id))
    }
}

/// Checks that nothing stands in the way of closing an account.
async fn settled(write: &Write, person: UserId, forfeits: bool) -> Done<()> {
    let text = "SELECT has_servers, has_invoices, has_credit FROM app.unsettled(?)";
    let statement = Statement::<(Bool, Bool, Bool)>::new(text, vec![Bind::Uuid(person.0)]);
    let (servers, invoices, credit): (bool, bool, bool) = statement.get_result(&mut write.conn()).await?;
    let refused = |code, message: &str| Err(UserError::new(code, message).into());
    if servers {
        return refused(UserErrorCode::InUse, "There are servers. End them first.");
    }
    if invoices {
        return refused(UserErrorCode::Outstanding, "There are invoices to be paid.");
    }
    if credit && !forfeits {
        let message = "There is a balance, which would be lost.";
        return Err(UserError::new(UserErrorCode::Outstanding, message).at("forfeitCredit").into());
    }
    Ok(())
}

/// Which account comes back.
#[derive(InputObject, Clone)]
pub struct ReopenUserInput {
    /// The account.
    id: ID,
}

payload! {
    /// The outcome of opening an account again.
    ReopenUserPayload {
        /// The account as it is now. Null when nothing was done.
        user: UserId,
    }
}

impl Command for ReopenUserInput {
    const NAME: &'static str = "reopenUser";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::UserClose));
    const EFFECT: Effect = Effect::of(EffectKind::Correctable).undone_by("closeUser");
    type Payload = ReopenUserPayload;

    async fn run(self, write: &mut Write) -> Done<ReopenUserPayload> {
        let user = rights::person::<Self>(write, UserId::parse(&self.id, "input.id")?).await?;
        write.change(&user, |_| {}).await?;
        Ok(ReopenUserPayload::of(user.id))
    }
}
