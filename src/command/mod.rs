//! The one way in which anything is changed.
//!
//! A mutation is a [`Command`], declared once: its input is the command, and beside what it does it says its name, the
//! permission it needs and its effect. Everything else is the same for all of them, and happens in [`run()`]: it is
//! authorised by the viewer of its own unit, its subject is locked and then looked at, its status changes by the
//! [table of states](mod@crate::life), what happened is [kept](mod@crate::journal) in the same transaction, and the
//! payload is read after the commit. A room writes down what is its own and nothing of that.
//!
//! ```text
//! /// Who gets which ticket.
//! #[derive(InputObject, Clone)]
//! pub struct AssignTicketInput { … }
//!
//! impl Command for AssignTicketInput {
//!     const NAME: &'static str = "assignTicket";
//!     const REQUIRES: Option<Requires> = Some(Requires::any(Permission::TicketAssign));
//!     const EFFECT: Effect = Effect::of(EffectKind::Correctable).undone_by("unassignTicket");
//!     type Payload = AssignTicketPayload;
//!
//!     async fn run(self, write: &mut Write) -> Done<AssignTicketPayload> { … }
//! }
//! ```
//!
//! What happens by itself is [`Timely`]: the same [`Write`], without a viewer, for every row whose time has come.

mod constraints;
mod effect;
mod field;
mod input;
mod notes;
mod payload;
mod record;
mod run;
mod timely;
mod turn;
mod write;

use std::future::{Future, ready};

use async_graphql::Context;

pub use constraints::missing;
pub use effect::{Effect, EffectKind};
pub use field::{bare, command};
pub use input::{as_expected, line, words};
pub use payload::Payload;
pub use record::{Record, changed};
pub use run::run;
pub use timely::{Timely, pass};
pub use turn::{Tally, Turn, short, told};
pub use write::{Becomes, Shown, Write};

use crate::error::Error;
use crate::outcome::UserError;
use crate::request::{ContextExt as _, Request};
use crate::viewer::Requires;

/// What comes of a command.
pub type Done<T> = Result<T, Stop>;

/// Why a command did nothing. Whatever it had written is undone.
#[derive(Debug)]
pub enum Stop {
    /// An outcome that a form shows.
    Refused(Box<UserError>),
    /// An error of the request.
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Of statements of a room's own.
impl From<diesel::result::Error> for Stop {
    fn from(cause: diesel::result::Error) -> Self {
        Self::Failed(cause.into())
    }
}

impl From<UserError> for Stop {
    fn from(error: UserError) -> Self {
        Self::Refused(Box::new(error))
    }
}

/// A mutation, declared once: its decoded input is the command.
pub trait Command: Clone + Send + Sync + 'static {
    /// The field of the API, the event of the table of states, the action of the audit log.
    const NAME: &'static str;
    /// The permission that it needs. The directive, the check and `allowedActions` come from here. `None`: it says
    /// itself who may call it.
    const REQUIRES: Option<Requires> = None;
    /// What it does to the world.
    const EFFECT: Effect;
    /// Whether a request may hold one of its kind at most: it hashes a password, mails somebody or moves money.
    const ONCE: bool = false;
    /// Whether it is for people without a session: a request that asks for nothing else may come with a dead token.
    const WAY_IN: bool = false;
    /// Whether it can be rehearsed: all but what signs in and out and changes passwords.
    const DRY_RUN: bool = true;
    /// What it answers.
    type Payload: Payload;

    /// The key under which the same command is done once, however often it is sent.
    fn key(&self) -> Option<&str> {
        None
    }

    /// Does it, in the one transaction that it has. May run again when another transaction was in its way, so it leaves
    /// nothing behind outside of it.
    fn run(self, write: &mut Write) -> impl Future<Output = Done<Self::Payload>> + Send;
}

/// What has to be done before a command can run, while no connection is held: hashing a password. Most commands need
/// nothing, and are their own input.
pub trait Prepare: Send + Sync + 'static {
    /// The command.
    type Ready: Command;

    /// Prepares it.
    fn prepare(self, before: Before<'_>) -> impl Future<Output = Done<Self::Ready>> + Send;
}

impl<C: Command> Prepare for C {
    type Ready = C;

    fn prepare(self, _: Before<'_>) -> impl Future<Output = Done<C>> + Send {
        ready(Ok(self))
    }
}

/// What a preparation works with.
#[derive(Clone, Copy)]
pub struct Before<'a>(&'a Context<'a>);

impl<'a> Before<'a> {
    /// The request.
    #[must_use]
    pub fn request(self) -> &'a Request {
        self.0.request()
    }

    /// Something that the API was built with.
    #[must_use]
    pub fn data<T: Send + Sync + 'static>(self) -> &'a T {
        self.0.data_unchecked()
    }
}
