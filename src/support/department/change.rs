//! Making and changing departments.

use async_graphql::{ID, InputObject};

use super::row::Department;
use super::target::{ServiceTargetInput, Targets};
use crate::command::{Command, Done, Effect, EffectKind, Write, as_expected, line, words};
use crate::entity::{edge, method};
use crate::id::DepartmentId;
use crate::outcome::{UserError, UserErrorCode};
use crate::payload;
use crate::viewer::{Permission, Requires};

/// The most characters of a slug.
const LONGEST_SLUG: usize = 32;
/// The most characters of a name.
const LONGEST_NAME: usize = 100;

/// What a new department is.
#[derive(InputObject, Clone)]
pub struct CreateDepartmentInput {
    /// Lower-case letters, digits and hyphens; never changes. At most 32 characters.
    slug: String,
    /// What people call it. At most 100 characters.
    name: String,
    /// Whether customers may choose it.
    #[graphql(default = true)]
    is_public: bool,
    /// Left out, they are the usual ones; given, all priorities have to be there.
    targets: Option<Vec<ServiceTargetInput>>,
    /// With a key, the same key again answers the first call's result.
    idempotency_key: Option<String>,
}

payload! {
    /// The outcome of making a department.
    CreateDepartmentPayload {
        /// The new department. Null when nothing was done.
        department: DepartmentId,
    }
}

impl Command for CreateDepartmentInput {
    const NAME: &'static str = "createDepartment";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::DepartmentWrite));
    const EFFECT: Effect = Effect::of(EffectKind::Create).undone_by("updateDepartment");
    type Payload = CreateDepartmentPayload;

    fn key(&self) -> Option<&str> {
        self.idempotency_key.as_deref()
    }

    async fn run(self, write: &mut Write) -> Done<CreateDepartmentPayload> {
        let slug = slug(&self.slug)?;
        let name = line(&self.name, "name", LONGEST_NAME)?;
        let targets = self.targets.as_deref().map(Targets::read).transpose()?.unwrap_or_default();
        let department = Department::new(DepartmentId::fresh(), slug, name, self.is_public);
        write.insert(&department).await?;
        targets.keep(write.conn(), department.slug()).await?;
        Ok(CreateDepartmentPayload::of(department.id))
    }
}

/// A slug: words of lower-case letters and digits, joined by single hyphens.
fn slug(text: &str) -> Result<String, UserError> {
    let slug = words(text, "slug", LONGEST_SLUG)?;
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if slug.split('-').all(is_word) {
        return Ok(slug);
    }
    let message = "Lower-case letters and digits, and single hyphens between them.";
    Err(UserError::new(UserErrorCode::Invalid, message).at("slug"))
}

/// What of a department changes.
#[derive(InputObject, Clone)]
pub struct UpdateDepartmentInput {
    /// The department.
    id: ID,
    /// What people call it. At most 100 characters. Left out, it stays.
    name: Option<String>,
    /// Whether customers may choose it. Left out, it stays.
    is_public: Option<bool>,
    /// Left out, they stay; given, all priorities have to be there. Tickets that are there keep their times.
    targets: Option<Vec<ServiceTargetInput>>,
    /// The `revision` that the form was filled from; answers CONFLICT when the row has moved on.
    expected_revision: Option<i32>,
}

payload! {
    /// The outcome of changing a department.
    UpdateDepartmentPayload {
        /// The department as it is now. Null when nothing was done.
        department: DepartmentId,
    }
}

impl Command for UpdateDepartmentInput {
    const NAME: &'static str = "updateDepartment";
    const REQUIRES: Option<Requires> = Some(Requires::any(Permission::DepartmentWrite));
    const EFFECT: Effect = Effect::of(EffectKind::Reversible).undone_by("updateDepartment");
    type Payload = UpdateDepartmentPayload;

    async fn run(self, write: &mut Write) -> Done<UpdateDepartmentPayload> {
        let name = self.name.map(|name| line(&name, "name", LONGEST_NAME)).transpose()?;
        let targets = self.targets.as_deref().map(Targets::read).transpose()?;
        let department: Department = write.subject(DepartmentId::parse(&self.id, "input.id")?).await?;
        as_expected(department.revision, self.expected_revision)?;
        let mut beside = Vec::new();
        if let Some(targets) = targets {
            let before = Targets::of(write.conn(), department.slug()).await?;
            if targets != before {
                targets.keep(write.conn(), department.slug()).await?;
                beside.push(("targets".to_owned(), before.shown(), targets.shown()));
            }
        }
        let set = |row: &mut Department| {
            row.name = name.unwrap_or_else(|| row.name.clone());
            row.is_public = self.is_public.unwrap_or(row.is_public);
        };
        write.edit(&department, set, beside).await?;
        Ok(UpdateDepartmentPayload::of(department.id))
    }
}
