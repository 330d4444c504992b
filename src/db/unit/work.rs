//! The database side of one request.

use std::sync::{Arc, Mutex};

use futures_util::lock::Mutex as AsyncMutex;

use super::{Access, TokenDigest, Unit};
use crate::db::lock::lock;
use crate::db::pool::Pool;
use crate::error::{Error, Result};
use crate::viewer::Viewer;

/// The database side of one request: its token, its viewer, and its unit, opened when first needed.
pub struct Work {
    pool: Pool,
    token: Mutex<Option<TokenDigest>>,
    viewer: Mutex<Arc<Viewer>>,
    /// A failure is kept too: the other loaders of a level should not wait for the pool once more.
    unit: AsyncMutex<Option<Result<Arc<Unit>>>>,
}

impl Work {
    /// The work of a request that came with this token, or with none.
    #[must_use]
    pub fn new(pool: Pool, token: Option<TokenDigest>) -> Self {
        Self { pool, token: Mutex::new(token), viewer: Mutex::default(), unit: AsyncMutex::default() }
    }

    /// Who asks. Anonymous until a unit was opened.
    #[must_use]
    pub fn viewer(&self) -> Arc<Viewer> {
        Arc::clone(&lock(&self.viewer))
    }

    /// The reading unit of the request. Opens it when there is none.
    ///
    /// # Errors
    /// Like [`Unit::open`], and `UNAUTHENTICATED` when the session has ended.
    pub async fn unit(&self) -> Result<Arc<Unit>> {
        let mut slot = self.unit.lock().await;
        if let Some(opened) = slot.as_ref() {
            return opened.clone();
        }
        slot.insert(self.open(Access::Read).await.map(Arc::new)).clone()
    }

    /// Opens a unit that may write. The reading one ends first: a request never holds two connections.
    ///
    /// # Errors
    /// Like [`Work::unit`].
    pub async fn write(&self) -> Result<Unit> {
        self.finish().await?;
        self.open(Access::Write).await
    }

    /// Opens a reading unit of the program itself. The request's own ends first.
    ///
    /// # Errors
    /// Like [`Unit::open`].
    pub async fn program(&self) -> Result<Unit> {
        self.finish().await?;
        Unit::program(&self.pool).await
    }

    /// From here on the request reads as this session: the payload of a login.
    pub fn become_session(&self, token: TokenDigest) {
        *lock(&self.token) = Some(token);
    }

    /// From here on the request reads as a guest: its own session has ended.
    pub fn become_guest(&self) {
        *lock(&self.token) = None;
        *lock(&self.viewer) = Arc::default();
    }

    /// Ends the reading unit, if one is open.
    ///
    /// # Errors
    /// When somebody still reads on it, which would let a request hold two connections.
    pub async fn finish(&self) -> Result<()> {
        let Some(Ok(unit)) = self.unit.lock().await.take() else { return Ok(()) };
        let unit = Arc::into_inner(unit)
            .ok_or_else(|| Error::internal(std::io::Error::other("a unit ends while somebody reads on it")))?;
        // What was read is read: a commit that fails costs the connection and nothing else.
        if let Err(error) = unit.commit().await {
            tracing::warn!(cause = ?error.cause(), "a reading unit did not end well");
        }
        Ok(())
    }

    async fn open(&self, access: Access) -> Result<Unit> {
        let token = lock(&self.token).clone();
        let unit = Unit::open(&self.pool, access, token.as_ref()).await?;
        if token.is_some() && unit.viewer().session().is_none() {
            unit.rollback().await?;
            return Err(Error::dead_token());
        }
        *lock(&self.viewer) = Arc::clone(unit.viewer());
        Ok(unit)
    }
}
