//! The declaration of an object.

/// Declares an object of the API, a line a field:
///
/// ```text
/// entity! {
///     /// A ticket.                                      its description
///     Ticket: Node {
///         /// What it is about.
///         subject;                                       a column, as it is
///         /// Why it is on hold.
///         hold_reason, needs TicketUpdate;               null in silence for those who lack the permission
///         /// The account that opened it.
///         user = edge[user_id];                          what it is, and of which columns
///         /// What is still to be paid.
///         amount = part[amount, currency => Money::new(amount, *currency)];
///         /// Whether this is the session that asks.
///         is_current = value[id; viewer => viewer.session() == Some(*id)];
///         /// The roles that the person holds.
///         roles = each[id => RolesOf(*id); ; held => roles(held)];
///         /// The person's servers. An error without the permission; the owner needs only its `:own` form.
///         servers = page[Server of servers.user_id, ServerArguments], needs own ServerRead of id;
///     }
/// }
/// ```
///
/// `Ticket: Node` is a [`row!`](crate::row) with a typed `id`; without `: Node` it is any struct. An expression sees
/// only the columns that are named before it, as references, so a field reads what it says it reads. What stands before
/// the brackets is a function that is in scope and takes such expressions: see [`entity`](mod@crate::entity) for those
/// that there are. `page`, `find` and `custom` have forms of their own:
///
/// - `page[L of table.column, A]`: the rows of `L` whose `column` points at this row, by the arguments `A`
///   ([`Narrow`](crate::page::Narrow)); `A` may be left out. `page[L, A]` on a root: all rows.
/// - `find[TicketId, "The ticket."]`: on a root, one row by the argument `id`, which is described so.
/// - `command[Input]` and `bare[Command]`: on the root of mutations, a [`Command`](crate::command::Command), with and
///   without input.
/// - `kind[of column, …]`: of the object itself, of which these columns are looked at.
/// - `custom[kind]`: any [`Kind`](crate::entity::Kind).
#[macro_export]
macro_rules! entity {
    (
        $(#[doc = $about:literal])*
        $ty:ident $(: $interface:ident)? {
            $(
                $(#[doc = $doc:literal])*
                $field:ident $(= $kind:ident [$($spec:tt)*])? $(, needs $($need:ident)+)?;
            )*
        }
    ) => {
        impl $crate::entity::Object for $ty {
            const NAME: &'static str = stringify!($ty);
            const INTERFACES: &'static [&'static str] = &[$(stringify!($interface))?];

            fn fields() -> &'static $crate::entity::Fields<Self> {
                static FIELDS: std::sync::OnceLock<$crate::entity::Fields<$ty>> = std::sync::OnceLock::new();
                FIELDS.get_or_init(|| {
                    let fields = vec![$({
                        let (columns, kind) = $crate::entity_kind!($ty, $field, $($kind [$($spec)*])?);
                        let (owner, needs) = $crate::entity_needs!($ty, $($($need)+)?);
                        let columns: Vec<&str> = columns.iter().chain(owner).copied().collect();
                        $crate::entity::Field::new(stringify!($field), &[$($doc),*], &columns, needs, kind)
                    }),*];
                    $crate::entity::Fields::new(&[$($about),*], fields)
                })
            }

            $crate::entity_row!($($interface)?);
        }

        impl async_graphql::OutputType for $ty {
            fn type_name() -> std::borrow::Cow<'static, str> {
                <Self as $crate::entity::Object>::NAME.into()
            }

            fn create_type_info(registry: &mut async_graphql::registry::Registry) -> String {
                $crate::entity::declare::<Self>(registry)
            }

            async fn resolve(
                &self,
                ctx: &async_graphql::ContextSelectionSet<'_>,
                _: &async_graphql::Positioned<async_graphql::parser::types::Field>,
            ) -> async_graphql::ServerResult<async_graphql::Value> {
                $crate::entity::resolve(self, ctx).await
            }
        }

        impl async_graphql::ContainerType for $ty {
            async fn resolve_field(
                &self,
                ctx: &async_graphql::Context<'_>,
            ) -> async_graphql::ServerResult<Option<async_graphql::Value>> {
                $crate::entity::resolve_field(self, ctx).await
            }
        }

        impl async_graphql::ObjectType for $ty {}

        $crate::entity_node!($ty, $($interface)?);
    };
}

