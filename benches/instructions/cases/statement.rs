//! Statements: their text is written anew at each request, since what is selected, filtered and sorted makes it.

use std::hint::black_box;

use diesel::pg::{Pg, PgQueryBuilder};
use diesel::query_builder::{QueryBuilder as _, QueryFragment as _};
use skypanel::db::list::{Ending, Fragment};
use skypanel::db::row::{Columns, Selected};
use skypanel::page::{ById as _, Listed as _, Page, PageArguments};
use skypanel::support::{Ticket, TicketFilter, TicketOrderField};
use skypanel::viewer::Viewer;
use uuid::Uuid;

use super::{Part, Prepare};
use crate::Failure;

pub const CASES: &[(&str, Prepare)] = &[("statement/row", row), ("statement/page", page)];

const ID: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);

fn text(statement: &Fragment) -> String {
    let mut text = PgQueryBuilder::default();
    drop(statement.to_sql(&mut text, &Pg));
    text.finish()
}

#[expect(clippy::unnecessary_wraps, reason = "all parts are prepared alike")]
fn row() -> Result<Part, Failure> {
    let viewer = Viewer::default();
    let selected = Selected::of::<Ticket>(Columns::ALL, None);
    Ok(Box::new(move || {
        let ending = Ending::new(selected, viewer.statement_kind()).of_ids(Ticket::ID, vec![ID]);
        drop(black_box(text(&Ticket::seen(&viewer, ending))));
    }))
}

fn page() -> Result<Part, Failure> {
    let viewer = Viewer::default();
    let page = Page::read(PageArguments::default(), TicketOrderField::CreatedAt, true);
    let page = page.map_err(|error| format!("{error:?}"))?;
    let selected = Selected::of::<Ticket>(Columns::ALL, None);
    Ok(Box::new(move || {
        let mut ending = Ending::new(selected, viewer.statement_kind());
        ending.limit = Some(page.limit());
        ending.order = Some(page.in_order());
        drop(black_box(text(&Ticket::query(&viewer, &TicketFilter::default(), ending))));
    }))
}
