//! A field of an object: what is declared of it, and how it is resolved in async-graphql's way.

use async_graphql::indexmap::IndexMap;
use async_graphql::registry::{MetaDirectiveInvocation, MetaField, MetaInputValue, Registry};
use async_graphql::{Context, ServerResult, TypeDirective as _, Value};
use futures_util::future::BoxFuture;
use rustc_hash::FxHashMap;

use super::plan::Step;
use super::selection::At;
use super::{Object, failed};
use crate::db::row::Columns;
use crate::error::Result;
use crate::id::UserId;
use crate::request::ContextExt as _;
use crate::requires::requires;
use crate::viewer::{Requires, Viewer};

/// What a field is: a column, an edge, a list, …
pub trait Kind<T: Object>: Send + Sync + 'static {
    /// Its type and its arguments in the schema, with all types below.
    fn declare(&self, registry: &mut Registry) -> Declared;

    /// Whether it is a column of the row, which is null in silence for those who lack its permission. Everything else
    /// answers an error.
    fn is_column(&self) -> bool {
        false
    }

    /// The command that it runs, where it is a mutation.
    fn command(&self) -> Option<Command> {
        None
    }

    /// How rows write it. `None` when they cannot, for this selection.
    fn plan(&'static self, at: &At<'_>) -> Option<Step<T>>;

    /// Resolves it in async-graphql's way.
    fn resolve<'a>(&'a self, object: &'a T, ctx: &'a Context<'a>) -> BoxFuture<'a, ServerResult<Value>>;
}

/// What a field is in the schema.
pub struct Declared {
    /// Its type, `!` and all.
    pub ty: String,
    /// Its arguments.
    pub arguments: Vec<MetaInputValue>,
    /// Its directives, beside the one that its declaration brings.
    pub directives: Vec<MetaDirectiveInvocation>,
}

/// What a field that runs a command tells of it.
#[derive(Debug, Clone, Copy)]
pub struct Command {
    /// Its name, which is the field's.
    pub name: &'static str,
    /// Whether a request may hold one of its kind at most.
    pub once: bool,
    /// Whether it is for people without a session.
    pub way_in: bool,
}

impl Declared {
    /// A field without arguments.
    #[must_use]
    pub fn plain(ty: String) -> Self {
        Self::with(ty, Vec::new())
    }

    /// A field with these arguments.
    #[must_use]
    pub fn with(ty: String, arguments: Vec<MetaInputValue>) -> Self {
        Self { ty, arguments, directives: Vec::new() }
    }
}

/// The permission that a field needs.
pub struct Needs<T> {
    /// The permission.
    pub requires: Requires,
    /// Whose the object is: its owner needs only the `:own` form. `None` where the rows behind the field are scoped by
    /// their own query.
    pub owner: Option<fn(&T) -> UserId>,
}

impl<T> Needs<T> {
    /// Whether `viewer` may see the field of this object.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `FORBIDDEN`.
    pub fn check(&self, viewer: &Viewer, object: &T) -> Result<()> {
        match self.owner {
            Some(owner) => viewer.check_for(self.requires, owner(object)),
            None => viewer.check(self.requires),
        }
    }

    fn directive(&self) -> MetaDirectiveInvocation {
        requires::apply(self.requires.permission, self.requires.own)
    }
}

/// A field of an object.
pub struct Field<T: Object> {
    name: String,
    about: String,
    /// The columns that it reads.
    pub(super) columns: Columns,
    /// Whether all that it reads of a row is its id, so that it can be asked for before the row is there.
    pub(super) reads_id_alone: bool,
    pub(super) needs: Option<Needs<T>>,
    pub(super) kind: Box<dyn Kind<T>>,
    is_nullable: std::sync::OnceLock<bool>,
}

impl<T: Object> Field<T> {
    /// A field by its name in Rust, the lines of its description, and the columns that it reads.
    #[must_use]
    pub fn new(name: &str, about: &[&str], columns: &[&str], needs: Option<Needs<T>>, kind: Box<dyn Kind<T>>) -> Self {
        Self {
            name: camel(name),
            about: prose(about),
            columns: T::columns(columns),
            reads_id_alone: !columns.is_empty() && columns.iter().all(|column| *column == "id"),
            needs,
            kind,
            is_nullable: std::sync::OnceLock::new(),
        }
    }

    fn declare(&self, registry: &mut Registry) -> MetaField {
        let Declared { mut ty, arguments, directives } = self.kind.declare(registry);
        // Whoever may not see it sees null.
        if self.needs.is_some() {
            ty.truncate(ty.trim_end_matches('!').len());
        }
        let mut field = MetaField::new(self.name.as_str(), ty);
        field.description = Some(self.about.clone());
        field.args = arguments.into_iter().map(|argument| (argument.name.clone(), argument)).collect();
        field.directive_invocations = directives;
        if let Some(needs) = &self.needs {
            requires.register(registry);
            field.directive_invocations.push(needs.directive());
        }
        self.is_nullable.get_or_init(|| !field.ty.ends_with('!'));
        field
    }

    /// Resolves it in async-graphql's way: an error in a field that may be null stays in it.
    pub(super) async fn resolve(&self, object: &T, ctx: &Context<'_>) -> ServerResult<Value> {
        debug_assert!(object.fetched().contain(self.columns), "{}.{} reads what was not fetched", T::NAME, self.name);
        let resolved = match self.needs.as_ref().map_or(Ok(()), |needs| needs.check(&ctx.viewer(), object)) {
            Ok(()) => self.kind.resolve(object, ctx).await,
            Err(_) if self.kind.is_column() => Ok(Value::Null),
            Err(error) => Err(failed(ctx, error)),
        };
        match resolved {
            Err(error) if self.is_nullable.get() == Some(&true) => {
                ctx.add_error(error);
                Ok(Value::Null)
            }
            resolved => resolved,
        }
    }
}

/// The fields of an object.
pub struct Fields<T: Object> {
    about: String,
    in_order: Vec<Field<T>>,
    places: FxHashMap<String, usize>,
}

impl<T: Object> Fields<T> {
    /// The fields in their order, and the lines of the object's description.
    #[must_use]
    pub fn new(about: &[&str], fields: Vec<Field<T>>) -> Self {
        let places = fields.iter().enumerate().map(|(at, field)| (field.name.clone(), at)).collect();
        Self { about: prose(about), in_order: fields, places }
    }

    /// What the object is.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.about
    }

    /// A field by its name in the schema.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Field<T>> {
        self.in_order.get(*self.places.get(name)?)
    }

    /// The fields that run commands, each with what it tells of its own.
    pub fn commands(&self) -> impl Iterator<Item = (&str, Command)> {
        self.in_order.iter().filter_map(|field| Some((field.name.as_str(), field.kind.command()?)))
    }

    pub(super) fn declare(&self, registry: &mut Registry) -> IndexMap<String, MetaField> {
        self.in_order.iter().map(|field| (field.name.clone(), field.declare(registry))).collect()
    }
}

/// `first_name` is `firstName` in the schema.
#[must_use]
pub fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

/// The lines of a doc comment as a text.
fn prose(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n").trim().to_owned()
}
