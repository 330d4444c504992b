//! Which database: a private one that the program starts itself, or one that is named.

use std::ffi::OsString;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use private_postgres::{Error, Server, Settings, Watch};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;

use super::Failure;
use super::stop::Stop;
use crate::db::peppers;
use crate::identity::Pepper;

/// Where the peppers of a named database come from.
const GIVEN: &str = "SKYPANEL_PEPPERS";
/// Where a private database lives when nobody says where.
const DATA_DIR: &str = ".skypanel";

/// Which database.
#[derive(Debug, Clone, Args)]
pub struct DatabaseArgs {
    /// PostgreSQL as the role that serves requests (`skypanel_pool`); without it a private one is started
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<SecretString>,
    /// The same database as the role that owns it; runs migrations and seeds
    #[arg(long, env = "SKYPANEL_OWNER_URL", hide_env_values = true, value_name = "URL")]
    owner_url: Option<SecretString>,
    /// Where the private PostgreSQL and its secrets live [default: .skypanel]
    #[arg(long, env = "SKYPANEL_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The folder of PostgreSQL's server programs; looked for in PATH and the usual places
    #[arg(long, env = "SKYPANEL_PG_BIN", value_name = "DIR")]
    pg_bin: Option<PathBuf>,
    /// Secrets that go into password hashes: id:base64,… newest first; made by itself for a private database
    #[arg(long, env = "SKYPANEL_PEPPERS", hide_env_values = true, value_name = "LIST")]
    peppers: Option<SecretString>,
    /// Looked through for PostgreSQL's programs
    #[arg(long, env = "PATH", hide = true)]
    search_path: Option<OsString>,
    /// Takes the private database's socket when its own path is too long
    #[arg(long, env = "XDG_RUNTIME_DIR", hide = true)]
    runtime_dir: Option<PathBuf>,
}

/// A database to work on.
pub struct Database {
    /// The address of the role that serves requests.
    pub pool_url: String,
    /// The address of the owner, if it is known.
    pub owner_url: Option<String>,
    /// The peppers, newest first.
    pub peppers: Vec<Pepper>,
    /// Where they came from, for whoever has to mend them.
    pub peppers_from: String,
    /// The program's folder for what is beside the database.
    pub dir: PathBuf,
    private: Option<Private>,
}

/// A private server. It is started again when it ends by itself, and stops when this is dropped.
struct Private {
    watch: Watch,
    lost: oneshot::Receiver<Error>,
}

impl Database {
    /// The address of the owner.
    ///
    /// # Errors
    /// When it was not given.
    pub fn owner(&self) -> Result<&str, Failure> {
        self.owner_url
            .as_deref()
            .ok_or_else(|| "This needs the owner of the database: set SKYPANEL_OWNER_URL beside DATABASE_URL.".into())
    }

    /// Does some work, unless the private server is lost meanwhile, or the time for it is up; then closes the database.
    ///
    /// # Errors
    /// Those of the work, and when the private server is lost or does not stop.
    pub(super) async fn during<T>(
        mut self,
        time_is_up: impl Future<Output = T>,
        work: impl AsyncFnOnce(&Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let lost = self.private.as_mut().map(|private| std::mem::replace(&mut private.lost, oneshot::channel().1));
        let outcome = tokio::select! {
            outcome = work(&self) => outcome,
            value = time_is_up => Ok(value),
            error = told_lost(lost) => Err(error.into()),
        };
        if let Some(private) = self.private {
            tokio::task::spawn_blocking(|| private.watch.stop()).await??;
        }
        outcome
    }
}

impl DatabaseArgs {
    /// Whether the database is the program's own.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.database_url.is_none()
    }

    /// Starts the private PostgreSQL, or takes the named one.
    ///
    /// # Errors
    /// When the private one cannot be started, and when secrets are missing or malformed.
    pub(super) async fn open(self, stop: &Stop) -> Result<Database, Failure> {
        match &self.database_url {
            Some(pool_url) => Ok(Database {
                pool_url: pool_url.expose_secret().to_owned(),
                owner_url: self.owner_url.as_ref().map(|url| url.expose_secret().to_owned()),
                peppers: self.given_peppers()?.unwrap_or_default(),
                peppers_from: GIVEN.into(),
                dir: self.data_dir.clone().unwrap_or_else(|| DATA_DIR.into()),
                private: None,
            }),
            None => self.open_private(stop).await,
        }
    }

