//! What the viewer may do with an account: what its table of states says, and the rule over people.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::row::User;
use crate::db::batch::{Found, Key};
use crate::db::statement::{Bind, Statement};
use crate::db::unit::Unit;
use crate::entity::{Kind, each};
use crate::error::Result;
use crate::id::UserId;
use crate::identity::rights;
use crate::life::{Judge, actions};
use crate::outcome::AllowedAction;
use crate::viewer::{Permission, Permissions, Requires};

/// The field: one statement for any number of accounts.
pub fn allowed_actions() -> Box<dyn Kind<User>> {
    each(
        |user: &User, _| StandingOf(user.id),
        |user: &User, standing: Option<Arc<Standing>>| {
            let actions = standing.map(|standing| standing.actions(user)).unwrap_or_default();
            actions.into_iter().map(Box::new).collect()
        },
    )
}

/// The key of how a viewer and an account stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct StandingOf(UserId);

/// Who decides, when, and what the account may do itself.
struct Standing {
    judge: Judge,
    theirs: Permissions,
}

impl Standing {
    fn actions(&self, user: &User) -> Vec<AllowedAction> {
        let viewer = &self.judge.viewer;
        let mut actions = actions(user, &self.judge);
        if viewer.user() == Some(user.id) {
            let requires = Requires::own(Permission::SessionRevoke);
            actions.push(AllowedAction::by_permission("revokeOtherSessions", viewer, requires, user.id));
        } else if let Err(error) = rights::within(&self.theirs, &viewer.permissions) {
            let refused = |action: AllowedAction| action.or_refused((error.code, error.message.clone()));
            actions = actions.into_iter().map(refused).collect();
        }
        actions
    }
}

impl Key for StandingOf {
    type Value = Arc<Standing>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let statement = Statement::<(SqlUuid, Timestamptz, Array<Text>)>::new(
            "SELECT asked.id, app.now(), ARRAY( \
                 SELECT jsonb_array_elements_text(r.permissions) \
                 FROM user_roles held JOIN roles r ON r.id = held.role_id WHERE held.user_id = asked.id \
             ) FROM unnest(?) AS asked (id)",
            vec![Bind::ids(keys.into_iter().map(|StandingOf(user)| user))],
        );
        let rows: Vec<(Uuid, DateTime<Utc>, Vec<String>)> = statement.of(unit.viewer()).load(&mut unit.conn()).await?;
        let standing = |(user, now, theirs): (Uuid, DateTime<Utc>, Vec<String>)| {
            let judge = Judge { viewer: Arc::clone(unit.viewer()), now };
            (StandingOf(UserId(user)), Arc::new(Standing { judge, theirs: theirs.into_iter().collect() }))
        };
        Ok(rows.into_iter().map(standing).collect())
    }
}
