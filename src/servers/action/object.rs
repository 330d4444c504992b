//! Actions, as clients see them.

use super::row::{ServerAction, ServerActionKind};
use crate::entity;
use crate::entity::required;
use crate::id::UserId;
use crate::identity::{Subject, face};
use crate::viewer::Viewer;

entity! {
    /// One thing done to a server by the provider, with its progress.
    ServerAction: Node {
        /// The action's id.
        id;
        /// What is done.
        kind;
        /// How far it is.
        status;
        /// 0 to 100.
        progress;
        /// What the provider said when it failed, fit for the owner's eyes. Null unless it failed.
        error;
        /// When it was asked for.
        created_at;
        /// When it ended. Null while it runs.
        finished_at;
        /// The server.
        server = required[server_id];
        /// Who asked: a person, or the system. Customers see whoever suspended a server as "Support".
        requested_by = face[kind, requested_by; viewer => asked(*kind, *requested_by, viewer)];
    }
}

fn asked(kind: ServerActionKind, by: Option<UserId>, viewer: &Viewer) -> Subject {
    let suspends = matches!(kind, ServerActionKind::Suspend | ServerActionKind::Unsuspend);
    match by {
        Some(user) if suspends && !viewer.is_staff() && viewer.user() != Some(user) => Subject::Support,
        Some(user) => Subject::Person(user),
        None => Subject::System,
    }
}
