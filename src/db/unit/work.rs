//! The database side of one request.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use futures_util::lock::Mutex as AsyncMutex;

use super::{Access, Presented, Seen, TokenDigest, Unit};
use crate::db::pool::Pool;
use crate::error::{Code, Error, Result};
use crate::lock::lock;
use crate::memory::Share;
use crate::viewer::Viewer;

/// The database side of one request: its token, its viewer, and its unit, opened when first needed.
pub struct Work {
    pool: Pool,
    /// What the answer holds.
    pub memory: Arc<Share>,
    presented: Mutex<Option<Presented>>,
    viewer: Mutex<Arc<Viewer>>,
    /// A failure is kept too: the other loaders of a level should not wait for the pool once more.
    unit: AsyncMutex<Option<Result<Arc<Unit>>>>,
    /// The unit that a mutation was authenticated in, until its first field takes it.
    writing: Mutex<Option<Unit>>,
    /// The first statements of an early unit, until the first level takes them along.
    asked: Mutex<Option<BoxFuture<'static, Result<Seen>>>>,
    /// What the database said of who asks, by the token that it is about.
    seen: Mutex<Option<(TokenDigest, Seen)>>,
    interrupted: Mutex<Option<Interrupted>>,
}

/// Why a request stops in the middle.
#[derive(Debug, Clone)]
pub enum Interrupted {
    /// It was begun on a guess that turned out wrong: of who asks, or of which level is the last. It is answered again,
    /// without guesses.
    Again,
    /// The whole of it fails by this.
    Failed(Error),
}

impl Work {
    /// The work of a request that came with this token, or with none.
    #[must_use]
    pub fn new(pool: &Pool, memory: Share, presented: Option<Presented>) -> Self {
        let memory = Arc::new(memory);
        Self {
            pool: pool.of(&memory),
            memory,
            presented: Mutex::new(presented),
            viewer: Mutex::default(),
            unit: AsyncMutex::default(),
            writing: Mutex::default(),
            asked: Mutex::default(),
            seen: Mutex::default(),
            interrupted: Mutex::default(),
        }
    }

    /// Opens the first unit of the request, of the kind that it will need first, and so learns who asks.
    ///
    /// # Errors
    /// Like [`Work::unit`].
    pub async fn authenticate(&self, access: Access) -> Result<()> {
        match access {
            Access::Read => drop(self.unit().await?),
            Access::Write => {
                let unit = self.open(Access::Write).await?;
                *lock(&self.writing) = Some(unit);
            }
        }
        Ok(())
    }

    /// Opens the reading unit for whom the program takes the viewer to be. What makes sure of it leaves with the first
    /// level, whose answers wait for it: see [`Work::take_asked`].
    ///
    /// # Errors
    /// Like [`Unit::open`].
    pub async fn expect(&self, guess: Arc<Viewer>) -> Result<()> {
        let Some(presented) = lock(&self.presented).clone() else { return Ok(()) };
        *lock(&self.viewer) = Arc::clone(&guess);
        let (unit, asked) = Unit::early(&self.pool, presented, guess).await?;
        *self.unit.lock().await = Some(Ok(unit));
        *lock(&self.asked) = Some(asked);
        Ok(())
    }

