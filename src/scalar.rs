//! The scalars of the API that are not numbers of money: instants, days, and arguments that are decoded
//! inside the resolver.

use async_graphql::{InputType, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use diesel::deserialize::{FromSql, FromSqlRow, Result as Read};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::{Date, Timestamptz};

use crate::error::{Error, Result};

/// An instant in UTC, RFC 3339 with milliseconds, for example `2026-11-23T08:00:00.000Z`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Timestamptz)]
pub struct Instant(pub DateTime<Utc>);

/// An instant in UTC, RFC 3339 with milliseconds, for example `2026-11-23T08:00:00.000Z`.
#[Scalar(name = "DateTime", specified_by_url = "https://scalars.graphql.org/andimarek/date-time")]
impl ScalarType for Instant {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let instant = DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.to_utc());
        instant.filter(is_storable).map(Self).ok_or_else(|| InputValueError::custom("not RFC 3339"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl FromSql<Timestamptz, Pg> for Instant {
    fn from_sql(value: PgValue<'_>) -> Read<Self> {
        FromSql::<Timestamptz, Pg>::from_sql(value).map(Self)
    }
}

impl FromSql<Date, Pg> for Day {
    fn from_sql(value: PgValue<'_>) -> Read<Self> {
        FromSql::<Date, Pg>::from_sql(value).map(Self)
    }
}

impl From<DateTime<Utc>> for Instant {
    fn from(instant: DateTime<Utc>) -> Self {
        Self(instant)
    }
}

/// A calendar day, ISO 8601, for example `2026-11-23`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Date)]
pub struct Day(pub NaiveDate);

/// A calendar day, ISO 8601, for example `2026-11-23`.
#[Scalar(name = "Date", specified_by_url = "https://scalars.graphql.org/andimarek/local-date")]
impl ScalarType for Day {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        read_day(text).map(Self).ok_or_else(|| InputValueError::custom("not ISO 8601"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.format("%Y-%m-%d").to_string())
    }
}

impl From<NaiveDate> for Day {
    fn from(day: NaiveDate) -> Self {
        Self(day)
    }
}

/// An argument that is decoded inside the resolver. async-graphql decodes arguments before it, where a
/// malformed one takes the nullable field's parent down instead of the field.
#[derive(Debug, Clone)]
pub struct Undecoded<T> {
    value: Value,
    decoded: std::marker::PhantomData<fn() -> T>,
}

impl<T: InputType> Undecoded<T> {
    /// The argument that is this value: a default.
    pub fn of(value: &T) -> Self {
        Self { value: value.to_value(), decoded: std::marker::PhantomData }
    }

    /// The argument that is null.
    #[must_use]
    pub fn null() -> Self {
        Self { value: Value::Null, decoded: std::marker::PhantomData }
    }

    /// The argument as it came.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Whether the argument is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// The value.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` at `field` when it is malformed.
    pub fn decode(self, field: &str) -> Result<T> {
        T::parse(Some(self.value))
            .map_err(|_| Error::bad_input(field, format!("This is not a valid {}.", T::type_name())))
    }
}

/// Decodes an argument that may be absent or null.
///
/// # Errors
/// Like [`Undecoded::decode`].
pub fn decode<T: InputType>(given: Option<Undecoded<T>>, field: &str) -> Result<Option<T>> {
    given.filter(|given| !given.is_null()).map(|given| given.decode(field)).transpose()
}

impl<T: InputType> InputType for Undecoded<T> {
    type RawValueType = Self;

    fn type_name() -> std::borrow::Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut async_graphql::registry::Registry) -> String {
        T::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> async_graphql::InputValueResult<Self> {
        Ok(Self { value: value.unwrap_or_default(), decoded: std::marker::PhantomData })
    }

    fn to_value(&self) -> Value {
        self.value.clone()
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }
}

/// `YYYY-MM-DD` and nothing else: chrono would also read signs, blanks and years of any length, which
/// PostgreSQL then refuses.
#[must_use]
pub fn read_day(text: &str) -> Option<NaiveDate> {
    let digits = |range| text.get(range).is_some_and(|part: &str| part.bytes().all(|byte| byte.is_ascii_digit()));
    let shape = text.len() == 10 && digits(0..4) && digits(5..7) && digits(8..10);
    shape.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}

/// Whether PostgreSQL holds the instant as well: it begins later and ends earlier than chrono.
#[must_use]
pub fn is_storable(instant: &DateTime<Utc>) -> bool {
    (0..=9999).contains(&instant.year())
}

/// The most elements of an input list.
pub const MAX_LIST: usize = 100;
/// The most characters of a search.
pub const MAX_SEARCH: usize = 200;

/// A list in a filter. Null is no condition.
///
/// # Errors
/// `BAD_USER_INPUT` for an empty list, which would let nothing through, and for a very long one.
pub fn any_of<T>(values: Option<Vec<T>>, field: &str) -> Result<Option<Vec<T>>> {
    match values {
        Some(values) if values.is_empty() => {
            Err(Error::bad_input(field, "An empty list matches nothing. Leave the condition out, or name values."))
        }
        Some(values) if values.len() > MAX_LIST => Err(Error::bad_input(field, format!("At most {MAX_LIST} values."))),
        values => Ok(values),
    }
}

/// A search in a filter, without the blanks at its edges, which come along when a text is copied. Null and blank text
/// are no condition: a search box that is empty shows all.
///
/// # Errors
/// `BAD_USER_INPUT` for a very long one and for a NUL character, which PostgreSQL cannot hold.
pub fn search(text: Option<String>, field: &str) -> Result<Option<String>> {
    let text = text.map(|text| text.trim_matches(is_blank).to_owned());
    exact(text.filter(|text| !text.is_empty()), field)
}

/// White space by Unicode, and the two spaces that have no width, which are none there.
fn is_blank(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\u{200b}' | '\u{feff}')
}

/// A text in a filter that has to be met exactly. Only null is no condition.
///
/// # Errors
/// Like [`search`].
pub fn exact(text: Option<String>, field: &str) -> Result<Option<String>> {
    match text {
        Some(text) if text.contains('\0') || text.chars().count() > MAX_SEARCH => {
            Err(Error::bad_input(field, format!("At most {MAX_SEARCH} characters, and no NUL.")))
        }
        text => Ok(text),
    }
}

/// A time span in a filter: from `after` on, up to but without `before`.
///
/// # Errors
/// `BAD_USER_INPUT` for a malformed bound and for a span that ends before it starts.
pub fn span<T: InputType + PartialOrd>(
    (after, after_field): (Option<Undecoded<T>>, &str),
    (before, before_field): (Option<Undecoded<T>>, &str),
) -> Result<(Option<T>, Option<T>)> {
    let after = decode(after, after_field)?;
    let before = decode(before, before_field)?;
    if let (Some(after), Some(before)) = (&after, &before)
        && after >= before
    {
        return Err(Error::bad_input(before_field, format!("`{before_field}` must lie after `{after_field}`.")));
    }
    Ok((after, before))
}
