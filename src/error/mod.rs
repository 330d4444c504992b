//! One error for everything before and during the execution, and the one place that turns it into GraphQL.
//!
//! [`Error`] has no `Display`: a `?` cannot leak the text of a database or of a library to a client, who sees the
//! message given here, its [`Code`] and its extensions. What happened stays in the cause and is logged at the boundary.

mod code;

use std::sync::Arc;

use async_graphql::context::QueryPathNode;
use async_graphql::{ErrorExtensionValues, PathSegment, Pos, QueryPathSegment, Response};

pub use code::Code;

/// The result of everything that a client's request can make fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What a request, a document, a resolver or a statement is answered instead of a value.
#[derive(Debug, Clone)]
pub struct Error(Box<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    code: Code,
    message: String,
    field: Option<String>,
    required_permission: Option<String>,
    location: Option<Pos>,
    path: Option<Vec<PathSegment>>,
    cause: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error with a message for the client.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            code,
            message: message.into(),
            field: None,
            required_permission: None,
            location: None,
            path: None,
            cause: None,
        }))
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(&mut self.0);
        self
    }

    fn caused_by(self, cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        self.with(|inner| inner.cause = Some(Arc::new(cause)))
    }

    /// Malformed input: `field` is the argument, or the path into it, such as `filter.ownerId`.
    pub fn bad_input(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Code::BadUserInput, message).with(|inner| inner.field = Some(field.into()))
    }

    /// A guarded field without a session.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(Code::Unauthenticated, "Sign in to see this: send a session token as `Authorization: Bearer`.")
    }

    /// A token that is malformed, ended, or never was.
    #[must_use]
    pub fn dead_token() -> Self {
        Self::new(Code::Unauthenticated, "The session has ended or the token is not valid. Sign in again.")
    }

    /// A permission that the viewer does not hold.
    pub fn forbidden(permission: impl Into<String>) -> Self {
        let permission = permission.into();
        let message = format!("You need the permission `{permission}` for this.");
        Self::new(Code::Forbidden, message).with(|inner| inner.required_permission = Some(permission))
    }

    /// The subject of a mutation that is not there, or that the viewer may not know.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is nothing with this id.")
    }

    /// Ours to mend: the client learns that it happened, the log learns why.
    pub fn internal(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::new(Code::Internal, "internal error").caused_by(cause)
    }

    /// The database took too long.
    pub fn timed_out(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        let message = "The database took too long. Ask for less at once, or try again.";
        Self::new(Code::Timeout, message).caused_by(cause)
    }

    /// A row that a foreign key points at, and that the viewer must see because its child is seen.
    #[must_use]
    pub fn missing_row(what: &'static str) -> Self {
        Self::internal(std::io::Error::other(format!("{what} is missing or hidden behind a row that is seen")))
    }

    /// The database does not answer.
    pub fn unavailable(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        let message = "The database does not answer. Try again in a moment.";
        Self::new(Code::DbUnavailable, message).caused_by(cause)
    }

    /// The database takes no changes: a standby, or one that was set so.
    pub fn read_only(cause: impl std::error::Error + Send + Sync + 'static) -> Self {
        let message = "Nothing can be changed for the moment, only read. Try again later.";
        Self::new(Code::ReadOnly, message).caused_by(cause)
    }

    /// More than one answer may hold.
    #[must_use]
    pub fn response_too_large() -> Self {
        Self::new(Code::ResponseTooLarge, "The answer would be too large. Ask for smaller pages, or for fewer fields.")
    }

    /// More than can be served at once.
    #[must_use]
    pub fn overloaded() -> Self {
        Self::new(Code::Overloaded, "Too many requests at once. Try again in a moment.")
    }

    /// The place in the document that it is about, for what is refused before it runs.
    #[must_use]
    pub fn at(self, location: Pos) -> Self {
        self.with(|inner| inner.location = Some(location))
    }

    /// The field that failed, unless an inner one is named already. async-graphql knows it too, but
    /// forgets it where a list lies between the field and the parent that it takes down.
    #[must_use]
    pub fn in_field(mut self, node: Option<&QueryPathNode<'_>>) -> Self {
        if let (None, Some(node)) = (&self.0.path, node) {
            let nodes = std::iter::successors(Some(node), |node| node.parent);
            let mut path: Vec<_> = nodes.map(|node| segment(&node.segment)).collect();
            path.reverse();
            self.0.path = Some(path);
        }
        self
    }

    /// The path to the field that failed, if it was noted.
    #[must_use]
    pub fn path(&self) -> Option<&[PathSegment]> {
        self.0.path.as_deref()
    }

    /// What went wrong.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// What the client is told.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What lies underneath, for the log alone.
    #[must_use]
    pub fn cause(&self) -> Option<&(dyn std::error::Error + Send + Sync + 'static)> {
        self.0.cause.as_deref()
    }

    /// The answer to a request that this error refuses as a whole.
    #[must_use]
    pub fn into_response(self) -> Response {
        let location = self.0.location;
        let mut error = async_graphql::Error::from(self).into_server_error(Pos::default());
        error.locations = location.into_iter().collect();
        Response::from_errors(vec![error])
    }
}

fn segment(segment: &QueryPathSegment<'_>) -> PathSegment {
    match *segment {
        QueryPathSegment::Index(index) => PathSegment::Index(index),
        QueryPathSegment::Name(name) => PathSegment::Field(name.to_owned()),
    }
}

impl From<Error> for async_graphql::Error {
    fn from(error: Error) -> Self {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", error.0.code.as_str());
        if let Some(field) = &error.0.field {
            extensions.set("field", field.as_str());
        }
        if let Some(permission) = &error.0.required_permission {
            extensions.set("requiredPermission", permission.as_str());
        }
        Self { message: error.0.message.clone(), source: Some(Arc::new(error)), extensions: Some(extensions) }
    }
}
