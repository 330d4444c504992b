//! What went wrong, in one word.

/// What went wrong, in the words of the API: `extensions.code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// No live session where one is needed.
    Unauthenticated,
    /// The viewer lacks a permission, named in `extensions.requiredPermission`.
    Forbidden,
    /// The subject of a mutation is not there, or not the viewer's.
    NotFound,
    /// Malformed input, named in `extensions.field`.
    BadUserInput,
    /// The document or its variables are too large.
    QueryTooLarge,
    /// The document nests too deep.
    QueryTooDeep,
    /// The document costs or expands too much.
    QueryTooComplex,
    /// The document is not GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// An array of requests.
    BatchingDisabled,
    /// A request that a foreign page could have made a browser send.
    CsrfRejected,
    /// The body is too large.
    PayloadTooLarge,
    /// The answer would be too large.
    ResponseTooLarge,
    /// The URL is too long: a [`Code::QueryTooLarge`] with a status of its own.
    TargetTooLong,
    /// The body is not `application/json`.
    UnsupportedMediaType,
    /// The body is compressed on its way: a [`Code::UnsupportedMediaType`] with a status of its own.
    CodingNotImplemented,
    /// The answer would be in a media type that the client does not take.
    NotAcceptable,
    /// The HTTP method does not fit.
    MethodNotAllowed,
    /// The request took too long.
    Timeout,
    /// Its body took too long to arrive; to clients it is [`Code::Timeout`] with a status of its own.
    BodyTimeout,
    /// Too many requests at once.
    Overloaded,
    /// The database does not answer.
    DbUnavailable,
    /// The database takes no changes now.
    ReadOnly,
    /// The idempotency key was used for another input.
    IdempotencyKeyReused,
    /// The same idempotency key is at work in another request.
    IdempotencyInProgress,
    /// Anything else: ours to mend.
    Internal,
}

impl Code {
    /// The name that clients match on.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::QueryTooLarge | Self::TargetTooLong => "QUERY_TOO_LARGE",
            Self::QueryTooDeep => "QUERY_TOO_DEEP",
            Self::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::BatchingDisabled => "BATCHING_DISABLED",
            Self::CsrfRejected => "CSRF_REJECTED",
            Self::PayloadTooLarge => "PAYLOAD_TOO_LARGE",
            Self::ResponseTooLarge => "RESPONSE_TOO_LARGE",
            Self::UnsupportedMediaType | Self::CodingNotImplemented => "UNSUPPORTED_MEDIA_TYPE",
            Self::NotAcceptable => "NOT_ACCEPTABLE",
            Self::MethodNotAllowed => "METHOD_NOT_ALLOWED",
            Self::Timeout | Self::BodyTimeout => "TIMEOUT",
            Self::Overloaded => "OVERLOADED",
            Self::DbUnavailable => "DB_UNAVAILABLE",
            Self::ReadOnly => "READ_ONLY",
            Self::IdempotencyKeyReused => "IDEMPOTENCY_KEY_REUSED",
            Self::IdempotencyInProgress => "IDEMPOTENCY_IN_PROGRESS",
            Self::Internal => "INTERNAL",
        }
    }

    /// The HTTP status of a request that this code refused as a whole.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Unauthenticated => 401,
            Self::CsrfRejected => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::NotAcceptable => 406,
            Self::BodyTimeout => 408,
            Self::PayloadTooLarge => 413,
            Self::TargetTooLong => 414,
            Self::UnsupportedMediaType => 415,
            Self::Overloaded | Self::DbUnavailable | Self::ReadOnly => 503,
            Self::Timeout => 504,
            Self::Internal => 500,
            Self::CodingNotImplemented => 501,
            Self::Forbidden
            | Self::BadUserInput
            | Self::QueryTooLarge
            | Self::QueryTooDeep
            | Self::QueryTooComplex
            | Self::ResponseTooLarge
            | Self::GraphqlParseFailed
            | Self::GraphqlValidationFailed
            | Self::BatchingDisabled
            | Self::IdempotencyKeyReused
            | Self::IdempotencyInProgress => 400,
        }
    }

    /// Whether the whole request ends here: what is left of it would fail the same way.
    #[must_use]
    pub fn is_outage(self) -> bool {
        matches!(self, Self::DbUnavailable | Self::Overloaded | Self::ReadOnly)
    }
}