    /// What has to be sent first on the reading unit. When it is answered, the work knows who asks, or is interrupted.
    pub fn take_asked(self: &Arc<Self>) -> Option<BoxFuture<'static, ()>> {
        let asked = lock(&self.asked).take()?;
        let work = Arc::clone(self);
        Some(Box::pin(async move {
            match asked.await {
                Ok(seen) if seen.viewer == work.viewer() => work.note(seen),
                // Also when the connection died while it was idle: without a guess there is a second try.
                Ok(_) | Err(_) => work.interrupt(Interrupted::Again),
            }
        }))
    }

    /// Who asks. Anonymous until a unit was opened.
    #[must_use]
    pub fn viewer(&self) -> Arc<Viewer> {
        Arc::clone(&lock(&self.viewer))
    }

    /// What the database said of the session that asks, once it did.
    #[must_use]
    pub fn seen(&self) -> Option<(TokenDigest, Seen)> {
        lock(&self.seen).clone()
    }

    /// Stops the request.
    pub fn interrupt(&self, by: Interrupted) {
        lock(&self.interrupted).get_or_insert(by);
    }

    /// Why the request stops, if it does.
    #[must_use]
    pub fn interrupted(&self) -> Option<Interrupted> {
        lock(&self.interrupted).clone()
    }

    /// The reading unit, if one is open and nobody is at it.
    #[must_use]
    pub fn open_unit(&self) -> Option<Arc<Unit>> {
        self.unit.try_lock()?.as_ref()?.as_ref().ok().map(Arc::clone)
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
        self.drop_writing().await?;
        slot.insert(self.open(Access::Read).await.map(Arc::new)).clone()
    }

    /// A unit that may write: the one that the request was authenticated in, or another. The reading one ends first:
    /// a request never holds two connections.
    ///
    /// # Errors
    /// Like [`Work::unit`].
    pub async fn write(&self) -> Result<Unit> {
        let opened = lock(&self.writing).take();
        if let Some(unit) = opened {
            return Ok(unit);
        }
        self.finish().await?;
        self.open(Access::Write).await
    }

    /// Reads from here on in a unit that was written in and will be undone: see [`Unit::rehearse`].
    ///
    /// # Errors
    /// Like [`Unit::rehearse`].
    pub async fn rehearse(&self, unit: Unit) -> Result<()> {
        let presented = lock(&self.presented).clone();
        let unit = unit.rehearse(presented.as_ref()).await?;
        *lock(&self.viewer) = Arc::clone(unit.viewer());
        *self.unit.lock().await = Some(Ok(Arc::new(unit)));
        Ok(())
    }

    /// Opens a reading unit of the program itself. The request's own ends first.
    ///
    /// # Errors
    /// Like [`Unit::open`].
    pub async fn program(&self) -> Result<Unit> {
        self.finish().await?;
        Unit::program(&self.pool).await
    }

    /// From here on the request is one of this session, or of a guest: what comes after in the document is checked and
    /// answered for whom the database says it is.
    pub async fn become_session(&self, presented: Option<Presented>) {
        let is_guest = presented.is_none();
        *lock(&self.presented) = presented;
        *lock(&self.viewer) = Arc::default();
        *lock(&self.seen) = None;
        if !is_guest {
            // A failure stays in the slot, and fails what comes after.
            drop(self.unit().await);
        }
    }

    /// Ends whatever unit is open, and waits until it has ended.
    ///
    /// # Errors
    /// When somebody still reads on it, which would let a request hold two connections.
    pub async fn finish(&self) -> Result<()> {
        self.drop_writing().await?;
        let Some(unit) = self.take().await? else { return Ok(()) };
        // What was read is read: a commit that fails costs the connection and nothing else.
        if let Err(error) = unit.close().await {
            tracing::warn!(cause = ?error.cause(), "a reading unit did not end well");
        }
        Ok(())
    }

    /// Ends the request. A reading unit in which nothing failed is not waited for.
    ///
    /// # Errors
    /// Like [`Work::finish`].
    pub async fn end(&self) -> Result<()> {
        self.drop_writing().await?;
        match self.take().await? {
            Some(unit) if unit.failure().is_none() => unit.leave(),
            // The server is still at it: its statement is cancelled.
            Some(unit) if unit.failure().is_some_and(|failure| failure.code() == Code::ResponseTooLarge) => drop(unit),
            Some(unit) => drop(unit.close().await),
            None => {}
        }
        Ok(())
    }

    async fn take(&self) -> Result<Option<Unit>> {
        let Some(Ok(unit)) = self.unit.lock().await.take() else { return Ok(None) };
        let unit = Arc::into_inner(unit);
        unit.map(Some).ok_or_else(|| Error::internal(std::io::Error::other("a unit ends while somebody reads on it")))
    }

    /// Gives back the unit of a mutation that wrote nothing.
    async fn drop_writing(&self) -> Result<()> {
        let unused = lock(&self.writing).take();
        match unused {
            Some(unit) => unit.rollback().await,
            None => Ok(()),
        }
    }

    async fn open(&self, access: Access) -> Result<Unit> {
        let presented = lock(&self.presented).clone();
        let (unit, seen) = Unit::open(&self.pool, access, presented.as_ref()).await?;
        if let Some(presented) = presented.filter(|_| unit.viewer().session().is_none()) {
            if !presented.may_be_dead {
                unit.rollback().await?;
                return Err(Error::dead_token());
            }
            *lock(&self.presented) = None;
        }
        *lock(&self.viewer) = Arc::clone(&seen.viewer);
        self.note(seen);
        Ok(unit)
    }

    fn note(&self, seen: Seen) {
        *lock(&self.seen) = lock(&self.presented).clone().map(|presented| (presented.token, seen));
    }
}
