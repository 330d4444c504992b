//! What went wrong, in one word.

/// A code a line: what it means, the name that clients match on, and the HTTP status of a request that it refused as a
/// whole. Clients read the same lines in the description of the schema.
macro_rules! codes {
    ($($(#[doc = $meaning:literal])+ $code:ident = $name:literal, $status:literal;)+) => {
        /// What went wrong, in the words of the API: `extensions.code`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $($(#[doc = $meaning])+ $code,)+
        }

        impl Code {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$code,)+];

            /// The name that clients match on.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)+
                }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$code => concat!($($meaning),+).trim_ascii(),)+
                }
            }

            /// The HTTP status of a request that this code refused as a whole.
            #[must_use]
            pub fn status(self) -> u16 {
                match self {
                    $(Self::$code => $status,)+
                }
            }
        }
    };
}

codes! {
    /// No live session where one is needed.
    Unauthenticated = "UNAUTHENTICATED", 401;
    /// The viewer lacks a permission, named in `extensions.requiredPermission`.
    Forbidden = "FORBIDDEN", 400;
    /// The subject of a mutation is not there, or not the viewer's.
    NotFound = "NOT_FOUND", 404;
    /// Malformed input, named in `extensions.field`.
    BadUserInput = "BAD_USER_INPUT", 400;
    /// The document or its variables are too large.
    QueryTooLarge = "QUERY_TOO_LARGE", 400;
    /// The document nests too deep.
    QueryTooDeep = "QUERY_TOO_DEEP", 400;
    /// The document costs or expands too much.
    QueryTooComplex = "QUERY_TOO_COMPLEX", 400;
    /// The document is not GraphQL.
    GraphqlParseFailed = "GRAPHQL_PARSE_FAILED", 400;
    /// The document does not fit the schema.
    GraphqlValidationFailed = "GRAPHQL_VALIDATION_FAILED", 400;
    /// An array of requests.
    BatchingDisabled = "BATCHING_DISABLED", 400;
    /// A request that a foreign page could have made a browser send.
    CsrfRejected = "CSRF_REJECTED", 403;
    /// The body is too large.
    PayloadTooLarge = "PAYLOAD_TOO_LARGE", 413;
    /// The answer would be too large.
    ResponseTooLarge = "RESPONSE_TOO_LARGE", 400;
    /// The URL is too long: a [`Code::QueryTooLarge`] with a status of its own.
    TargetTooLong = "QUERY_TOO_LARGE", 414;
    /// The body is not `application/json`.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", 415;
    /// The body is compressed on its way: a [`Code::UnsupportedMediaType`] with a status of its own.
    CodingNotImplemented = "UNSUPPORTED_MEDIA_TYPE", 501;
    /// The answer would be in a media type that the client does not take.
    NotAcceptable = "NOT_ACCEPTABLE", 406;
    /// The HTTP method does not fit.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", 405;
    /// The request took too long.
    Timeout = "TIMEOUT", 504;
    /// Its body took too long to arrive; to clients it is [`Code::Timeout`] with a status of its own.
    BodyTimeout = "TIMEOUT", 408;
    /// Too many requests at once.
    Overloaded = "OVERLOADED", 503;
    /// The database does not answer.
    DbUnavailable = "DB_UNAVAILABLE", 503;
    /// The database takes no changes now.
    ReadOnly = "READ_ONLY", 503;
    /// The idempotency key was used for another input.
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED", 400;
    /// The same idempotency key is at work in another request.
    IdempotencyInProgress = "IDEMPOTENCY_IN_PROGRESS", 400;
    /// Anything else: ours to mend.
    Internal = "INTERNAL", 500;
}

impl Code {
    /// Whether the whole request ends here: what is left of it would fail the same way.
    #[must_use]
    pub fn is_outage(self) -> bool {
        matches!(self, Self::DbUnavailable | Self::Overloaded | Self::ReadOnly)
    }
}
