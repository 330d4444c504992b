//! The mail's row, and its lists.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;

use super::retry::RetryMailInput;
use crate::db::client::Client;
use crate::db::list::{Ending, Fragment, InScope};
use crate::db::schema::mails;
use crate::error::Result;
use crate::id::{MailId, UserId};
use crate::life::{Life, Step, To};
use crate::page::{Listed, Newest};
use crate::scalar::Instant;
use crate::viewer::{Permission, Scope, Viewer};
use crate::{by_id, column, record, row, text_enum};

use std::sync::LazyLock;

text_enum! {
    /// Where a mail is.
    MailStatus {
        /// It leaves, or is tried again.
        Queued = "queued",
        /// The server has it.
        Sent = "sent",
        /// Given up: a dead letter.
        Failed = "failed",
    }
}

row! {
    /// A mail that the system wrote.
    Mail of mails {
        id: MailId,
        user_id: UserId,
        address: String,
        subject: String,
        status: MailStatus,
        attempts: i32,
        next_attempt_at: Instant,
        last_error: Option<String>,
        created_at: Instant,
        sent_at: Option<Instant>,
    }
}

by_id! { Mail by MailId in mails }

record! { Mail as MailId in mails { given id, user_id, created_at; status, attempts, next_attempt_at } }

static TABLE: LazyLock<Vec<Step<Mail>>> = LazyLock::new(|| {
    vec![
        Step::of::<RetryMailInput>(&[MailStatus::Failed], To::State(MailStatus::Queued)),
        Step::of::<RetryMailInput>(&[MailStatus::Queued], To::Satisfied),
    ]
});

impl Life for Mail {
    type State = MailStatus;
    type Terms = ();
    const NOUN: &'static str = "mail";

    fn table() -> &'static [Step<Self>] {
        &TABLE
    }

    async fn terms(&self, _: MailStatus, _: &Client) -> Result<()> {
        Ok(())
    }

    fn state(&self) -> MailStatus {
        self.status
    }

    /// One that is queued again has all its attempts before it.
    fn enter(&mut self, state: MailStatus, now: DateTime<Utc>, (): ()) {
        if state == MailStatus::Queued {
            (self.attempts, self.next_attempt_at) = (0, now.into());
        }
        self.status = state;
    }

    fn owner(&self) -> UserId {
        self.user_id
    }
}

/// What narrows the list of mails.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct MailFilter {
    pub(super) status: Option<Vec<MailStatus>>,
}

impl Mail {
    /// The mails that `viewer` may see: all of them, or none.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> mails::BoxedQuery<'static, Pg> {
        let scope = if viewer.can(Permission::SystemRead) { Scope::All } else { Scope::Nothing };
        mails::table.into_boxed().filter(InScope(column!(mails.id), scope))
    }
}

impl Listed for Mail {
    type Order = Newest;
    type Filter = MailFilter;

    fn newest() -> Newest {
        Newest(column!(mails.created_at))
    }

    fn query(viewer: &Viewer, filter: &MailFilter, mut ending: Ending) -> Fragment {
        let mut query = Self::visible_to(viewer);
        if let Some(status) = ending.any_of(column!(mails.status), filter.status.as_ref()) {
            query = query.filter(status);
        }
        ending.finish(query)
    }
}
