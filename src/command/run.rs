//! What happens around every command, in this order.

use async_graphql::{Context, Value};

use super::{Becomes, Before, Command, Done, Payload, Prepare, Stop, Write};
use crate::db::failure;
use crate::error::{Error, Result};
use crate::journal::audit::Origin;
use crate::journal::idempotency::Claim;
use crate::request::{ContextExt as _, Request};

/// How often a command is tried that other transactions were in the way of.
const TRIES: usize = 3;

/// Runs a command: prepares it without a connection, opens the one transaction, authorises by that transaction's own
/// viewer, does it, keeps what happened, and commits; or undoes all of it and says why. `input` is what it came as.
///
/// With `dry`, the transaction is not committed: the payload is read inside of it, as the viewer would read it, and its
/// end undoes it.
///
/// # Errors
/// What is no outcome for a form.
pub async fn run<P: Prepare>(
    ctx: &Context<'_>,
    prepared: P,
    input: &Value,
    dry: bool,
) -> Result<<P::Ready as Command>::Payload> {
    let request = ctx.request();
    if dry && !request.begin_rehearsal() {
        return Err(Error::bad_input("dryRun", "A request rehearses one change at the most."));
    }
    let ready = match prepared.prepare(Before(ctx)).await {
        Ok(ready) => ready,
        Err(stop) => return answer(stop),
    };
    for _ in 1..TRIES {
        match attempt(request, ready.clone(), input, dry).await {
            Err(Stop::Failed(error)) if failure::is_collision(&error) => {}
            Err(stop) => return answer(stop),
            Ok(payload) => return Ok(payload),
        }
    }
    attempt(request, ready, input, dry).await.or_else(answer)
}

fn answer<P: Payload>(stop: Stop) -> Result<P> {
    match stop {
        Stop::Refused(error) => Ok(P::refused(*error)),
        Stop::Failed(error) => Err(error),
    }
}

async fn attempt<C: Command>(request: &Request, command: C, input: &Value, dry: bool) -> Done<C::Payload> {
    let mut write = Write::new(request.write().await?, C::NAME);
    let claim = match claim(&write, &command, input) {
        Ok(claim) => claim,
        Err(error) => return undone(write, error.into()).await,
    };
    match perform(request, command, &mut write, claim.as_ref(), dry).await {
        Ok(payload) if dry => {
            request.work.rehearse(write.into_unit()).await?;
            Ok(payload)
        }
        Ok(payload) => {
            let becomes = write.becomes.take();
            write.into_unit().commit().await?;
            match becomes {
                Some(Becomes::Session(presented)) => request.work.become_session(Some(presented)).await,
                Some(Becomes::Guest) => request.work.become_session(None).await,
                None => {}
            }
            Ok(payload)
        }
        Err(stop) => undone(write, stop).await,
    }
}

/// Who may not call it hears so before anything is looked at.
fn claim<C: Command>(write: &Write, command: &C, input: &Value) -> Result<Option<Claim>> {
    if let Some(requires) = C::REQUIRES {
        write.viewer().check(requires)?;
    }
    command.key().map(|key| Claim::new(write.person()?, C::NAME, key, input)).transpose()
}

async fn perform<C: Command>(
    request: &Request,
    command: C,
    write: &mut Write,
    claim: Option<&Claim>,
    dry: bool,
) -> Done<C::Payload> {
    if let Some(claim) = claim
        && let Some(answered) = claim.take(write.conn()).await?
    {
        return Ok(answered);
    }
    let mut payload = command.run(write).await?;
    let actor = write.viewer().user();
    let origin = Origin { action: C::NAME, actor, client: &request.client, request_id: &request.id };
    payload.told(write.journal(&origin).await?);
    // A rehearsal uses no key up.
    if let Some(claim) = claim.filter(|_| !dry) {
        claim.keep(write.conn(), &payload).await?;
    }
    Ok(payload)
}

/// Undoes what was written, and gives the connection back in good order.
async fn undone<T>(write: Write, stop: Stop) -> Done<T> {
    // Where that fails the connection is thrown away, which undoes it as well.
    let undone = write.into_unit().rollback().await;
    match stop {
        Stop::Refused(_) => undone?,
        Stop::Failed(_) => {}
    }
    Err(stop)
}
