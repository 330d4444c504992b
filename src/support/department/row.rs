//! The department's row, and the loaders that find departments by what refers to them.

use std::sync::Arc;

use diesel::pg::Pg;
use diesel::prelude::*;
use rustc_hash::FxHashMap;

use crate::db::batch::{Found, Key};
use crate::db::list::{Ending, InOrder, Over};
use crate::db::row::{Columns, Selected};
use crate::db::schema::{departments, tickets};
use crate::db::unit::Unit;
use crate::error::{Error, Result};
use crate::id::DepartmentId;
use crate::support::Ticket;
use crate::viewer::Viewer;
use crate::{by_id, column, record, row};

row! {
    /// Whom a ticket is for.
    Department of departments {
        id: DepartmentId,
        revision: i32,
        slug: String,
        name: String,
        is_public: bool,
    }
}

by_id! { Department by DepartmentId in departments }

record! {
    Department as DepartmentId in departments {
        given id, slug;
        name, is_public
    }
}

impl Department {
    /// The departments that `viewer` may see: all of them for staff, for others the public ones and those that their
    /// tickets are for.
    #[must_use]
    pub fn visible_to(viewer: &Viewer) -> departments::BoxedQuery<'static, Pg> {
        let query = departments::table.into_boxed();
        if viewer.is_staff() {
            return query;
        }
        let meant = Ticket::visible_to(viewer).select(tickets::department);
        query.filter(departments::is_public.or(departments::slug.eq_any(meant)))
    }

    /// A department that is made now.
    #[must_use]
    pub fn new(id: DepartmentId, slug: String, name: String, is_public: bool) -> Self {
        Self { id, slug, name, is_public, ..Self::default() }
    }

    /// What tickets refer to it by.
    #[must_use]
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// Whether `viewer` may send a ticket there.
    #[must_use]
    pub fn is_open_to(&self, viewer: &Viewer) -> bool {
        self.is_public || viewer.is_staff()
    }
}

async fn fetch(
    unit: &Unit,
    query: Over<departments::table, departments::SqlType>,
    order: Option<InOrder>,
) -> Result<Vec<Arc<Department>>> {
    let selected = Selected::of::<Department>(Columns::ALL, None);
    let ending = Ending { order, ..Ending::new(selected, unit.viewer().statement_kind()) };
    unit.fetch(ending.finish(query), |row| Ok(Arc::new(selected.read::<Department>(row, 0)?.row))).await
}

/// The key of all departments that the viewer may choose, by name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AllDepartments;

impl Key for AllDepartments {
    type Value = Arc<Vec<Arc<Department>>>;

    async fn load(_: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let viewer = unit.viewer();
        viewer.user().ok_or_else(Error::unauthenticated)?;
        let mut query = Department::visible_to(viewer);
        if !viewer.is_staff() {
            query = query.filter(departments::is_public);
        }
        let by_name = InOrder { column: column!(departments.name), descending: false };
        let all = fetch(&unit, query, Some(by_name)).await?;
        Ok([(Self, Arc::new(all))].into_iter().collect())
    }
}

/// The key of a department by its slug.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DepartmentOf(pub(in crate::support) String);

impl Key for DepartmentOf {
    type Value = Arc<Department>;

    async fn load(keys: Vec<Self>, unit: Arc<Unit>) -> Result<Found<Self>> {
        let slugs: Vec<String> = keys.into_iter().map(|DepartmentOf(slug)| slug).collect();
        let query = Department::visible_to(unit.viewer()).filter(departments::slug.eq_any(slugs));
        let found = fetch(&unit, query, None).await?;
        Ok(found.into_iter().map(|one| (Self(one.slug.clone()), one)).collect::<FxHashMap<_, _>>())
    }
}
