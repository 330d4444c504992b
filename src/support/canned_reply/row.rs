//! The canned reply's row, and the loader of all of them.

use std::sync::Arc;

use diesel::pg::Pg;
use diesel::prelude::*;

use crate::db::batch::{Found, Key};
use crate::db::list::{Ending, InOrder};
use crate::db::row::{Columns, Selected};
use crate::db::schema::canned_replies;
use crate::db::unit::Unit;
use crate::error::Result;
use crate::id::{CannedReplyId, DepartmentId};
use crate::page::ById as _;
use crate::viewer::{Permission, Viewer};
use crate::{by_id, column, record, row};

row! {
    /// An answer that staff keeps ready.
    CannedReply of canned_replies {
        id: CannedReplyId,
        revision: i32,
        name: String,
        content: String,
        department_id: Option<DepartmentId>,
    }
}

by_id! { CannedReply by CannedReplyId in canned_replies }

record! {
    CannedReply as CannedReplyId in canned_replies {
        given id;
        name, content, department_id
    }
}

impl CannedReply {
    /// The canned replies that `viewer` may see: all or none.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> canned_replies::BoxedQuery<'static, Pg> {
        let query = canned_replies::table.into_boxed();
        if viewer.can(Permission::CannedReplyRead) { query } else { query.filter(canned_replies::id.is_null()) }
    }

    /// One that is made now.
    #[must_use]
    pub fn new(id: CannedReplyId, name: String, content: String, department_id: Option<DepartmentId>) -> Self {
        Self { id, name, content, department_id, ..Self::default() }
    }
}

/// The key of all canned replies, by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AllCannedReplies;

impl Key for AllCannedReplies {
    type Value = Arc<Vec<Arc<CannedReply>>>;

    async fn load(_: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let selected = Selected::of::<CannedReply>(Columns::ALL, None);
        let mut ending = Ending::new(selected, unit.viewer().statement_kind());
        ending.order = Some(InOrder { column: column!(canned_replies.name), descending: false });
        let read = |row: &_| Ok(Arc::new(selected.read::<CannedReply>(row, 0)?.row));
        let all = unit.fetch(CannedReply::seen(unit.viewer(), ending), read).await?;
        Ok([(Self, Arc::new(all))].into_iter().collect())
    }
}
