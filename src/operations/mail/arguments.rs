//! What a client can narrow mails by.

use async_graphql::Context;
use async_graphql::registry::{MetaInputValue, Registry};

use super::row::{Mail, MailFilter, MailStatus};
use crate::error::Result;
use crate::page::{Listed as _, Narrow, Narrowed, argument};
use crate::scalar::{Undecoded, any_of, decode};
use crate::viewer::Viewer;

/// The argument `status`.
pub struct MailArguments;

impl Narrow<Mail> for MailArguments {
    fn declare(registry: &mut Registry) -> Vec<MetaInputValue> {
        vec![argument::<Option<Vec<MailStatus>>>(registry, "status", "Any of these.")]
    }

    fn read(ctx: &Context<'_>, _: &Viewer) -> Result<Narrowed<Mail>> {
        let status =
            ctx.param_value::<Option<Undecoded<Vec<MailStatus>>>>("status", None).ok().and_then(|(_, given)| given);
        let filter = MailFilter { status: any_of(decode(status, "status")?, "status")? };
        Ok(Narrowed { filter, order: Mail::newest(), descends: true })
    }
}
