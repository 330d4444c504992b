//! Money: exact decimals with their currency, never a float.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use bigdecimal::BigDecimal;
use diesel::deserialize::{FromSql, FromSqlRow, Result as Read};
use diesel::pg::{Pg, PgValue};
use diesel::sql_types::Text;

use crate::json;

/// An exact decimal number as a string, never a float, for example `"12.50"`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// The number.
    pub number: BigDecimal,
    /// How many digits after the point are shown; as many as there are when nobody says.
    pub scale: Option<u32>,
}

impl From<BigDecimal> for Decimal {
    fn from(number: BigDecimal) -> Self {
        Self { number, scale: None }
    }
}

/// The most digits of a decimal that comes in.
const MAX_DIGITS: usize = 24;

/// An exact decimal number as a string, never a float, for example `"12.50"`.
#[Scalar]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        // An exponent could ask for a number of any length.
        let plain = text.len() <= MAX_DIGITS && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.'));
        let number = plain.then(|| text.parse().ok()).flatten();
        number.map(|number: BigDecimal| Self::from(number)).ok_or_else(|| InputValueError::custom("not a decimal"))
    }

    fn to_value(&self) -> Value {
        Value::String(json::decimal_text(&self.number, self.scale))
    }
}

/// An ISO 4217 code in upper case, for example `EUR`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, FromSqlRow)]
pub struct CurrencyCode([u8; 3]);

impl CurrencyCode {
    /// The code that this is, if it is one.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let code: [u8; 3] = text.as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_uppercase).then_some(Self(code))
    }

    /// Its three letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl Default for CurrencyCode {
    /// ISO 4217's code for no currency.
    fn default() -> Self {
        Self(*b"XXX")
    }
}

impl FromSql<Text, Pg> for CurrencyCode {
    fn from_sql(value: PgValue<'_>) -> Read<Self> {
        let text = std::str::from_utf8(value.as_bytes())?;
        Self::read(text).ok_or_else(|| format!("{text:?} is no currency").into())
    }
}

/// An ISO 4217 code in upper case, for example `EUR`.
#[Scalar]
impl ScalarType for CurrencyCode {
    fn parse(value: Value) -> InputValueResult<Self> {
        let code = if let Value::String(text) = &value { Self::read(text) } else { None };
        code.ok_or_else(|| InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        Value::String(self.as_str().to_owned())
    }
}

/// An amount in a currency.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Money {
    /// The amount, with the decimals of its currency; an hourly price has six.
    pub amount: Decimal,
    /// The currency.
    pub currency: CurrencyCode,
}

impl Money {
    /// An amount with the minor units of its currency.
    #[must_use]
    pub fn new(amount: &BigDecimal, currency: CurrencyCode) -> Self {
        Self::with_scale(amount, currency, minor_units(currency))
    }

    /// A price per hour, with six decimals: an hour costs less than a cent.
    #[must_use]
    pub fn per_hour(amount: &BigDecimal, currency: CurrencyCode) -> Self {
        Self::with_scale(amount, currency, 6)
    }

    /// A price per unit: as many decimals as it has, at least those of its currency.
    #[must_use]
    pub fn exact(amount: &BigDecimal, currency: CurrencyCode) -> Self {
        let (_, scale) = amount.normalized().into_bigint_and_exponent();
        Self::with_scale(amount, currency, minor_units(currency).max(u32::try_from(scale).unwrap_or_default()))
    }

    fn with_scale(amount: &BigDecimal, currency: CurrencyCode, scale: u32) -> Self {
        Self { amount: Decimal { number: amount.clone(), scale: Some(scale) }, currency }
    }
}

/// Digits after the point, ISO 4217.
#[must_use]
pub fn minor_units(currency: CurrencyCode) -> u32 {
    match currency.as_str() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EUR: CurrencyCode = CurrencyCode(*b"EUR");

    #[test]
    fn an_amount_shows_the_minor_units_of_its_currency() {
        let amount: BigDecimal = "1234.5".parse().unwrap();
        let shown = |currency| Money::new(&amount, CurrencyCode::read(currency).unwrap()).amount.to_value().to_string();
        assert_eq!([shown("EUR"), shown("JPY"), shown("KWD")], ["\"1234.50\"", "\"1235\"", "\"1234.500\""]);
        assert_eq!(Money::per_hour(&"0.0041".parse().unwrap(), EUR).amount.to_value().to_string(), "\"0.004100\"");
        assert_eq!(
            Money::new(&(BigDecimal::from(1) / 10 + BigDecimal::from(2) / 10), EUR).amount.to_value().to_string(),
            "\"0.30\""
        );
    }

    #[test]
    fn a_decimal_is_plain_digits() {
        for bad in ["1e400", "", "abc", "1.2.3", "--1", "0x10", "9999999999999999999999999"] {
            assert!(Decimal::parse(Value::String(bad.into())).is_err(), "{bad}");
        }
        assert!(Decimal::parse(Value::String("-12.50".into())).is_ok());
    }
}