/// The columns that a field reads, and its kind.
#[doc(hidden)]
#[macro_export]
macro_rules! entity_kind {
    ($ty:ident, $field:ident,) => {
        (&[stringify!($field)][..], $crate::entity::column(|this: &$ty| &this.$field))
    };
    ($ty:ident, $field:ident, page [$list:ident of $table:ident.$column:ident]) => {
        $crate::entity_kind!($ty, $field, page [$list of $table.$column, $crate::page::Unfiltered])
    };
    ($ty:ident, $field:ident, page [$list:ident of $table:ident.$column:ident, $arguments:ty]) => {{
        let parent = ($crate::column!($table.$column), (|this| this.id.into()) as fn(&$ty) -> uuid::Uuid);
        (&["id"][..], $crate::entity::page::<$ty, $list, $arguments>(Some(parent)))
    }};
    ($ty:ident, $field:ident, page [$list:ident, $arguments:ty]) => {
        (&[][..], $crate::entity::page::<$ty, $list, $arguments>(None))
    };
    ($ty:ident, $field:ident, find [$id:ident, $about:literal]) => {
        (&[][..], $crate::entity::find::<$ty, $id>($about))
    };
    ($ty:ident, $field:ident, command [$input:ty]) => {
        (&[][..], command::<$ty, $input>())
    };
    ($ty:ident, $field:ident, bare [$command:ty]) => {
        (&[][..], bare::<$ty, $command>())
    };
    ($ty:ident, $field:ident, $kind:ident [of $($column:ident),*]) => {
        (&[$(stringify!($column)),*][..], $kind())
    };
    ($ty:ident, $field:ident, custom [$kind:expr]) => {
        (&[][..], Box::new($kind) as Box<dyn $crate::entity::Kind<$ty>>)
    };
    ($ty:ident, $field:ident, $kind:ident [$column:ident]) => {
        $crate::entity_kind!($ty, $field, $kind [$column => *$column])
    };
    ($ty:ident, $field:ident, $kind:ident [$($column:ident),* => $value:expr]) => {
        $crate::entity_kind!($ty, $field, $kind [$($column),*; _viewer => $value])
    };
    ($ty:ident, $field:ident, $kind:ident [$($column:ident),*; $viewer:ident => $value:expr]) => {
        (
            &[$(stringify!($column)),*][..],
            $kind(|this: &$ty, $viewer: &$crate::viewer::Viewer| {
                let $ty { $($column,)* .. } = this;
                $value
            }),
        )
    };
    ($ty:ident, $field:ident, $kind:ident [$($column:ident),* => $key:expr; $($other:ident),*; $found:ident => $value:expr]) => {
        (
            &[$(stringify!($column),)* $(stringify!($other)),*][..],
            $kind(
                |this: &$ty, _: &$crate::viewer::Viewer| {
                    let $ty { $($column,)* .. } = this;
                    $key
                },
                |this: &$ty, $found| {
                    let $ty { $($other,)* .. } = this;
                    $value
                },
            ),
        )
    };
}

/// The column of the owner, and the permission that a field needs.
#[doc(hidden)]
#[macro_export]
macro_rules! entity_needs {
    ($ty:ident,) => {
        (&[][..], None)
    };
    ($ty:ident, $permission:ident) => {
        $crate::entity_needs!(@ $ty, any, $permission, None, [])
    };
    ($ty:ident, own $permission:ident) => {
        $crate::entity_needs!(@ $ty, own, $permission, None, [])
    };
    ($ty:ident, own $permission:ident of $owner:ident) => {
        $crate::entity_needs!(@ $ty, own, $permission, Some(|this: &$ty| this.$owner), [stringify!($owner)])
    };
    (@ $ty:ident, $form:ident, $permission:ident, $owner:expr, [$($column:expr)?]) => {{
        let requires = $crate::viewer::Requires::$form($crate::viewer::Permission::$permission);
        (&[$($column)?][..], Some($crate::entity::Needs { requires, owner: $owner }))
    }};
}

/// What a row tells of its columns.
#[doc(hidden)]
#[macro_export]
macro_rules! entity_row {
    () => {};
    (Node) => {
        fn columns(names: &[&str]) -> $crate::db::row::Columns {
            $crate::db::row::Columns::named(<Self as $crate::db::row::Row>::COLUMNS, names)
        }

        fn fetched(&self) -> $crate::db::row::Columns {
            $crate::db::row::Row::fetched(self)
        }
    };
}

/// What the interface `Node` asks of its members.
#[doc(hidden)]
#[macro_export]
macro_rules! entity_node {
    ($ty:ident,) => {};
    ($ty:ident, Node) => {
        impl $ty {
            /// What the interface `Node` fetches it by, in the shape that async-graphql's derive calls.
            ///
            /// # Errors
            /// Never.
            pub async fn id(&self, _: &async_graphql::Context<'_>) -> async_graphql::Result<async_graphql::ID> {
                Ok(self.id.into())
            }
        }
    };
}

/// Makes a row one that is found by its id: `by_id! { Ticket by TicketId in tickets }`. It has `visible_to`, from which
/// every statement over its table starts.
#[macro_export]
macro_rules! by_id {
    ($ty:ident by $id:ident in $table:ident) => {
        impl $crate::page::ById for $ty {
            const ID: $crate::db::list::Column = $crate::column!($table.id);

            fn seen(viewer: &$crate::viewer::Viewer, ending: $crate::db::list::Ending) -> $crate::db::list::Fragment {
                ending.finish(Self::visible_to(viewer))
            }

            fn uuid(&self) -> uuid::Uuid {
                self.id.0
            }

            fn known_by(id: uuid::Uuid) -> Self {
                Self { id: $id(id), ..Self::default() }
            }
        }

        impl $crate::entity::Names for $id {
            type Row = $ty;

            fn uuid(&self) -> Option<uuid::Uuid> {
                Some(self.0)
            }
        }

        impl $crate::entity::Id for $id {
            fn read(id: &async_graphql::ID, field: &str) -> $crate::error::Result<Self> {
                Self::parse(id, field)
            }
        }
    };
}