    async fn open_private(self, stop: &Stop) -> Result<Database, Failure> {
        let dir = self.data_dir.clone().unwrap_or_else(|| DATA_DIR.into());
        let settings = Settings {
            elsewhere: self.data_dir.is_none(),
            binaries: self.pg_bin.clone(),
            search_path: self.search_path.clone(),
            runtime_dir: self.runtime_dir.clone(),
            shutdown: stop.shutdown(),
            ..Settings::new("skypanel", dir)
        };
        let started = tokio::task::spawn_blocking(move || Server::start(&settings)).await?;
        let server = started.map_err(|cause| told(&cause))?;
        let (pool_url, owner_url, dir) = (server.pool_url(), server.owner_url(), server.dir().to_owned());
        let (peppers, peppers_from) = match self.given_peppers()? {
            Some(peppers) => (peppers, GIVEN.to_owned()),
            None => kept_peppers(&server.dir().join("secrets"), &owner_url).await?,
        };
        let private = Some(Private::watch(server)?);
        Ok(Database { pool_url, owner_url: Some(owner_url), peppers, peppers_from, dir, private })
    }

    fn given_peppers(&self) -> Result<Option<Vec<Pepper>>, Failure> {
        let given = self.peppers.as_ref().map(|text| Pepper::read_all(text.expose_secret()));
        given.transpose().map_err(Into::into)
    }
}

impl Private {
    fn watch(server: Server) -> Result<Self, Error> {
        let (sender, lost) = oneshot::channel();
        // Nobody waits for it any more: the program ends already.
        let watch = Watch::over(server, |error| drop(sender.send(error)))?;
        Ok(Self { watch, lost })
    }
}

/// Waits until a private server is given up.
async fn told_lost(lost: Option<oneshot::Receiver<Error>>) -> Error {
    if let Some(lost) = lost
        && let Ok(error) = lost.await
    {
        return error;
    }
    std::future::pending().await
}

/// The error, and which of this program's variables would help.
fn told(cause: &Error) -> String {
    let help = match cause {
        Error::NoBinaries => " in SKYPANEL_PG_BIN, or a server in DATABASE_URL",
        Error::BadBinaries { .. } => " in SKYPANEL_PG_BIN, or unset it",
        Error::TooOld { .. } => ", or name such a server in DATABASE_URL",
        Error::Unreachable { .. } => " in SKYPANEL_DATA_DIR",
        Error::NoName { .. } => ", or name a server in DATABASE_URL",
        _ => "",
    };
    format!("{cause}{help}")
}

/// The peppers of a private database, and where they are. Lost ones are not replaced in silence.
async fn kept_peppers(file: &Path, owner_url: &str) -> Result<(Vec<Pepper>, String), Failure> {
    let place = file.display().to_string();
    if !file.exists() && peppers::are_needed(owner_url).await? {
        return Err(format!(
            "{place} is missing, and the passwords in the database beside it cannot be verified without it. Put it back \
             from a backup."
        )
        .into());
    }
    Ok((own_peppers(file)?, place))
}

/// The peppers of a private database: made once, kept beside it for the service's account alone.
fn own_peppers(file: &Path) -> Result<Vec<Pepper>, Failure> {
    let told = |cause: std::io::Error| format!("Cannot keep secrets in {}: {cause}", file.display());
    if !file.exists() {
        // Written aside and renamed: a file that was cut off is never taken for the secrets.
        let draft = file.with_extension("new");
        let mut options = std::fs::OpenOptions::new();
        let mut out = options.write(true).create(true).truncate(true).mode(0o600).open(&draft).map_err(told)?;
        let pepper = Pepper::fresh().map_err(|cause| format!("The system has no randomness to give: {cause}"))?;
        writeln!(out, "{pepper}").and_then(|()| out.sync_all()).map_err(told)?;
        std::fs::rename(&draft, file).map_err(told)?;
    }
    let text = std::fs::read_to_string(file).map_err(told)?;
    Pepper::read_all(text.trim()).map_err(|_| {
        format!("{} is damaged: it must hold `id:base64`. Passwords cannot be verified without it.", file.display())
            .into()
    })
}
