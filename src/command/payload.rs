//! What a command answers.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::entity::Object;
use crate::outcome::{Consequence, UserError};

/// What a command answers: ids, which lead to rows that are read after the commit, or the outcomes that a form shows.
/// What it stores under an idempotency key is itself.
pub trait Payload: Object + Default + Serialize + DeserializeOwned {
    /// The answer when nothing was done.
    fn refused(error: UserError) -> Self;

    /// Tells what the change set off, where that can be something.
    fn told(&mut self, consequences: Vec<Consequence>) {
        debug_assert!(consequences.is_empty(), "{} does not tell what the change set off", Self::NAME);
    }
}

/// Declares the payload of a command: `payload! { /** … */ AssignTicketPayload { /** … */ ticket: TicketId } }`.
/// What is `gone { /** … */ canned_reply_id: CannedReplyId }` is shown by its id.
#[macro_export]
macro_rules! payload {
    (
        $(#[doc = $doc:literal])* $name:ident { $($(#[doc = $field_doc:literal])* $field:ident: $id:ty),* $(,)? }
        $(gone { $(#[doc = $gone_doc:literal])* $gone:ident: $gone_id:ty $(,)? })?
    ) => {
        $(#[doc = $doc])*
        #[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $($field: Option<$id>,)*
            $($gone: Option<$gone_id>,)?
            consequences: Vec<$crate::outcome::Consequence>,
            #[serde(skip)]
            user_errors: Vec<$crate::outcome::UserError>,
        }

        impl $name {
            /// What was done: ids alone.
            fn of($($field: $id,)* $($gone: $gone_id)?) -> Self {
                Self { $($field: Some($field),)* $($gone: Some($gone),)? ..Self::default() }
            }
        }

        impl $crate::command::Payload for $name {
            fn refused(error: $crate::outcome::UserError) -> Self {
                Self { user_errors: vec![error], ..Self::default() }
            }

            fn told(&mut self, consequences: Vec<$crate::outcome::Consequence>) {
                self.consequences = consequences;
            }
        }

        $crate::entity! {
            $(#[doc = $doc])*
            $name {
                $($(#[doc = $field_doc])* $field = edge[$field];)*
                $($(#[doc = $gone_doc])* $gone;)?
                /// What else the change set off; with `dryRun`, what it would set off.
                consequences = method[consequences => consequences.clone()];
                /// Why nothing was done. Empty when it was.
                user_errors = method[user_errors => user_errors.clone()];
            }
        }
    };
}

/// Declares the payload of a command that can set nothing off and leads to no rows: `answer! { /** … */ LogoutPayload {
/// /** … */ logged_out: bool } }`.
#[macro_export]
macro_rules! answer {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[doc = $field_doc:literal])* $field:ident: $ty:ty),* $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
        pub struct $name {
            $($field: $ty,)*
            #[serde(skip)]
            user_errors: Vec<$crate::outcome::UserError>,
        }

        impl $crate::command::Payload for $name {
            fn refused(error: $crate::outcome::UserError) -> Self {
                Self { user_errors: vec![error], ..Self::default() }
            }
        }

        $crate::entity! {
            $(#[doc = $doc])*
            $name {
                $($(#[doc = $field_doc])* $field;)*
                /// Why nothing was done. Empty when it was.
                user_errors = method[user_errors => user_errors.clone()];
            }
        }
    };
}
