//! JSON, written as bytes: the values of rows, and whole answers.

use async_graphql::Value;
use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive as _};
use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Timelike, Utc};
use uuid::Uuid;

/// `null`.
pub const NULL: &[u8] = b"null";

/// A text with its quotes.
pub fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\')) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        let Some((byte, after)) = special.split_first() else { break };
        escaped(out, *byte);
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn escaped(out: &mut Vec<u8>, byte: u8) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0x08 => out.extend_from_slice(b"\\b"),
        0x0c => out.extend_from_slice(b"\\f"),
        other => {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&[hex(other >> 4), hex(other & 15)]);
        }
    }
}

fn hex(nibble: u8) -> u8 {
    if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }
}

/// A typed id: its prefix, `_`, and 32 hex digits.
pub fn id(out: &mut Vec<u8>, prefix: &str, id: Uuid) {
    let mut digits = [0; 32];
    out.push(b'"');
    out.extend_from_slice(prefix.as_bytes());
    out.push(b'_');
    out.extend_from_slice(id.as_simple().encode_lower(&mut digits).as_bytes());
    out.push(b'"');
}

/// `true` or `false`.
pub fn bool(out: &mut Vec<u8>, value: bool) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// An integer.
pub fn int(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// The two digits of a number below 100.
fn two(number: u32) -> [u8; 2] {
    let number = u8::try_from(number % 100).unwrap_or_default();
    [b'0' + number / 10, b'0' + number % 10]
}

fn date(out: &mut Vec<u8>, (year, month, day): (u32, u32, u32)) {
    out.extend_from_slice(&two(year / 100));
    out.extend_from_slice(&two(year));
    out.push(b'-');
    out.extend_from_slice(&two(month));
    out.push(b'-');
    out.extend_from_slice(&two(day));
}

/// An instant in UTC, RFC 3339 with milliseconds.
pub fn instant(out: &mut Vec<u8>, instant: DateTime<Utc>) {
    let at = instant.naive_utc();
    let Ok(year @ 0..=9999) = u32::try_from(at.year()) else {
        return text(out, &instant.to_rfc3339_opts(SecondsFormat::Millis, true));
    };
    out.push(b'"');
    date(out, (year, at.month(), at.day()));
    out.push(b'T');
    out.extend_from_slice(&two(at.hour()));
    out.push(b':');
    out.extend_from_slice(&two(at.minute()));
    out.push(b':');
    // A leap second is written as chrono writes it: sixty seconds, and its own milliseconds.
    let leap = at.nanosecond() / 1_000_000_000;
    out.extend_from_slice(&two(at.second() + leap));
    let millis = at.nanosecond() / 1_000_000 % 1000;
    let [tens, ones] = two(millis);
    out.extend_from_slice(&[b'.', two(millis / 100)[1], tens, ones, b'Z', b'"']);
}

/// A calendar day, ISO 8601.
pub fn day(out: &mut Vec<u8>, day: NaiveDate) {
    let Ok(year @ 0..=9999) = u32::try_from(day.year()) else {
        return text(out, &day.format("%Y-%m-%d").to_string());
    };
    out.push(b'"');
    date(out, (year, day.month(), day.day()));
    out.push(b'"');
}

/// The name of an enum's value: its text in the database, in capitals.
pub fn name(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    out.extend(text.bytes().map(|byte| byte.to_ascii_uppercase()));
    out.push(b'"');
}

/// A decimal number as a text, with this many digits after the point, or with as many as it has.
pub fn decimal(out: &mut Vec<u8>, number: &BigDecimal, scale: Option<u32>) {
    if scale.and_then(|scale| plain_decimal(out, number, scale)).is_none() {
        text(out, &decimal_text(number, scale));
    }
}

/// [`decimal`] without its quotes, whatever its size.
#[must_use]
pub fn decimal_text(number: &BigDecimal, scale: Option<u32>) -> String {
    match scale {
        Some(scale) => number.with_scale_round(scale.into(), RoundingMode::HalfUp).to_plain_string(),
        None => number.to_plain_string(),
    }
}

/// A number that fits an `i64` at this scale: any amount that is shown.
fn plain_decimal(out: &mut Vec<u8>, number: &BigDecimal, scale: u32) -> Option<()> {
    let (digits, own) = number.as_bigint_and_scale();
    let (digits, own) = (digits.to_i64()?, u32::try_from(own).ok()?);
    let units = if own <= scale {
        digits.checked_mul(10_i64.checked_pow(scale - own)?)?
    } else {
        // Half away from zero, as money is rounded.
        let one = 10_i64.checked_pow(own - scale)?;
        let (whole, rest) = (digits / one, digits % one);
        if rest.checked_mul(2)?.abs() >= one { whole + rest.signum() } else { whole }
    };
    let one = 10_u64.checked_pow(scale)?;
    out.push(b'"');
    if units < 0 {
        out.push(b'-');
    }
    let mut buffer = itoa::Buffer::new();
    out.extend_from_slice(buffer.format(units.unsigned_abs() / one).as_bytes());
    if scale > 0 {
        out.push(b'.');
        let digits = buffer.format(units.unsigned_abs() % one).as_bytes();
        out.extend(std::iter::repeat_n(b'0', usize::try_from(scale).ok()?.saturating_sub(digits.len())));
        out.extend_from_slice(digits);
    }
    out.push(b'"');
    Some(())
}

/// A value of an answer. What is binary in it is JSON already: rows write themselves.
pub fn value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.extend_from_slice(NULL),
        Value::Binary(written) => out.extend_from_slice(written),
        Value::Boolean(value) => bool(out, *value),
        Value::String(value) => text(out, value),
        Value::Enum(value) => text(out, value),
        Value::Number(value) => match value.as_i64() {
            Some(value) => int(out, value),
            None => out.extend_from_slice(value.to_string().as_bytes()),
        },
        Value::List(values) => list(out, values, self::value),
        Value::Object(values) => {
            let mut before = b'{';
            for (key, value) in values {
                out.push(before);
                before = b',';
                text(out, key);
                out.push(b':');
                self::value(out, value);
            }
            if before == b'{' {
                out.push(before);
            }
            out.push(b'}');
        }
    }
}

