//! The API: its schema, assembled from the rooms, and the one door to it.
//!
//! [`Service::execute`] is what every transport calls. It checks the document ([`guard`]), checks the
//! token, opens the unit of work, runs the resolvers level by level, and ends the unit before the
//! answer is written.

mod answer;
mod description;
pub mod guard;
mod node;
mod schema;
mod viewers;

use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{EmptySubscription, Schema};
use secrecy::{ExposeSecret, SecretString};

pub use answer::Answer;
pub use guard::DocumentLimits;
pub use schema::{Mutation, Query, commands, described_sdl, mutations, sdl, states};

use crate::db::inspection;
use crate::db::pool::Pool;
use crate::db::unit::{Access, Interrupted, Presented, TokenDigest, Work};
use crate::error::{Code, Error, Result};
use crate::identity::{Activity, Passwords, Token};
use crate::memory::{self, Memory};
use crate::request::Request;
use crate::shares::{Neighbour, Who};
use guard::{Checked, Guard};
use schema::{Api, export};
use viewers::Viewers;

pub use crate::viewer::Client;
use crate::viewer::{Permission, Viewer};

/// What a client is known by.
pub enum Credential {
    /// Nothing.
    None,
    /// What holds no token, and why.
    Malformed(Error),
    /// A session token, as it came.
    Bearer(SecretString),
}

/// One request, whatever transport it came by.
pub struct Call {
    /// The document, its variables, the operation to run.
    pub request: async_graphql::Request,
    /// Who asks.
    pub credential: Credential,
    /// From where.
    pub client: Client,
    /// The name of the request in the log.
    pub request_id: String,
    /// Whether only a query may run: GET.
    pub read_only: bool,
}

/// What the door is built with.
pub struct Settings {
    /// The bounds of a document.
    pub document: DocumentLimits,
    /// What answers may hold in memory.
    pub memory: memory::Bounds,
    /// How long a request may take.
    pub request_timeout: Duration,
    /// The most errors of an answer.
    pub errors: usize,
    /// Whether everybody may ask for the schema.
    pub open_introspection: bool,
    /// Whether rows may write themselves: off only where a test compares both ways of answering.
    pub writes_rows: bool,
}

/// The one door to the API. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    api: Api,
    guard: Guard,
    pool: Pool,
    activity: Activity,
    viewers: Viewers,
    memory: Memory,
    settings: Settings,
}

impl Service {
    /// The API over this pool.
    ///
    /// # Errors
    /// When the exported schema cannot be read back, which a test rules out.
    pub fn new(pool: Pool, passwords: Passwords, activity: Activity, settings: Settings) -> Result<Self> {
        let mut schema = Schema::build(Query::default(), Mutation::default(), EmptySubscription)
            .data(passwords)
            .data(node::finder());
        if !settings.open_introspection {
            schema = schema.disable_suggestions();
        }
        let api = schema.finish();
        let memory = Memory::new(settings.memory.clone());
        let guard = Guard::new(&export(&api), mutations(), settings.document.clone()).map_err(Error::internal)?;
        Ok(Self(Arc::new(Inner { api, guard, pool, activity, viewers: Viewers::default(), memory, settings })))
    }

    /// Answers one request.
    pub async fn execute(&self, call: Call) -> Answer {
        let inner = &self.0;
        let request_id = call.request_id.clone();
        let answer = match tokio::time::timeout(inner.settings.request_timeout, inner.answer(call)).await {
            Ok(answer) => answer.unwrap_or_else(Answer::from),
            Err(_) => {
                Error::new(Code::Timeout, "The request took too long. Ask for less at once, or try again.").into()
            }
        };
        answer.finish(&request_id, inner.settings.errors)
    }

    /// Whether the database answers, and has all that this program asks of it.
    pub async fn ready(&self) -> bool {
        inspection::is_current(&self.0.pool).await.unwrap_or(false)
    }
}

impl Inner {
    async fn answer(&self, call: Call) -> Result<Answer> {
        let Call { request, credential, client, request_id, read_only } = call;
        let client = (client, request_id);
        let token = match read_token(credential) {
            Err(_) if self.is_way_in(&request) => None,
            token => token?,
        };
        let guess = token.as_ref().and_then(|token| self.viewers.get(token));
        let who = who(guess.as_deref(), &client.0);
        // What is begun on a guess may have to be begun again.
        let again = guess.is_some().then(|| same(&request));
        match self.attempt(Arc::clone(&who), request, token.clone(), client.clone(), read_only, guess).await {
            Err(Interrupted::Failed(error)) => Err(error),
            Err(Interrupted::Again) => {
                if let Some(token) = &token {
                    self.viewers.forget(token);
                }
                let request =
                    again.ok_or_else(|| Error::internal(std::io::Error::other("begun again for no reason")))?;
                match self.attempt(who, request, token, client, read_only, None).await {
                    Ok(answer) => Ok(answer),
                    Err(Interrupted::Failed(error)) => Err(error),
                    Err(Interrupted::Again) => {
                        Err(Error::internal(std::io::Error::other("begun again without a guess")))
                    }
                }
            }
            Ok(answer) => Ok(answer),
        }
    }

