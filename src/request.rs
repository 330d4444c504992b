//! One request on its way through the resolvers: its unit of work, its loaders, and who sent it.

use std::sync::Arc;

use async_graphql::Context;
use async_graphql::context::QueryPathNode;

use crate::db::batch::{Batch, Key};
use crate::db::unit::{Unit, Work};
use crate::error::Result;
use crate::id::UserId;
use crate::viewer::{Client, Requires, Viewer};

/// What every resolver of one request shares.
pub struct Request {
    /// The database side.
    pub work: Arc<Work>,
    /// The loaders.
    pub batch: Batch,
    /// Where it came from.
    pub client: Client,
}

/// What a resolver asks of its context: the only way to the request.
pub trait Ask<'a> {
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
        let waiting = self.request().batch.load(key);
        async { waiting.await.map_err(|error| error.in_field(self.place())) }
    }

    /// A nullable edge: null when the row is not there or not to be seen, an error of its own when the
    /// load failed.
    fn edge<K: Key>(&self, key: K) -> impl Future<Output = Option<Result<K::Value>>> + Send
    where
        Self: Sync,
    {
        let loaded = self.load(key);
        async { loaded.await.transpose() }
    }

    /// A nullable field that asks for a permission where the rows are scoped by their own query. The
    /// error stays in the field: `Result<Option<T>>` would take the parent down.
    fn guarded<T, F>(&self, requires: Requires, field: F) -> impl Future<Output = Option<Result<T>>> + Send
    where
        F: Future<Output = Result<T>> + Send,
    {
        only_if(self.viewer().check(requires), field)
    }

    /// [`Ask::guarded`] for a field of somebody's row: the owner needs only the `:own` form.
    fn guarded_for<T, F>(
        &self,
        requires: Requires,
        owner: UserId,
        field: F,
    ) -> impl Future<Output = Option<Result<T>>> + Send
    where
        F: Future<Output = Result<T>> + Send,
    {
        only_if(self.viewer().check_for(requires, owner), field)
    }
}

async fn only_if<T>(allowed: Result<()>, field: impl Future<Output = Result<T>> + Send) -> Option<Result<T>> {
    match allowed {
        Ok(()) => Some(field.await),
        Err(error) => Some(Err(error)),
    }
}

impl<'a> Ask<'a> for Context<'a> {
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
