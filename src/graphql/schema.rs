//! The schema, assembled from the rooms, and what is read off it.

use async_graphql::{EmptySubscription, MergedObject, SDLExportOptions, Schema};

use super::description;
use super::guard::Mutations;
use super::node::NodeQuery;
use crate::billing::BillingQuery;
use crate::entity::{Command, Object as _};
use crate::identity::{IdentityMutation, IdentityQuery, User};
use crate::life;
use crate::operations::{Mail, OperationsMutation, OperationsQuery};
use crate::servers::ServersQuery;
use crate::support::{SupportMutation, SupportQuery, Ticket};

/// Everything that can be asked.
#[derive(MergedObject, Default)]
pub struct Query(IdentityQuery, NodeQuery, ServersQuery, BillingQuery, SupportQuery, OperationsQuery);

/// Everything that can be done.
#[derive(MergedObject, Default)]
pub struct Mutation(IdentityMutation, SupportMutation, OperationsMutation);

pub(super) type Api = Schema<Query, Mutation, EmptySubscription>;

/// The schema in the schema definition language, sorted, as async-graphql reads it: without its own description.
#[must_use]
pub fn sdl() -> String {
    export(&Schema::new(Query::default(), Mutation::default(), EmptySubscription))
}

/// The same with its description: what `schema.graphql` holds.
#[must_use]
pub fn described_sdl() -> String {
    description::put_into(&sdl())
}

pub(super) fn export(api: &Api) -> String {
    api.sdl_with_options(
        SDLExportOptions::new()
            .sorted_fields()
            .sorted_arguments()
            .sorted_enum_items()
            .include_specified_by()
            .use_space_ident(),
    )
}

/// The tables of states, as `docs/STATES.md` holds them.
#[must_use]
pub fn states() -> String {
    let about = "# States\n\nWhat may happen to an entity in which state, printed by `skypanel docs states` from the tables that enforce \
                 it and that answer `allowedActions`. An event that stands in no row for a state is refused there with \
                 INVALID_TRANSITION. One that is satisfied already succeeds and does nothing.\n";
    format!("{about}\n{}", [life::page::<User>(), life::page::<Ticket>(), life::page::<Mail>()].join("\n"))
}

/// The fields that run commands, each with what it tells of its own.
pub fn commands() -> impl Iterator<Item = (&'static str, Command)> {
    let identity = IdentityMutation::fields().commands();
    identity.chain(SupportMutation::fields().commands()).chain(OperationsMutation::fields().commands())
}

/// What the guard knows of them.
#[must_use]
pub fn mutations() -> Mutations {
    let named =
        |is: fn(Command) -> bool| commands().filter(|(_, command)| is(*command)).map(|(name, _)| name).collect();
    Mutations { once: named(|command| command.once), ways_in: named(|command| command.way_in) }
}
