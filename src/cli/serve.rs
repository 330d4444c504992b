//! `skypanel serve`.

use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::database::{Database, DatabaseArgs};
use super::logging::{self, LogFormat};
use super::{Failure, seed};
use crate::config::{Environment, Limits};
use crate::db::migrate;
use crate::db::pool::{self, Pool};
use crate::graphql::{self, Service};
use crate::http;
use crate::identity::{Activity, PASSWORD_COST, Passwords};
use crate::jobs;
use crate::seed::{self as data, PASSWORD, Seed};

/// How to answer requests.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The address to listen on, as HOST:PORT: 0.0.0.0:8080 for all of the machine's
    #[arg(long, env = "SKYPANEL_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: String,
    /// How log lines look
    #[arg(long, env = "SKYPANEL_LOG_FORMAT", value_enum, default_value = "text", value_name = "FORMAT")]
    log_format: LogFormat,
    /// What is logged, in tracing's filter language
    #[arg(long, env = "SKYPANEL_LOG", default_value = "info", value_name = "FILTER")]
    log: String,
    /// How much is told to strangers; production when `DATABASE_URL` is set, else development
    #[arg(long, env = "SKYPANEL_ENV", value_enum, value_name = "WHERE")]
    environment: Option<Environment>,
    /// Leave the schema of the database as it is
    #[arg(long)]
    no_migrate: bool,
    /// Serve as a superuser or as the owner of the tables, for whom row-level security does not hold
    #[arg(long)]
    insecure_single_role: bool,
    /// The most connections to the database
    #[arg(long, env = "SKYPANEL_POOL_SIZE", default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pool_size: u32,
    /// Reverse proxies whose X-Forwarded-For is believed: addresses and networks, separated by commas
    #[arg(long, env = "SKYPANEL_TRUSTED_PROXIES", value_name = "NETWORKS")]
    trusted_proxies: Option<http::Proxies>,
    /// Origins whose pages may use the session cookie, separated by commas
    #[arg(long, env = "SKYPANEL_ALLOWED_ORIGINS", value_name = "ORIGINS")]
    allowed_origins: Option<String>,
    #[command(flatten)]
    database: DatabaseArgs,
}

impl ServeArgs {
    fn environment(&self) -> Environment {
        let default = if self.database.is_private() { Environment::Development } else { Environment::Production };
        self.environment.unwrap_or(default)
    }

    fn allowed_origins(&self) -> Vec<String> {
        let entries = self.allowed_origins.iter().flat_map(|list| list.split(','));
        entries.map(str::trim).filter(|origin| !origin.is_empty()).map(str::to_owned).collect()
    }
}

pub(super) async fn run(args: ServeArgs) -> Result<(), Failure> {
    logging::start(args.log_format, &args.log);
    // Before anything slow: a second instance should hear at once that the address is taken.
    let listener = TcpListener::bind(&args.listen)
        .await
        .map_err(|cause| format!("Cannot listen on {}: {cause}. Choose another with --listen.", args.listen))?;
    let stop = stop_signal()?;
    let database = args.database.clone().open().await?;
    let outcome = serve(&args, &database, listener, stop).await;
    database.close().await?;
    outcome
}

