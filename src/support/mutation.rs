//! Changes of tickets and departments.

use super::canned_reply::{CreateCannedReplyInput, DeleteCannedReplyInput, UpdateCannedReplyInput};
use super::department::{CreateDepartmentInput, UpdateDepartmentInput};
use super::ticket::{
    AddTicketNoteInput, AssignTicketInput, CloseTicketInput, CreateTicketInput, HoldTicketInput, MergeTicketsInput,
    ReopenTicketInput, ReplyToTicketInput, ResolveTicketInput, ResumeTicketInput, StartTicketWorkInput,
    UnassignTicketInput, UnmergeTicketsInput, UpdateTicketInput,
};
use crate::command::command;
use crate::entity;

/// The mutations of this room.
#[derive(Default)]
pub struct SupportMutation;

entity! {
    /// Changes of tickets and departments.
    SupportMutation {
        /// Opens a ticket with its first message.
        create_ticket = command[CreateTicketInput];
        /// Changes what a ticket is about, whom it is for and how pressing it is.
        update_ticket = command[UpdateTicketInput];
        /// Writes into a ticket. An answer of staff waits for the customer, one of the customer for staff.
        reply_to_ticket = command[ReplyToTicketInput];
        /// An internal note: changes no status and is seen only with `ticket:note`.
        add_ticket_note = command[AddTicketNoteInput];
        /// Gives a ticket to somebody of staff. One that waits in the queue is in progress then.
        assign_ticket = command[AssignTicketInput];
        /// Takes a ticket from whoever is at it. One that is in progress goes back into the queue.
        unassign_ticket = command[UnassignTicketInput];
        /// Begins the work on a ticket. Whoever does so gets it, when nobody has it.
        start_ticket_work = command[StartTicketWorkInput];
        /// Puts a ticket on hold, with a reason for staff. Its clock stands meanwhile, and it is never closed by itself.
        hold_ticket = command[HoldTicketInput];
        /// Goes on with a ticket that was on hold.
        resume_ticket = command[ResumeTicketInput];
        /// Settles a ticket. It closes by itself unless somebody writes.
        resolve_ticket = command[ResolveTicketInput];
        /// Closes a ticket.
        close_ticket = command[CloseTicketInput];
        /// Opens a ticket again. Its customer may within 14 days of its end.
        reopen_ticket = command[ReopenTicketInput];
        /// Closes a ticket that goes on in another. Its messages stay its own and are shown there.
        merge_tickets = command[MergeTicketsInput];
        /// Takes a ticket out of the one that it was merged into. It is as it was before.
        unmerge_tickets = command[UnmergeTicketsInput];
        /// Makes a department. It is never deleted; it can be closed to customers.
        create_department = command[CreateDepartmentInput];
        /// Changes a department.
        update_department = command[UpdateDepartmentInput];
        /// Keeps an answer ready.
        create_canned_reply = command[CreateCannedReplyInput];
        /// Changes a canned reply.
        update_canned_reply = command[UpdateCannedReplyInput];
        /// Deletes a canned reply. What was written with it stays.
        delete_canned_reply = command[DeleteCannedReplyInput];
    }
}
