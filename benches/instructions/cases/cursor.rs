//! Cursors: one is read for a page, one is written for each row whose place is asked for.

use std::hint::black_box;

use chrono::DateTime;
use skypanel::db::list::SortValue;
use skypanel::page::{Page, PageArguments};
use skypanel::support::TicketOrderField;
use uuid::Uuid;

use super::{Part, Prepare};
use crate::Failure;

pub const CASES: &[(&str, Prepare)] = &[("cursor/write", write), ("cursor/read", read)];

const ID: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);

fn page(after: Option<String>) -> Result<Page<TicketOrderField>, Failure> {
    let arguments = PageArguments { after, ..PageArguments::default() };
    let page = Page::read(arguments, TicketOrderField::CreatedAt, true);
    page.map_err(|error| format!("{error:?}").into())
}

fn place() -> (SortValue, Uuid) {
    (SortValue::Instant(DateTime::from_timestamp(1_750_000_000, 123_456_000)), ID)
}

fn write() -> Result<Part, Failure> {
    let (page, place) = (page(None)?, place());
    Ok(Box::new(move || drop(black_box(page.cursor(black_box(&place))))))
}

fn read() -> Result<Part, Failure> {
    let cursor = page(None)?.cursor(&place());
    page(Some(cursor.clone()))?;
    Ok(Box::new(move || drop(black_box(page(Some(cursor.clone()))))))
}
