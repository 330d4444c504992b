//! What happens to rows by themselves, once their time has come.

use std::future::Future;

use diesel::sql_types::Uuid as SqlUuid;
use diesel_async::RunQueryDsl as _;
use uuid::Uuid;

use super::turn::told;
use super::{Done, Record, Stop, Tally, Turn, Write};
use crate::db::failure;
use crate::db::statement::Statement;
use crate::error::Result;
use crate::journal::audit::Origin;
use crate::viewer::Client;

/// A command of the clock's: it has no viewer and no input, and happens to every row whose time has come.
pub trait Timely: 'static {
    /// What it happens to.
    type Row: Record;
    /// The event of the table of states, and the action of the audit log.
    const NAME: &'static str;

    /// The ids between two, both of them included, of rows whose time has come by `app.now()`; the least first, and not
    /// more at once than are handled soon.
    fn due(from: Uuid, to: Uuid) -> Statement<SqlUuid>;

    /// Does it to one of them, which is locked. Whether anything was done.
    fn run(row: Self::Row, write: &mut Write) -> impl Future<Output = Done<bool>> + Send;
}

/// Has it happen to every row whose time has come, each in a transaction of its own: one that fails is passed over, and
/// tried again when the job runs again.
///
/// # Errors
/// When the database cannot be used.
pub async fn pass<T: Timely>(turn: &Turn) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut from = Uuid::nil();
    loop {
        let unit = turn.unit().await?;
        let due: Vec<Uuid> = T::due(from, Uuid::max()).get_results(&mut unit.conn()).await?;
        unit.rollback().await?;
        let Some(last) = due.last() else { return Ok(tally) };
        // Those that fail are not met again in this run, and so cannot stand in the way of the rest.
        from = Uuid::from_u128(last.as_u128().saturating_add(1));
        for id in due {
            match one::<T>(turn, id).await {
                Ok(true) => tally.did(),
                Ok(false) => {}
                Err(Stop::Failed(error)) if error.code().is_outage() => return Err(error),
                // Somebody else is at the row: it is as it was, and due again.
                Err(Stop::Failed(error)) if failure::is_collision(&error) => {}
                Err(Stop::Failed(error)) => tally.failed(name::<T>(id), &told(&error)),
                Err(Stop::Refused(refused)) => tally.failed(name::<T>(id), &refused.message),
            }
        }
    }
}

fn name<T: Timely>(id: Uuid) -> String {
    format!("{}_{}", T::Row::PREFIX, id.as_simple())
}

async fn one<T: Timely>(turn: &Turn, id: Uuid) -> Done<bool> {
    let mut write = Write::new(turn.unit().await?, T::NAME);
    match happen::<T>(turn, id, &mut write).await {
        Ok(done) => {
            turn.end(write.into_unit()).await?;
            Ok(done)
        }
        Err(stop) => {
            // Where that fails the connection is thrown away, which undoes it as well.
            drop(write.into_unit().rollback().await);
            Err(stop)
        }
    }
}

async fn happen<T: Timely>(turn: &Turn, id: Uuid, write: &mut Write) -> Done<bool> {
    let row = write.subject(id).await?;
    // Somebody may have been faster than the lock.
    let still: Vec<Uuid> = T::due(id, id).get_results(&mut write.conn()).await.map_err(crate::error::Error::from)?;
    if still.is_empty() || !T::run(row, write).await? {
        return Ok(false);
    }
    let client = Client::default();
    write.journal(&Origin { action: T::NAME, actor: None, client: &client, request_id: &turn.name }).await?;
    Ok(true)
}
