//! One request on its way through the resolvers: its unit of work, its loaders, and who sent it.

use std::any::TypeId;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_graphql::context::{ContextBase, QueryPathNode};

use crate::db::batch::{Batch, Key};
use crate::db::row::Columns;
use crate::db::unit::{Unit, Work};
use crate::error::Result;
use crate::lock::lock;
use crate::viewer::{Client, Viewer};

/// What every resolver of one request shares.
pub struct Request {
    /// The database side.
    pub work: Arc<Work>,
    /// The loaders.
    pub batch: Batch,
    /// Where it came from.
    pub client: Client,
    /// Its name in the log.
    pub id: String,
    writes_rows: AtomicBool,
    rehearsed: AtomicBool,
    /// The columns that the document reads of each row type that edges lead to, as far as it was planned.
    columns: Mutex<Vec<(TypeId, Columns)>>,
}

impl Request {
    /// The request of a client.
    #[must_use]
    pub fn new(work: Arc<Work>, client: Client, id: String, writes_rows: bool) -> Self {
        let (writes_rows, rehearsed) = (AtomicBool::new(writes_rows), AtomicBool::default());
        Self { work, batch: Batch::default(), client, id, writes_rows, rehearsed, columns: Mutex::default() }
    }

    /// Whether the request may rehearse a change: it may once.
    pub fn begin_rehearsal(&self) -> bool {
        !self.rehearsed.swap(true, Ordering::Relaxed)
    }

    /// The columns to fetch of a row that some are needed of: those that the document reads elsewhere too, so that a
    /// row that comes twice is fetched once.
    #[must_use]
    pub fn columns<R: 'static>(&self, needed: Columns) -> Columns {
        let mut known = lock(&self.columns);
        let id = TypeId::of::<R>();
        if let Some((_, columns)) = known.iter_mut().find(|(row, _)| *row == id) {
            *columns = columns.and(needed);
            return *columns;
        }
        known.push((id, needed));
        needed
    }

    /// Whether rows may write themselves: see [`entity`](mod@crate::entity).
    #[must_use]
    pub fn writes_rows(&self) -> bool {
        self.writes_rows.load(Ordering::Relaxed)
    }

    /// From here on everything goes async-graphql's way: something was unusual.
    pub fn stop_writing_rows(&self) {
        self.writes_rows.store(false, Ordering::Relaxed);
    }
}

/// What a resolver asks of its context: the only way to the request.
pub trait ContextExt<'a> {
    /// The request.
    fn request(&self) -> &'a Request;

    /// The field that asks.
    fn place(&self) -> Option<&QueryPathNode<'_>>;

    /// Who asks.
    fn viewer(&self) -> Arc<Viewer> {
        self.request().work.viewer()
    }

    /// Loads a key together with all others of its level. `None` when it is not there or not to be seen.
    fn load<K: Key>(&self, key: K) -> impl Future<Output = Result<Option<K::Value>>> + Send
    where
        Self: Sync,
    {
        // Only plans know what comes after.
        self.request().batch.announce_unknown();
        let waiting = self.request().batch.load(key);
        async { waiting.await.map_err(|error| error.in_field(self.place())) }
    }
}

impl<'a, T> ContextExt<'a> for ContextBase<'a, T> {
    fn place(&self) -> Option<&QueryPathNode<'_>> {
        self.path_node.as_ref()
    }

    fn request(&self) -> &'a Request {
        self.data_unchecked::<Arc<Request>>()
    }
}

impl Request {
    /// Opens a unit that may write. What was read before is forgotten, so that the payload reads what
    /// the mutation wrote.
    ///
    /// # Errors
    /// When the database cannot be used.
    pub async fn write(&self) -> Result<Unit> {
        let unit = self.work.write().await?;
        self.batch.clear();
        Ok(unit)
    }
}
