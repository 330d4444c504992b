//! The arguments of a list, declared once: `first`, `after`, `last`, `before`, and of most lists `filter` and
//! `orderBy`.

use std::marker::PhantomData;

use async_graphql::registry::{MetaInputValue, Registry};
use async_graphql::{Context, InputType};

use super::Listed;
use crate::error::Result;
use crate::scalar::{Undecoded, decode};
use crate::viewer::Viewer;

/// An argument of this type, as the schema shows it.
pub fn argument<T: InputType>(registry: &mut Registry, name: &str, about: &str) -> MetaInputValue {
    let mut argument = MetaInputValue::new(name, T::create_type_info(registry));
    argument.description = Some(about.to_owned());
    argument
}

/// Reads an argument without a look at what is in it.
fn given<T: InputType>(ctx: &Context<'_>, name: &str) -> Option<T> {
    // What async-graphql could refuse here, its validation has refused.
    ctx.param_value::<Option<T>>(name, None).ok().and_then(|(_, value)| value)
}

/// `first`, `after`, `last`, `before`, as they came.
#[derive(Debug, Clone, Default)]
pub struct PageArguments {
    /// How many rows from the start, or after `after`.
    pub first: Option<Undecoded<i32>>,
    /// The cursor that the page starts behind.
    pub after: Option<String>,
    /// How many rows from the end, or before `before`.
    pub last: Option<Undecoded<i32>>,
    /// The cursor that the page ends before.
    pub before: Option<String>,
}

impl PageArguments {
    /// The four arguments, as the schema shows them.
    pub fn declare(registry: &mut Registry) -> Vec<MetaInputValue> {
        vec![
            argument::<Option<i32>>(
                registry,
                "first",
                "How many rows from the start, at most 100; 20 by default, 0 for the count alone.",
            ),
            argument::<Option<String>>(registry, "after", "Only rows behind this cursor."),
            argument::<Option<i32>>(registry, "last", "How many rows from the end, at most 100."),
            argument::<Option<String>>(registry, "before", "Only rows ahead of this cursor."),
        ]
    }

    /// The four arguments of a field.
    #[must_use]
    pub fn read(ctx: &Context<'_>) -> Self {
        Self {
            first: given(ctx, "first"),
            after: given(ctx, "after"),
            last: given(ctx, "last"),
            before: given(ctx, "before"),
        }
    }
}

/// What was asked of a list, beside its page.
pub struct Narrowed<L: Listed> {
    /// Which rows.
    pub filter: L::Filter,
    /// By what they are sorted.
    pub order: L::Order,
    /// Whether they run from the greatest to the least.
    pub descends: bool,
}

/// What a list can be narrowed and sorted by, beside its page.
pub trait Narrow<L: Listed>: Send + Sync + 'static {
    /// The arguments, as the schema shows them.
    fn declare(registry: &mut Registry) -> Vec<MetaInputValue>;

    /// Reads them.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for what is malformed, `FORBIDDEN` for a condition or an order that the viewer may not use.
    fn read(ctx: &Context<'_>, viewer: &Viewer) -> Result<Narrowed<L>>;
}

/// No argument but the page: the newest first, unless the rows have an order of their own.
pub struct Unfiltered;

impl<L: Listed> Narrow<L> for Unfiltered {
    fn declare(_: &mut Registry) -> Vec<MetaInputValue> {
        Vec::new()
    }

    fn read(_: &Context<'_>, _: &Viewer) -> Result<Narrowed<L>> {
        Ok(Narrowed { filter: L::Filter::default(), order: L::newest(), descends: L::DESCENDS })
    }
}

/// The argument `filter` of a list.
pub trait FilterInput: InputType + Default {
    /// What it becomes.
    type Filter;
    /// The argument's description.
    const ABOUT: &'static str;

    /// Checks it.
    ///
    /// # Errors
    /// See [`Narrow::read`].
    fn decode(self, viewer: &Viewer) -> Result<Self::Filter>;
}

/// The argument `orderBy` of a list.
pub trait OrderInput: InputType {
    /// What it becomes.
    type Order;

    /// The order, and whether it descends.
    ///
    /// # Errors
    /// See [`Narrow::read`].
    fn decode(self, viewer: &Viewer) -> Result<(Self::Order, bool)>;
}

/// An [`OrderInput`] by an enum of fields, each of which everybody may sort by.
macro_rules! order {
    ($(#[doc = $doc:literal])+ $name:ident by $field:ident) => {
        $(#[doc = $doc])+
        #[derive(::async_graphql::InputObject, Clone, Copy)]
        pub struct $name {
            /// By what.
            field: $field,
            /// Which way.
            direction: $crate::page::OrderDirection,
        }

        impl $crate::page::OrderInput for $name {
            type Order = $field;

            fn decode(self, _: &$crate::viewer::Viewer) -> $crate::error::Result<($field, bool)> {
                Ok((self.field, self.direction.is_descending()))
            }
        }
    };
}

pub(crate) use order;

/// The arguments `filter` and `orderBy`.
pub struct Filtered<F, O>(PhantomData<fn() -> (F, O)>);

impl<L, F, O> Narrow<L> for Filtered<F, O>
where
    L: Listed,
    F: FilterInput<Filter = L::Filter> + 'static,
    O: OrderInput<Order = L::Order> + 'static,
{
    fn declare(registry: &mut Registry) -> Vec<MetaInputValue> {
        vec![
            argument::<Option<F>>(registry, "filter", F::ABOUT),
            argument::<Option<O>>(registry, "orderBy", "Default newest first."),
        ]
    }

    fn read(ctx: &Context<'_>, viewer: &Viewer) -> Result<Narrowed<L>> {
        let filter: Option<F> = decode(given::<Undecoded<F>>(ctx, "filter"), "filter")?;
        let order: Option<O> = decode(given::<Undecoded<O>>(ctx, "orderBy"), "orderBy")?;
        let filter = filter.unwrap_or_default().decode(viewer)?;
        let (order, descends) = order.map_or(Ok((L::newest(), L::DESCENDS)), |order| order.decode(viewer))?;
        Ok(Narrowed { filter, order, descends })
    }
}
