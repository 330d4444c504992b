//! Commands as fields of the schema's root.

use std::marker::PhantomData;

use async_graphql::registry::{MetaInputValue, MetaType, Registry};
use async_graphql::{Context, InputType, OutputType, ServerResult, TypeDirective as _, Value};
use futures_util::future::{BoxFuture, FutureExt as _};

use super::effect::effect;
use super::{Command, Prepare, run};
use crate::entity::{At, Declared, Kind, Object, Step, failed};
use crate::error::Result;
use crate::page::argument;
use crate::requires::requires;
use crate::scalar::Undecoded;

/// A field that runs a command: how it comes by its input, beside the command itself.
struct Field<P> {
    declare: fn(&mut Registry) -> Option<MetaInputValue>,
    read: fn(&Context<'_>) -> Result<(P, Value)>,
    command: PhantomData<fn() -> P>,
}

/// The field of a command that is its own input, or that is prepared out of one.
#[must_use]
pub fn command<T: Object, P: Prepare + InputType>() -> Box<dyn Kind<T>> {
    let declare = |registry: &mut Registry| {
        let mut input = argument::<P>(registry, "input", "");
        // What the input is about is what its type is about.
        if let Some(MetaType::InputObject { description, .. }) = registry.types.get(&*P::type_name()) {
            input.description.clone_from(description);
        }
        Some(input)
    };
    let read = |ctx: &Context<'_>| {
        // What async-graphql could refuse here, its validation has refused.
        let given = ctx.param_value::<Undecoded<P>>("input", None).map(|(_, given)| given);
        let given = given.unwrap_or_else(|_| Undecoded::null());
        let value = given.value().clone();
        Ok((given.decode("input")?, value))
    };
    Box::new(Field { declare, read, command: PhantomData })
}

/// The field of a command without input.
#[must_use]
pub fn bare<T: Object, P: Prepare + Default>() -> Box<dyn Kind<T>> {
    Box::new(Field { declare: |_| None, read: |_| Ok((P::default(), Value::Null)), command: PhantomData::<fn() -> P> })
}

impl<T: Object, P: Prepare> Kind<T> for Field<P> {
    fn declare(&self, registry: &mut Registry) -> Declared {
        let ty = <P::Ready as Command>::Payload::create_type_info(registry).trim_end_matches('!').to_owned();
        let mut arguments: Vec<MetaInputValue> = (self.declare)(registry).into_iter().collect();
        if P::Ready::DRY_RUN {
            let about =
                "True: everything happens but the end of it. The payload shows what would be, and nothing is kept.";
            let mut dry = argument::<bool>(registry, "dryRun", about);
            dry.default_value = Some("false".to_owned());
            arguments.push(dry);
        }
        effect.register(registry);
        let mut directives = vec![P::Ready::EFFECT.directive()];
        if let Some(needs) = P::Ready::REQUIRES {
            requires.register(registry);
            directives.push(requires::apply(needs.permission, needs.own));
        }
        Declared { ty, arguments, directives }
    }

    fn command(&self) -> Option<crate::entity::Command> {
        Some(crate::entity::Command { name: P::Ready::NAME, once: P::Ready::ONCE, way_in: P::Ready::WAY_IN })
    }

    fn plan(&'static self, _: &At<'_>) -> Option<Step<T>> {
        None
    }

    fn resolve<'a>(&'a self, _: &'a T, ctx: &'a Context<'a>) -> BoxFuture<'a, ServerResult<Value>> {
        async move {
            let dry = P::Ready::DRY_RUN && ctx.param_value::<bool>("dryRun", Some(|| false)).is_ok_and(|(_, dry)| dry);
            let done = match (self.read)(ctx) {
                Ok((prepared, input)) => run(ctx, prepared, &input, dry).await,
                Err(error) => Err(error),
            };
            let payload = done.map_err(|error| failed(ctx, error))?;
            payload.resolve(&ctx.with_selection_set(&ctx.item.node.selection_set), ctx.item).await
        }
        .boxed()
    }
}
