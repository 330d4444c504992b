//! Configuration and bounds, in one place.

use std::time::Duration;

use crate::memory;

/// Bounds on a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentLimits {
    /// Bytes of the text.
    pub query_bytes: usize,
    /// Names, numbers, strings, punctuation and comments.
    pub tokens: usize,
    /// Brackets in each other, of all kinds together, and selection sets in each other with
    /// fragments in place. At most 32: async-graphql's own bound on the latter has no code.
    pub nesting: usize,
    /// Fields in each other.
    pub depth: usize,
    /// Fields, spreads and inline fragments, with fragments in place.
    pub selections: usize,
    /// Aliases, with fragments in place.
    pub aliases: usize,
    /// Fields at the root of an operation.
    pub root_fields: usize,
    /// Directives, with fragments in place.
    pub directives: usize,
    /// The cost of the operation that runs.
    pub cost: u64,
    /// The size of a page of which the query does not tell the size.
    pub page_default: u64,
    /// The size of the largest page.
    pub page_max: u64,
    /// Bytes of the documents that are kept read, in all; with 0 none is.
    pub cache_bytes: usize,
}

impl Default for DocumentLimits {
    fn default() -> Self {
        Self {
            query_bytes: 16 * 1024,
            tokens: 2_000,
            nesting: 32,
            depth: 12,
            selections: 1_000,
            aliases: 30,
            root_fields: 10,
            directives: 50,
            cost: 1_000,
            page_default: 20,
            page_max: 100,
            cache_bytes: 16 * 1024 * 1024,
        }
    }
}

/// Every bound of the service.
#[derive(Debug, Clone)]
pub struct Limits {
    /// What a document may be.
    pub document: DocumentLimits,
    /// The most bytes of a request's body.
    pub body_bytes: usize,
    /// The most bytes of a request's variables.
    pub variables_bytes: usize,
    /// How long the head of a request may take.
    pub header_timeout: Duration,
    /// How long its body may take.
    pub body_timeout: Duration,
    /// How long a connection may sit idle.
    pub idle_timeout: Duration,
    /// Over which time it is looked at how much a client takes of an answer that waits for it.
    pub write_window: Duration,
    /// The least bytes a second that it has to take.
    pub write_rate: usize,
    /// How long a request may take, once it is read.
    pub request_timeout: Duration,
    /// The most requests at once.
    pub in_flight: usize,
    /// The most requests that wait for a place.
    pub queued: usize,
    /// How long they wait.
    pub queue_wait: Duration,
    /// The most connections at once.
    pub connections: usize,
    /// How long a shutdown waits for what is in flight.
    pub drain: Duration,
    /// The most errors of an answer.
    pub errors: usize,
    /// What answers may hold in memory.
    pub memory: memory::Bounds,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document: DocumentLimits::default(),
            body_bytes: 256 * 1024,
            variables_bytes: 64 * 1024,
            header_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(9),
            idle_timeout: Duration::from_mins(1),
            write_window: Duration::from_secs(15),
            write_rate: 8 * 1024,
            request_timeout: Duration::from_secs(10),
            in_flight: 256,
            queued: 64,
            queue_wait: Duration::from_millis(500),
            connections: 4096,
            drain: Duration::from_secs(12),
            errors: 10,
            memory: memory::Bounds::default(),
        }
    }
}

/// Where the program runs, and so how much it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Environment {
    /// On somebody's desk: introspection for everybody, suggestions in errors.
    Development,
    /// In front of customers.
    Production,
}
