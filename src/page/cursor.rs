//! Cursors: the sort value and the id of a row, bound to the list and the order they came from.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use uuid::Uuid;

use crate::db::list::{Column, SortKind, SortValue};
use crate::error::{Error, Result};
use crate::scalar::{is_storable, read_day};

/// The most bytes of a text that lists are sorted by: four for each of 64 characters, and some.
const MAX_TEXT: usize = 512;

/// Writes the cursor of a row.
pub(super) fn encode(column: Column, descending: bool, value: &SortValue, id: Uuid) -> String {
    let value = match value {
        SortValue::Instant(value) => value.map_or_else(String::new, |at| at.timestamp_micros().to_string()),
        SortValue::Day(value) => value.map_or_else(String::new, |day| day.to_string()),
        SortValue::Text(value) => value.clone(),
        SortValue::Rank(value) => value.to_string(),
        SortValue::Number(value) => value.to_string(),
    };
    let direction = if descending { '-' } else { '+' };
    URL_SAFE_NO_PAD.encode(format!("{}.{}{direction}{}{value}", column.table, column.name, id.as_simple()))
}

/// Reads a cursor of this column and direction.
pub(super) fn decode(text: &str, column: Column, descending: bool, field: &str) -> Result<(SortValue, Uuid)> {
    parse(text, column, descending).ok_or_else(|| {
        Error::bad_input(field, "This is not a cursor of this list in this order. Start again without it.")
    })
}

fn parse(text: &str, column: Column, descending: bool) -> Option<(SortValue, Uuid)> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let text = std::str::from_utf8(&bytes).ok()?;
    let rest = text.strip_prefix(column.table)?.strip_prefix('.')?.strip_prefix(column.name)?;
    let rest = rest.strip_prefix(if descending { '-' } else { '+' })?;
    let (id, value) = rest.split_at_checked(32)?;
    Some((sort_value(value, column)?, Uuid::try_parse(id).ok()?))
}

fn sort_value(text: &str, column: Column) -> Option<SortValue> {
    let absent = text.is_empty();
    Some(match column.kind {
        SortKind::Day => SortValue::Day(if absent { None } else { Some(read_day(text)?) }),
        SortKind::Rank => SortValue::Rank(text.parse().ok()?),
        SortKind::Number => SortValue::Number(text.parse().ok()?),
        SortKind::Text if text.contains('\0') || text.len() > MAX_TEXT => return None,
        SortKind::Text => SortValue::Text(text.to_owned()),
        SortKind::Instant if absent => SortValue::Instant(None),
        SortKind::Instant => {
            SortValue::Instant(Some(DateTime::from_timestamp_micros(text.parse().ok()?).filter(is_storable)?))
        }
        SortKind::Id => return None,
    })
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;
    use crate::column;

    const CREATED: Column = column!(tickets.created_at);

    #[test]
    fn a_cursor_reads_back_in_its_own_order_alone() {
        let id = Uuid::from_u128(7);
        for (column, value) in [
            (CREATED, SortValue::Instant(DateTime::from_timestamp_micros(1_700_000_000_123_456))),
            (column!(tickets.response_due_sort), SortValue::Instant(None)),
            (column!(invoices.due_date_sort), SortValue::Day(NaiveDate::from_ymd_opt(2026, 11, 23))),
            (column!(servers.name_key), SortValue::Text("web-1 \u{1f600}".into())),
            (column!(tickets.priority_rank), SortValue::Rank(4)),
            (column!(invoice_items.position), SortValue::Number(100_000)),
        ] {
            let text = encode(column, true, &value, id);
            assert_eq!(decode(&text, column, true, "after").unwrap(), (value, id));
            assert!(decode(&text, column, false, "after").is_err());
            assert!(decode(&text, column!(tickets.updated_at), true, "after").is_err());
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "x", "dGlja2V0cw", "dGlja2V0cy5jcmVhdGVkX2F0LQ", "\u{1f600}"] {
            assert!(decode(text, CREATED, true, "after").is_err(), "{text}");
        }
        let id = Uuid::nil().simple();
        for (column, value) in [
            (CREATED, "-1000000000000000000"),
            (CREATED, "9223372036854775807"),
            (column!(invoices.due_date_sort), "-262143-01-01"),
            (column!(servers.name_key), "a\0b"),
            (column!(tickets.priority_rank), "99999"),
            (column!(invoice_items.position), "9999999999"),
        ] {
            let text = URL_SAFE_NO_PAD.encode(format!("{}.{}-{id}{value}", column.table, column.name));
            assert!(decode(&text, column, true, "after").is_err(), "{value}");
        }
    }
}
