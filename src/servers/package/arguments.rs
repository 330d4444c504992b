//! What a client can narrow packages by.

use async_graphql::registry::{MetaInputValue, Registry};
use async_graphql::{Context, InputType as _};

use super::row::{PackageFilter, ServerPackage};
use crate::error::Result;
use crate::page::{Listed as _, Narrow, Narrowed, argument};
use crate::requires::requires;
use crate::scalar::{Undecoded, decode};
use crate::viewer::{Permission, Requires, Viewer};

/// The argument `includeInactive`.
pub struct PackageArguments;

impl Narrow<ServerPackage> for PackageArguments {
    fn declare(registry: &mut Registry) -> Vec<MetaInputValue> {
        let about = "Whether packages that are not on sale are listed too.";
        let mut argument = argument::<bool>(registry, "includeInactive", about);
        argument.default_value = Some(false.to_value().to_string());
        argument.directive_invocations = vec![requires::apply(Permission::PackageRead, false)];
        vec![argument]
    }

    fn read(ctx: &Context<'_>, viewer: &Viewer) -> Result<Narrowed<ServerPackage>> {
        let given = ctx.param_value::<Option<Undecoded<bool>>>("includeInactive", None).ok();
        // A variable that was left out comes as null, and means the default.
        let include_inactive = decode(given.and_then(|(_, given)| given), "includeInactive")?.unwrap_or(false);
        if include_inactive {
            viewer.check(Requires::any(Permission::PackageRead))?;
        }
        let filter = PackageFilter { include_inactive };
        Ok(Narrowed { filter, order: ServerPackage::newest(), descends: true })
    }
}