async fn serve(
    args: &ServeArgs,
    database: &Database,
    listener: TcpListener,
    stop: watch::Receiver<bool>,
) -> Result<(), Failure> {
    let peppers = database.peppers.clone();
    if peppers.is_empty() {
        return Err("Set SKYPANEL_PEPPERS beside DATABASE_URL, as 1:SECRET. \
                    Make the secret with: openssl rand -base64 32"
            .into());
    }
    let passwords = tokio::task::spawn_blocking(|| Passwords::new(peppers, PASSWORD_COST)).await??;
    let seeded = prepare(args, database, &passwords).await?;

    let limits = Limits::default();
    let pool = Pool::new(&database.pool_url, &pool_settings(args.pool_size))?;
    let activity = Activity::default();
    let service = Service::new(pool.clone(), passwords, activity.clone(), door(args, &limits))
        .map_err(|error| format!("the schema cannot be assembled: {:?}", error.cause()))?;
    let settings = http::Settings {
        limits,
        trusted_proxies: args.trusted_proxies.clone().unwrap_or_default(),
        allowed_origins: args.allowed_origins(),
    };
    let router = http::router(service, settings.clone());

    let address = listener.local_addr()?;
    super::say!("SkyPANEL answers on http://{address}/graphql; GraphiQL is at http://{address}/graphiql");
    if seeded {
        seed::print_sign_ins();
    }
    let flushing = tokio::spawn(jobs::flush_activity(activity.clone(), pool.clone()));
    http::serve(listener, router, &settings, stopped(stop)).await?;
    flushing.abort();
    jobs::flush(&activity, &pool).await;
    Ok(())
}

/// Brings the schema up to date and looks at the role; whether the database holds demo data now.
async fn prepare(args: &ServeArgs, database: &Database, passwords: &Passwords) -> Result<bool, Failure> {
    let Some(owner) = &database.owner_url else {
        refuse_unfit_role(args, database).await?;
        tracing::warn!("SKYPANEL_OWNER_URL is not set: migrations are not run, and peppers are not checked");
        return Ok(false);
    };
    if !args.no_migrate {
        for step in migrate::run(owner).await? {
            tracing::info!(step, "migrated");
        }
    }
    // After the migrations: whose tables they are shows once there are any.
    refuse_unfit_role(args, database).await?;
    for pepper in migrate::peppers_in_use(owner).await? {
        if passwords.lacks(&pepper) {
            return Err(format!(
                "Stored passwords need the pepper `{pepper}`, which is not in SKYPANEL_PEPPERS. Put it back at the end of the list."
            )
            .into());
        }
    }
    // Sign-ins that everybody knows belong on a desk, not in front of customers.
    if !args.database.is_private() || args.environment() == Environment::Production {
        return Ok(false);
    }
    let mut connection = migrate::connect(owner).await?;
    if data::people(&mut connection).await? > 0 {
        return Ok(data::is_demo(&mut connection).await?);
    }
    tracing::info!("loading demo data");
    let hasher = passwords.clone();
    let hash = tokio::task::spawn_blocking(move || hasher.hash(PASSWORD)).await??;
    data::run(&mut connection, Seed::Demo, &hash).await?;
    Ok(true)
}

async fn refuse_unfit_role(args: &ServeArgs, database: &Database) -> Result<(), Failure> {
    if let Some(unfit) = migrate::unfit_role(&database.pool_url).await?
        && !args.insecure_single_role
    {
        return Err(format!(
            "Row-level security would not hold: {unfit}. Let DATABASE_URL name the role skypanel_pool \
             (`skypanel migrate roles` says how to make it), or pass --insecure-single-role."
        )
        .into());
    }
    Ok(())
}

fn pool_settings(size: u32) -> pool::Settings {
    pool::Settings {
        size,
        wait: Duration::from_secs(1),
        statement_timeout: Duration::from_secs(5),
        lock_timeout: Duration::from_secs(2),
        idle_in_transaction: Duration::from_secs(10),
    }
}

fn door(args: &ServeArgs, limits: &Limits) -> graphql::Settings {
    graphql::Settings {
        document: limits.document.clone(),
        request_timeout: limits.request_timeout,
        errors: limits.errors,
        open_introspection: args.environment() == Environment::Development,
        writes_rows: true,
    }
}

/// Turns true at SIGTERM or Ctrl-C.
fn stop_signal() -> Result<watch::Receiver<bool>, Failure> {
    let (stop, stopped) = watch::channel(false);
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        tracing::info!("stopping: what is in flight is answered first");
        stop.send_replace(true);
        // Dropping the sender would read as a stop too, but there is nothing else to say.
        std::future::pending::<()>().await;
    });
    Ok(stopped)
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop as well.
    drop(stop.wait_for(|stop| *stop).await);
}
