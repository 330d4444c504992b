//! Opening a ticket.

use async_graphql::ID;

use super::arguments::CreateTicketInput;
use super::row::Ticket;
use crate::command::{Command, Done, Effect, EffectKind, Write, line, missing, words};
use crate::entity::{edge, method};
use crate::id::{DepartmentId, MessageId, ServerId, TicketId, UserId};
use crate::identity::User;
use crate::journal::outbox::{Addressee, Occasion};
use crate::payload;
use crate::servers::Server;
use crate::support::department::{Department, Target};
use crate::support::message::{LONGEST, TicketMessage};
use crate::viewer::{Permission, Requires};

/// The most characters of a subject.
pub(super) const LONGEST_SUBJECT: usize = 200;

payload! {
    /// The outcome of opening a ticket.
    CreateTicketPayload {
        /// The new ticket. Null when nothing was done.
        ticket: TicketId,
    }
}

impl Command for CreateTicketInput {
    const NAME: &'static str = "createTicket";
    const REQUIRES: Option<Requires> = Some(Requires::own(Permission::TicketCreate));
    const EFFECT: Effect = Effect::of(EffectKind::Create).undone_by("closeTicket");
    type Payload = CreateTicketPayload;

    fn key(&self) -> Option<&str> {
        self.idempotency_key.as_deref()
    }

    async fn run(self, write: &mut Write) -> Done<CreateTicketPayload> {
        // Whoever opens one writes into it, so he has to see it.
        write.viewer().check(Requires::own(Permission::TicketRead))?;
        let subject = line(&self.subject, "subject", LONGEST_SUBJECT)?;
        let content = words(&self.content, "content", LONGEST)?;
        let author = write.person()?;
        let customer = match &self.user_id {
            Some(id) => on_behalf(write, id).await?,
            None => author,
        };
        let department = chosen(write, &self.department_id).await?;
        let server = match &self.server_id {
            Some(id) => Some(server_of(write, id, customer).await?),
            None => None,
        };
        let promised = Target::of(write.conn(), department.slug(), self.priority).await?;
        let now = write.now().await?;
        let mut ticket = Ticket::new(TicketId::fresh(), customer, now);
        (ticket.subject, ticket.priority, ticket.server_id) = (subject, self.priority, server);
        department.slug().clone_into(&mut ticket.department);
        ticket.owe(promised, now);
        write.insert(&ticket).await?;
        let message = TicketMessage::new(MessageId::fresh(), (ticket.id, author), (content, false), now);
        write.insert(&message).await?;
        if author != customer {
            write.mail(&ticket, Occasion::Opened, Addressee::Customer, "The customer is told by mail.");
        }
        Ok(CreateTicketPayload::of(ticket.id))
    }
}

async fn on_behalf(write: &mut Write, id: &ID) -> Done<UserId> {
    write.viewer().check(Requires::any(Permission::TicketCreate))?;
    let id = UserId::parse(id, "input.userId")?;
    write.other::<User>(id, "userId").await?;
    Ok(id)
}

/// The department that the input names, as far as the viewer may choose it.
pub(super) async fn chosen(write: &mut Write, id: &ID) -> Done<Department> {
    let id = DepartmentId::parse(id, "input.departmentId")?;
    let department: Department = write.other(id, "departmentId").await?;
    if department.is_open_to(write.viewer()) { Ok(department) } else { Err(missing("departmentId").into()) }
}

async fn server_of(write: &mut Write, id: &ID, customer: UserId) -> Done<ServerId> {
    let id = ServerId::parse(id, "input.serverId")?;
    let server: Server = write.other(id, "serverId").await?;
    if server.owner() == customer { Ok(id) } else { Err(missing("serverId").into()) }
}
