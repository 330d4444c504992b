//! What is selected of an object, with its fragments in place and equal keys merged: `CollectFields` of the GraphQL
//! specification, <https://spec.graphql.org/October2021/#sec-Field-Collection>.

use async_graphql::context::QueryPathSegment;
use async_graphql::parser::types::{Directive, Field, Selection, SelectionSet};
use async_graphql::{Context, ContextSelectionSet, Positioned};

use crate::viewer::Viewer;

/// A field that is selected, while it is planned.
pub struct At<'c> {
    /// Where it stands.
    pub ctx: &'c ContextSelectionSet<'c>,
    /// The field; of several with one key the first.
    pub field: &'c Positioned<Field>,
    /// The selection sets of all fields of this key: together they are its selection.
    pub sets: Vec<&'c SelectionSet>,
    /// Who asks.
    pub viewer: &'c Viewer,
}

impl<'c> At<'c> {
    /// The field with its arguments.
    #[must_use]
    pub fn context(&self) -> Context<'c> {
        self.ctx.with_field(self.field)
    }

    /// The fields that are selected of an object of this type and these interfaces.
    #[must_use]
    pub fn below(&self, name: &str, interfaces: &[&str]) -> Option<Vec<At<'c>>> {
        collect(self.ctx, &self.sets, self.viewer, &Type { name, interfaces })
    }
}

struct Type<'a> {
    name: &'a str,
    interfaces: &'a [&'a str],
}

impl Type<'_> {
    fn is(&self, condition: &str) -> bool {
        self.name == condition || self.interfaces.contains(&condition)
    }
}

/// The fields that some selection sets select of an object, in the order in which their keys come first. `None` when
/// nothing is selected, or a directive stands there whose work we do not know.
pub(super) fn fields<'c>(
    ctx: &'c ContextSelectionSet<'c>,
    viewer: &'c Viewer,
    name: &str,
    interfaces: &[&str],
) -> Option<Vec<At<'c>>> {
    collect(ctx, &[&ctx.item.node], viewer, &Type { name, interfaces })
}

fn collect<'c>(
    ctx: &'c ContextSelectionSet<'c>,
    sets: &[&'c SelectionSet],
    viewer: &'c Viewer,
    ty: &Type<'_>,
) -> Option<Vec<At<'c>>> {
    let mut found = Vec::new();
    for set in sets {
        walk(ctx, set, &|condition| ty.is(condition), &mut |field| {
            if !field.node.directives.iter().all(is_done) {
                return None;
            }
            let below = &field.node.selection_set.node;
            let key = &field.node.response_key().node;
            match found.iter_mut().find(|other: &&mut At<'_>| other.field.node.response_key().node == *key) {
                Some(other) => other.sets.push(below),
                None => found.push(At { ctx, field, sets: vec![below], viewer }),
            }
            Some(())
        })?;
    }
    (!found.is_empty()).then_some(found)
}

/// async-graphql has taken out what `@skip` and `@include` leave out.
fn is_done(directive: &Positioned<Directive>) -> bool {
    matches!(directive.node.name.node.as_str(), "skip" | "include")
}

/// Visits every field of a selection set whose fragments apply.
fn walk<'c, T>(
    ctx: &'c async_graphql::context::ContextBase<'c, T>,
    set: &'c SelectionSet,
    applies: &dyn Fn(&str) -> bool,
    visit: &mut dyn FnMut(&'c Positioned<Field>) -> Option<()>,
) -> Option<()> {
    for selection in &set.items {
        let (condition, below) = match &selection.node {
            Selection::Field(field) => {
                visit(field)?;
                continue;
            }
            Selection::InlineFragment(inline) => (inline.node.type_condition.as_ref(), &inline.node.selection_set.node),
            Selection::FragmentSpread(spread) => {
                let fragment = ctx.query_env.fragments.get(&spread.node.fragment_name.node)?;
                (Some(&fragment.node.type_condition), &fragment.node.selection_set.node)
            }
        };
        if condition.is_none_or(|condition| applies(&condition.node.on.node)) {
            walk(ctx, below, applies, visit)?;
        }
    }
    Some(())
}

/// Whether no other field of the document answers under the keys on the path to this place. async-graphql resolves
/// equal keys one by one and merges their values, which what is written already does not allow. (Below a plan, its
/// selections are merged first.)
pub(super) fn is_alone<T>(ctx: &async_graphql::context::ContextBase<'_, T>) -> bool {
    let mut keys = Vec::new();
    let mut node = ctx.path_node.as_ref();
    while let Some(here) = node {
        if let QueryPathSegment::Name(key) = here.segment {
            keys.push(key);
        }
        node = here.parent;
    }
    let mut set = &ctx.query_env.operation.node.selection_set.node;
    for key in keys.into_iter().rev() {
        let mut found = None;
        let mut times = 0;
        let walked = walk(ctx, set, &|_| true, &mut |field| {
            if field.node.response_key().node == *key {
                found = Some(&field.node.selection_set.node);
                times += 1;
            }
            Some(())
        });
        match (walked, found, times) {
            (Some(()), Some(below), 1) => set = below,
            _ => return false,
        }
    }
    true
}