/// A list, each element by `write`.
pub fn list<T>(out: &mut Vec<u8>, values: impl IntoIterator<Item = T>, write: impl Fn(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (at, value) in values.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write(out, value);
    }
    out.push(b']');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn texts_are_as_serde_writes_them() {
        for case in
            ["", "plain", "\"\\/", "\0\u{1}\u{8}\t\n\u{b}\u{c}\r\u{1f}\u{7f}", "\u{20ac}\u{1f600}\u{2028}", "a\"b\nc"]
        {
            assert_eq!(written(|out| text(out, case)), serde_json::to_string(case).unwrap());
        }
    }

    #[test]
    fn instants_and_days_are_as_chrono_writes_them() {
        for millis in [
            0,
            -1,
            951_782_400_000,
            1_709_164_800_123,
            4_102_444_799_999,
            -62_135_596_800_000,
            253_402_300_799_999,
            253_402_300_800_000,
            -99_999_999_999_999,
        ] {
            let at = DateTime::from_timestamp_millis(millis).unwrap();
            assert_eq!(
                written(|out| instant(out, at)),
                format!("\"{}\"", at.to_rfc3339_opts(SecondsFormat::Millis, true))
            );
            let date = at.date_naive();
            assert_eq!(written(|out| day(out, date)), format!("\"{}\"", date.format("%Y-%m-%d")));
        }
    }

    #[test]
    fn decimals_are_as_bigdecimal_writes_them() {
        let numbers = [
            "12.5000",
            "-12.5050",
            "0.0051",
            "-0.005",
            "1.999999",
            "0.015",
            "0",
            "-0.5",
            "1234.5",
            "0.005",
            "-0.004",
            "99999999999999999999.99",
            "1e3",
            "9223372036854775807",
            "0.1234567",
            "-12.30",
        ];
        for (number, scale) in numbers.into_iter().flat_map(|number| [0, 2, 3, 6].map(|scale| (number, scale))) {
            let number: BigDecimal = number.parse().unwrap();
            let expected = number.with_scale_round(scale.into(), RoundingMode::HalfUp).to_plain_string();
            assert_eq!(written(|out| decimal(out, &number, Some(scale))), format!("\"{expected}\""));
        }
        assert_eq!(written(|out| decimal(out, &"1.50".parse().unwrap(), None)), "\"1.50\"");
    }

    #[test]
    fn values_are_as_serde_writes_them_and_written_json_stays() {
        let json = serde_json::json!({ "a": [1, -2, 2.5, u64::MAX, null, true], "b": {}, "c": [], "d": { "\"": "x" } });
        let text = written(|out| value(out, &Value::from_json(json.clone()).unwrap()));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), json);
        assert_eq!(written(|out| value(out, &Value::Binary("{\"x\":1}".into()))), "{\"x\":1}");
    }
}
