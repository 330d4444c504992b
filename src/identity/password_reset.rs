//! Requests to set a new password, for those who may reset credentials.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::dsl::AsSelect;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::batch::{Found, Key};
use crate::db::list::{Column, Fragment, InScope, OfParent, SortValue};
use crate::db::schema::password_reset_tokens;
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::{PasswordResetId, UserId};
use crate::page::{Cut, Listed, Order};
use crate::viewer::{Permission, Scope, Viewer};
use crate::{finish_list, list_rows};

/// A request to set a new password. Its token is not in it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Queryable, Selectable)]
#[diesel(table_name = password_reset_tokens, check_for_backend(Pg))]
pub struct PasswordReset {
    pub(crate) id: PasswordResetId,
    pub(crate) user_id: UserId,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) used: bool,
}

type Query = password_reset_tokens::BoxedQuery<'static, Pg, AsSelect<PasswordReset, Pg>>;

impl PasswordReset {
    /// The requests that `viewer` may see.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> Query {
        let scope = if viewer.can(Permission::UserResetCredentials) { Scope::All } else { Scope::Nothing };
        let scope = InScope(Column::new("password_reset_tokens", "user_id"), scope);
        password_reset_tokens::table.select(Self::as_select()).into_boxed().filter(scope)
    }
}

/// Requests are sorted by when they were made, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ByRequest;

impl Order for ByRequest {
    fn column(self) -> Column {
        Column::new("password_reset_tokens", "created_at")
    }
}

impl Listed for PasswordReset {
    type Order = ByRequest;
    type Filter = ();

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn sort_value(&self, ByRequest: ByRequest) -> SortValue {
        SortValue::Instant(Some(self.created_at))
    }

    fn query(viewer: &Viewer, parent: Option<OfParent>, (): &(), cut: Cut<'_, ByRequest>) -> Fragment {
        finish_list!(Self::visible_to(viewer), parent, cut)
    }

    list_rows!();
}

impl Key for PasswordResetId {
    type Value = Arc<PasswordReset>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let query = PasswordReset::visible_to(unit.viewer()).filter(password_reset_tokens::id.eq_any(keys));
        let rows: Vec<PasswordReset> = query.load(&mut unit.conn()).await?;
        Ok(rows.into_iter().map(|reset| (reset.id, Arc::new(reset))).collect())
    }
}
