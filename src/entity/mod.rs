//! Objects of the API, each declared once.
//!
//! [`entity!`](crate::entity!) lists the fields of a type, a line each: its description, the columns it reads, what it
//! is (a column, a value made of columns, an edge, a list, …) and the permission it needs. From that line come the
//! schema, the `@requires` directive, the check, the columns of the statement, and both ways of answering:
//!
//! - **Rows that write themselves** ([`Plan`]). The selection set becomes a plan: for each key its label
//!   (`,"subject":`) and a step. All rows of a level are written together, as JSON bytes: a column is copied, an edge
//!   asks its loader for the keys of all rows at once, writes each distinct child once, and the pieces are put together.
//! - **async-graphql's way**, field by field and row by row. Whatever is unusual (an error, a refused permission, a
//!   missing row behind an edge that must be there, a directive of a kind that we do not know) abandons the plan, and
//!   the rest of the request goes this way, so that errors, their paths and the propagation of null are
//!   async-graphql's. The loaders keep what was read. So a plan never answers an error: it can be wrong only in what it
//!   writes, and `tests/api/differential.rs` compares the two.

mod choice;
mod each;
mod edge;
mod field;
mod loaded;
mod macros;
mod money;
mod page;
mod pieces;
mod plan;
mod selection;
mod value;

use async_graphql::registry::{MetaTypeId, ObjectBuilder, Registry};
use async_graphql::resolver_utils::resolve_container;
use async_graphql::{ContainerType, Context, ContextSelectionSet, OutputType, ServerError, ServerResult, Value};

pub use each::{each, each_allowed, parts};
pub use edge::{Id, Names, edge, find, found, found_always, required};
pub use field::{Command, Declared, Field, Fields, Kind, Needs, camel};
pub use loaded::{loaded, loaded_part};
pub use page::page;
pub use pieces::Pieces;
pub use plan::{Abandon, Done, Env, Plan, Put, Run, Step};
pub use selection::At;
pub use value::{column, inner, method, part, value};

use crate::db::batch::Key;
use crate::db::row::Columns;
use crate::db::unit::Interrupted;
use crate::error::Error;
use crate::request::{ContextExt as _, Request};

/// An object of the API. [`entity!`](crate::entity!) implements it.
pub trait Object: OutputType + ContainerType + Send + Sync + Sized + 'static {
    /// Its name in the schema.
    const NAME: &'static str;
    /// The interfaces that it implements.
    const INTERFACES: &'static [&'static str];

    /// Its fields.
    fn fields() -> &'static Fields<Self>;

    /// The columns of these names, where it is a row.
    #[must_use]
    fn columns(names: &[&str]) -> Columns {
        let _ = names;
        Columns::NONE
    }

    /// The columns that were fetched, where it is a row.
    fn fetched(&self) -> Columns {
        Columns::ALL
    }
}

/// Declares an object in the schema.
pub fn declare<T: Object>(registry: &mut Registry) -> String {
    let name = registry.create_output_type::<T, _>(MetaTypeId::Object, |registry| {
        let fields = T::fields().declare(registry);
        ObjectBuilder::new(T::NAME, fields)
            .description(Some(T::fields().about().to_owned()))
            .rust_typename(std::any::type_name::<T>())
            .build()
    });
    for interface in T::INTERFACES {
        registry.add_implements(T::NAME, interface);
    }
    name
}

/// Resolves an object that async-graphql came by: it writes itself if it can.
///
/// # Errors
/// What its fields that must not be null answer.
pub async fn resolve<T: Object>(object: &T, ctx: &ContextSelectionSet<'_>) -> ServerResult<Value> {
    let plan = if ctx.request().writes_rows() && selection::is_alone(ctx) {
        Plan::of(ctx, &ctx.viewer()).filter(|plan| object.fetched().contain(plan.columns()))
    } else {
        None
    };
    if let Some(plan) = &plan {
        ctx.request().batch.announce(plan.levels());
    }
    finish(object, plan, ctx).await
}

/// Resolves an object by its plan, else in async-graphql's way.
pub(crate) async fn finish<T: Object>(
    object: &T,
    plan: Option<Plan<T>>,
    ctx: &ContextSelectionSet<'_>,
) -> ServerResult<Value> {
    if let Some(plan) = plan {
        let written = Box::pin(plan.write_one(object, ctx)).await;
        if let Some(value) = written {
            return Ok(value);
        }
    }
    stop_if_interrupted(ctx.request())?;
    Box::pin(resolve_container(ctx, object)).await
}

/// Whatever is answered once the request is interrupted, nobody sees: it should not take time and memory.
fn stop_if_interrupted(request: &Request) -> ServerResult<()> {
    if request.work.interrupted().is_none() {
        return Ok(());
    }
    Err(ServerError::new("the request was interrupted", None))
}

/// Resolves the object of a field in async-graphql's way.
async fn finish_below<T: Object>(object: &T, ctx: &Context<'_>) -> ServerResult<Value> {
    finish(object, None, &ctx.with_selection_set(&ctx.item.node.selection_set)).await
}

/// Resolves one field of an object in async-graphql's way. `None` when it has no such field.
///
/// # Errors
/// What a field that must not be null answers.
pub async fn resolve_field<T: Object>(object: &T, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
    match T::fields().find(&ctx.item.node.name.node) {
        Some(field) => {
            let value = Box::pin(field.resolve(object, ctx)).await?;
            hold(ctx.request(), &value).await?;
            Ok(Some(value))
        }
        None => Ok(None),
    }
}

/// Counts a value that async-graphql keeps. What it is made of was counted before.
async fn hold(request: &Request, value: &Value) -> ServerResult<()> {
    let bytes = std::mem::size_of::<Value>()
        + match value {
            Value::String(text) => text.len(),
            _ => 0,
        };
    if let Err(error) = request.work.memory.text(bytes).await {
        request.work.interrupt(Interrupted::Failed(error));
    }
    stop_if_interrupted(request)
}

/// What a loader finds for the field that asks.
async fn load<K: Key>(ctx: &Context<'_>, key: K) -> ServerResult<Option<K::Value>> {
    ctx.load(key).await.map_err(|error| failed(ctx, error))
}

/// An error of ours at the field that asks.
pub(crate) fn failed(ctx: &Context<'_>, error: Error) -> ServerError {
    let error = async_graphql::Error::from(error.in_field(ctx.path_node.as_ref()));
    ctx.set_error_path(error.into_server_error(ctx.item.pos))
}
