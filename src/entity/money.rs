//! Amounts of money, as clients see them.

use crate::entity;
use crate::money::Money;

entity! {
    /// An amount in a currency.
    Money {
        /// The amount, with the decimals of its currency; an hourly price has six.
        amount;
        /// The currency.
        currency;
    }
}
