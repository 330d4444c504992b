//! Trying a mail again that was given up.

use async_graphql::{ID, InputObject};

use super::row::Mail;
use crate::command::{Command, Done, Effect, EffectKind, Write};
use crate::entity::{edge, method};
use crate::id::MailId;
use crate::payload;
use crate::viewer::{Permission, Requires};

/// Which mail leaves after all.
#[derive(InputObject, Clone)]
pub struct RetryMailInput {
    /// The mail.
    id: ID,
}

payload! {
    /// The outcome of trying a mail again.
    RetryMailPayload {
        /// The mail as it is now. Null when nothing was done.
        mail: MailId,
    }
}

impl Command for RetryMailInput {
    const NAME: &'static str = "retryMail";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::SystemRunJob));
    const EFFECT: Effect = Effect::of(EffectKind::Correctable);
    type Payload = RetryMailPayload;

    async fn run(self, write: &mut Write) -> Done<RetryMailPayload> {
        let mail: Mail = write.subject(MailId::parse(&self.id, "input.id")?).await?;
        write.change(&mail, |_| {}).await?;
        Ok(RetryMailPayload::of(mail.id))
    }
}
