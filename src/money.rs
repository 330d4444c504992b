//! Money: exact decimals with their currency, never a float.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, SimpleObject, Value};
use bigdecimal::{BigDecimal, RoundingMode};

/// An exact decimal number as a string, never a float, for example `"12.50"`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decimal(pub BigDecimal);

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
        number.map(Self).ok_or_else(|| InputValueError::custom("not a decimal"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_plain_string())
    }
}

/// An ISO 4217 code in upper case, for example `EUR`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CurrencyCode(pub String);

/// An ISO 4217 code in upper case, for example `EUR`.
#[Scalar]
impl ScalarType for CurrencyCode {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(code) if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) => Ok(Self(code)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

/// An amount in a currency.
#[derive(Debug, Clone, PartialEq, Eq, Hash, SimpleObject)]
pub struct Money {
    /// The amount, with the decimals of its currency; an hourly price has six.
    pub amount: Decimal,
    /// The currency.
    pub currency: CurrencyCode,
}

impl Money {
    /// An amount with the minor units of its currency.
    #[must_use]
    pub fn new(amount: &BigDecimal, currency: &str) -> Self {
        Self::with_scale(amount, currency, minor_units(currency))
    }

    /// A price per hour, with six decimals: an hour costs less than a cent.
    #[must_use]
    pub fn per_hour(amount: &BigDecimal, currency: &str) -> Self {
        Self::with_scale(amount, currency, 6)
    }

    /// A price per unit: as many decimals as it has, at least those of its currency.
    #[must_use]
    pub fn exact(amount: &BigDecimal, currency: &str) -> Self {
        let (_, scale) = amount.normalized().into_bigint_and_exponent();
        Self::with_scale(amount, currency, scale.max(minor_units(currency)))
    }

    fn with_scale(amount: &BigDecimal, currency: &str, scale: i64) -> Self {
        let amount = amount.with_scale_round(scale, RoundingMode::HalfUp);
        Self { amount: Decimal(amount), currency: CurrencyCode(currency.to_owned()) }
    }
}

/// Digits after the point, ISO 4217.
#[must_use]
pub fn minor_units(currency: &str) -> i64 {
    match currency {
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

    #[test]
    fn an_amount_shows_the_minor_units_of_its_currency() {
        let amount: BigDecimal = "1234.5".parse().unwrap();
        let shown = |currency| Money::new(&amount, currency).amount.to_value().to_string();
        assert_eq!([shown("EUR"), shown("JPY"), shown("KWD")], ["\"1234.50\"", "\"1235\"", "\"1234.500\""]);
        assert_eq!(Money::per_hour(&"0.0041".parse().unwrap(), "EUR").amount.to_value().to_string(), "\"0.004100\"");
        assert_eq!(
            Money::new(&(BigDecimal::from(1) / 10 + BigDecimal::from(2) / 10), "EUR").amount.to_value().to_string(),
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
