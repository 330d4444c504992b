//! What happens to tickets by themselves.

use diesel::sql_types::Uuid as SqlUuid;
use uuid::Uuid;

use super::row::Ticket;
use crate::command::{Done, Timely, Write};
use crate::db::statement::{Bind, Statement};
use crate::journal::outbox::{Addressee, Occasion};

/// The tickets whose customers are silent, as far as a condition on `t` and `silence.since`, the time of the last message
/// that is no note, says so.
macro_rules! silent {
    ($condition:literal) => {
        concat!(
            "SELECT t.id FROM tickets t CROSS JOIN LATERAL ( \
                 SELECT max(created_at) AS since FROM ticket_messages m WHERE m.ticket_id = t.id AND NOT m.is_internal \
             ) AS silence WHERE t.status = 'waiting_customer' AND t.id BETWEEN ? AND ? AND ",
            $condition,
            " ORDER BY t.id LIMIT 100"
        )
    };
}

/// The customer of a ticket has been silent for five days: he hears that two more settle it.
pub struct WarnOfSilence;

impl Timely for WarnOfSilence {
    type Row = Ticket;
    const NAME: &'static str = "warnOfSilence";

    fn due(from: Uuid, to: Uuid) -> Statement<SqlUuid> {
        Statement::new(
            silent!(
                "silence.since <= app.now() - interval '5 days' \
               AND (t.silence_warned_at IS NULL OR t.silence_warned_at < silence.since)"
            ),
            vec![Bind::Uuid(from), Bind::Uuid(to)],
        )
    }

    async fn run(ticket: Ticket, write: &mut Write) -> Done<bool> {
        let now = write.now().await?;
        let warned = write.change(&ticket, |ticket| ticket.silence_warned_at = Some(now.into())).await?;
        if warned {
            write.mail(
                &ticket,
                Occasion::WillBeResolved,
                Addressee::Customer,
                "The customer is told by mail that silence settles the ticket.",
            );
        }
        Ok(warned)
    }
}

/// The customer has been silent for seven days, and was warned two days ago: the ticket is settled. Nobody's is who was
/// not warned, however long the silence.
pub struct ResolveSilent;

impl Timely for ResolveSilent {
    type Row = Ticket;
    const NAME: &'static str = "resolveSilent";

    fn due(from: Uuid, to: Uuid) -> Statement<SqlUuid> {
        Statement::new(
            silent!(
                "silence.since <= app.now() - interval '7 days' \
               AND t.silence_warned_at BETWEEN silence.since AND app.now() - interval '2 days'"
            ),
            vec![Bind::Uuid(from), Bind::Uuid(to)],
        )
    }

    async fn run(ticket: Ticket, write: &mut Write) -> Done<bool> {
        let resolved = write.change(&ticket, |_| {}).await?;
        if resolved {
            write.mail(
                &ticket,
                Occasion::Resolved,
                Addressee::Customer,
                "The customer is told by mail that the ticket is settled.",
            );
        }
        Ok(resolved)
    }
}

/// For three days nothing has happened to a ticket that was settled: it is over.
pub struct CloseResolved;

impl Timely for CloseResolved {
    type Row = Ticket;
    const NAME: &'static str = "closeResolved";

    fn due(from: Uuid, to: Uuid) -> Statement<SqlUuid> {
        Statement::new(
            "SELECT id FROM tickets \
             WHERE status = 'resolved' AND id BETWEEN ? AND ? AND updated_at <= app.now() - interval '72 hours' \
             ORDER BY id LIMIT 100",
            vec![Bind::Uuid(from), Bind::Uuid(to)],
        )
    }

    async fn run(ticket: Ticket, write: &mut Write) -> Done<bool> {
        write.change(&ticket, |_| {}).await
    }
}