    /// Answers a request, perhaps on a guess of who asks.
    async fn attempt(
        &self,
        who: Who,
        mut request: async_graphql::Request,
        token: Option<TokenDigest>,
        (client, request_id): (Client, String),
        read_only: bool,
        guess: Option<Arc<Viewer>>,
    ) -> Result<Answer, Interrupted> {
        let open = self.settings.open_introspection;
        // Whether this viewer may ask for the schema shows once the session is known.
        let checked = self.guard.check(&mut request, open || token.is_some()).map_err(Interrupted::Failed)?;
        if read_only && checked.operation == OperationType::Mutation {
            let error = Error::new(Code::MethodNotAllowed, "A mutation goes into a POST.");
            return Err(Interrupted::Failed(error));
        }

        // Who may ask for the schema is decided before anything is asked of the database: not on a guess.
        let guess = guess.filter(|_| checked.operation == OperationType::Query && !checked.introspects);
        let hasty = guess.is_some();
        let presented = token.as_ref().map(|token| self.presented(token, checked.is_way_in));
        let work = Arc::new(Work::new(&self.pool, self.memory.share(who), presented));
        let begun = self.begin(&work, token.is_some(), &checked, guess).await;
        let shared = Arc::new(Request::new(Arc::clone(&work), client, request_id, self.settings.writes_rows));
        if !hasty {
            shared.batch.announce_unknown();
        }
        let driven = match begun {
            Ok(()) => shared.batch.drive(self.api.execute(request.data(Arc::clone(&shared))), &work).await,
            Err(error) => Err(Interrupted::Failed(error)),
        };
        let ended = work.end().await;
        let mut response = driven?;
        if checked.introspects {
            description::put_into_answer(&mut response.data);
        }
        ended.map_err(Interrupted::Failed)?;
        if let Some((token, seen)) = work.seen() {
            if let Some((session, (known, now))) = seen.viewer.session().zip(seen.idle_since) {
                self.activity.note(&token, session, known, now);
            }
            self.viewers.remember(token, &seen.viewer);
        }
        let memory = Arc::clone(&work.memory);
        if checked.operation == OperationType::Query {
            // The text is copied once more; what was changed is told in any case.
            memory.draft(memory.written(), 0).await.map_err(Interrupted::Failed)?;
        }
        let answer = Answer::executed(response, checked.operation, shared.batch.levels(), memory);
        if answer.refused.is_none() {
            self.guard.keep(checked);
        }
        Ok(answer)
    }

    fn presented(&self, token: &TokenDigest, may_be_dead: bool) -> Presented {
        Presented { token: token.clone(), used: self.activity.latest(token), may_be_dead }
    }

    /// See [`Checked`].
    fn is_way_in(&self, request: &async_graphql::Request) -> bool {
        self.guard.check(&mut same(request), false).is_ok_and(|checked| checked.is_way_in)
    }

    /// Learns who asks, or goes by the guess for now. A dead token fails the whole request, unless that asks for a way
    /// in and for nothing else.
    async fn begin(&self, work: &Work, has_token: bool, checked: &Checked, guess: Option<Arc<Viewer>>) -> Result<()> {
        match (has_token, checked.operation, guess) {
            (false, ..) => return Ok(()),
            (true, _, Some(guess)) => work.expect(guess).await?,
            (true, OperationType::Mutation, _) => work.authenticate(Access::Write).await?,
            (true, ..) => work.authenticate(Access::Read).await?,
        }
        if checked.introspects && !self.settings.open_introspection && !work.viewer().can(Permission::SystemRead) {
            return Err(Error::new(Code::GraphqlValidationFailed, "introspection is off for you: use schema.graphql"));
        }
        Ok(())
    }
}

/// For whom a request takes its connections: the person whom the token was the last time, else the address.
fn who(guess: Option<&Viewer>, client: &Client) -> Who {
    let person = guess.and_then(Viewer::user).map(Neighbour::Person);
    Arc::new([person.or_else(|| client.ip.map(Neighbour::at)).unwrap_or(Neighbour::Nobody)])
}

/// The same request once more.
fn same(request: &async_graphql::Request) -> async_graphql::Request {
    let mut same = async_graphql::Request::new(request.query.clone()).variables(request.variables.clone());
    same.operation_name.clone_from(&request.operation_name);
    same
}

/// The digest of a token whose shape and checksum are right.
fn read_token(credential: Credential) -> Result<Option<TokenDigest>> {
    match credential {
        Credential::None => Ok(None),
        Credential::Malformed(error) => Err(error),
        Credential::Bearer(text) => {
            Token::read(text.expose_secret()).map(|token| Some(token.digest())).ok_or_else(Error::dead_token)
        }
    }
}
