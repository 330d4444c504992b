//! The operations, each with its document.

use std::fmt;

/// A typical request of a panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Operation {
    /// One's own account, with roles.
    Viewer,
    /// A server by id, with package and owner.
    Server,
    /// 20 servers, with package and owner.
    ServersPage,
    /// 20 open tickets, each with its 10 latest messages and their authors.
    TicketInbox,
    /// One's own 20 latest invoices, each with its payments.
    Billing,
    /// 50 people, each with roles, 5 servers and 5 invoices.
    AdminUsers,
}

impl Operation {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 6] =
        [Self::Viewer, Self::Server, Self::ServersPage, Self::TicketInbox, Self::Billing, Self::AdminUsers];

    /// How it is called on the command line and in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Server => "server",
            Self::ServersPage => "servers_page",
            Self::TicketInbox => "ticket_inbox",
            Self::Billing => "billing",
            Self::AdminUsers => "admin_users",
        }
    }

    /// What a client sends.
    pub fn document(self) -> &'static str {
        match self {
            Self::Viewer => include_str!("viewer.graphql"),
            Self::Server => include_str!("server.graphql"),
            Self::ServersPage => include_str!("servers_page.graphql"),
            Self::TicketInbox => include_str!("ticket_inbox.graphql"),
            Self::Billing => include_str!("billing.graphql"),
            Self::AdminUsers => include_str!("admin_users.graphql"),
        }
    }

    /// How its requests differ from each other.
    pub fn varies(self) -> Varies {
        match self {
            Self::Viewer | Self::Billing => Varies::Actor,
            Self::Server => Varies::Server,
            Self::ServersPage => Varies::PageOf("servers"),
            Self::TicketInbox => Varies::PageOf("tickets"),
            Self::AdminUsers => Varies::PageOf("users"),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How the requests of an operation differ. Who acts is an administrator, but where people ask for what is their own.
#[derive(Debug, Clone, Copy)]
pub enum Varies {
    /// Each is by another person, about this person: `$id`.
    Actor,
    /// Each is about another server: `$id`.
    Server,
    /// Each is the next page of the root field of this name: `$after`.
    PageOf(&'static str),
}
