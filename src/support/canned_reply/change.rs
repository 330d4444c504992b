//! Making, changing and deleting canned replies.

use async_graphql::{ID, InputObject, MaybeUndefined};

use super::row::CannedReply;
use crate::command::{Command, Done, Effect, EffectKind, Write, as_expected, line, words};
use crate::entity::{edge, method};
use crate::id::{CannedReplyId, DepartmentId};
use crate::payload;
use crate::support::Department;
use crate::support::message::LONGEST;
use crate::viewer::{Permission, Requires};

/// The most characters of a name.
const LONGEST_NAME: usize = 100;

/// What a new canned reply is.
#[derive(InputObject, Clone)]
pub struct CreateCannedReplyInput {
    /// What staff finds it by. At most 100 characters.
    name: String,
    /// What it says, in plain text. At most 20 000 characters.
    content: String,
    /// Whose it is. Default of all departments.
    department_id: Option<ID>,
    /// With a key, the same key again answers the first call's result.
    idempotency_key: Option<String>,
}

payload! {
    /// The outcome of making a canned reply.
    CreateCannedReplyPayload {
        /// The new canned reply. Null when nothing was done.
        canned_reply: CannedReplyId,
    }
}

impl Command for CreateCannedReplyInput {
    const NAME: &'static str = "createCannedReply";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::CannedReplyWrite));
    const EFFECT: Effect = Effect::of(EffectKind::Create).undone_by("deleteCannedReply");
    type Payload = CreateCannedReplyPayload;

    fn key(&self) -> Option<&str> {
        self.idempotency_key.as_deref()
    }

    async fn run(self, write: &mut Write) -> Done<CreateCannedReplyPayload> {
        let name = line(&self.name, "name", LONGEST_NAME)?;
        let content = words(&self.content, "content", LONGEST)?;
        let department = match &self.department_id {
            Some(id) => Some(department(write, id).await?),
            None => None,
        };
        let reply = CannedReply::new(CannedReplyId::fresh(), name, content, department);
        write.insert(&reply).await?;
        Ok(CreateCannedReplyPayload::of(reply.id))
    }
}

async fn department(write: &mut Write, id: &ID) -> Done<DepartmentId> {
    let id = DepartmentId::parse(id, "input.departmentId")?;
    write.other::<Department>(id, "departmentId").await?;
    Ok(id)
}

/// What of a canned reply changes.
#[derive(InputObject, Clone)]
pub struct UpdateCannedReplyInput {
    /// The canned reply.
    id: ID,
    /// What staff finds it by. At most 100 characters. Left out, it stays.
    name: Option<String>,
    /// What it says, in plain text. At most 20 000 characters. Left out, it stays.
    content: Option<String>,
    /// Whose it is; null makes it all departments'. Left out, it stays.
    department_id: MaybeUndefined<ID>,
    /// The `revision` that the form was filled from; answers CONFLICT when the row has moved on.
    expected_revision: Option<i32>,
}

payload! {
    /// The outcome of changing a canned reply.
    UpdateCannedReplyPayload {
        /// The canned reply as it is now. Null when nothing was done.
        canned_reply: CannedReplyId,
    }
}

impl Command for UpdateCannedReplyInput {
    const NAME: &'static str = "updateCannedReply";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::CannedReplyWrite));
    const EFFECT: Effect = Effect::of(EffectKind::Reversible).undone_by("updateCannedReply");
    type Payload = UpdateCannedReplyPayload;

    async fn run(self, write: &mut Write) -> Done<UpdateCannedReplyPayload> {
        let name = self.name.map(|name| line(&name, "name", LONGEST_NAME)).transpose()?;
        let content = self.content.map(|content| words(&content, "content", LONGEST)).transpose()?;
        let reply: CannedReply = write.subject(CannedReplyId::parse(&self.id, "input.id")?).await?;
        as_expected(reply.revision, self.expected_revision)?;
        let department = match &self.department_id {
            MaybeUndefined::Undefined => reply.department_id,
            MaybeUndefined::Null => None,
            MaybeUndefined::Value(id) => Some(department(write, id).await?),
        };
        let set = |reply: &mut CannedReply| {
            reply.name = name.unwrap_or_else(|| reply.name.clone());
            reply.content = content.unwrap_or_else(|| reply.content.clone());
            reply.department_id = department;
        };
        write.edit(&reply, set, Vec::new()).await?;
        Ok(UpdateCannedReplyPayload::of(reply.id))
    }
}

/// Which canned reply goes.
#[derive(InputObject, Clone)]
pub struct DeleteCannedReplyInput {
    /// The canned reply.
    id: ID,
}

payload! {
    /// The outcome of deleting a canned reply.
    DeleteCannedReplyPayload {} gone {
        /// The one that is gone. Null when nothing was done.
        canned_reply_id: CannedReplyId,
    }
}

impl Command for DeleteCannedReplyInput {
    const NAME: &'static str = "deleteCannedReply";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::CannedReplyWrite));
    const EFFECT: Effect = Effect::of(EffectKind::Correctable).undone_by("createCannedReply");
    type Payload = DeleteCannedReplyPayload;

    async fn run(self, write: &mut Write) -> Done<DeleteCannedReplyPayload> {
        let reply: CannedReply = write.subject(CannedReplyId::parse(&self.id, "input.id")?).await?;
        write.remove(&reply).await?;
        Ok(DeleteCannedReplyPayload::of(reply.id))
    }
}
