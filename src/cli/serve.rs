//! `skypanel serve`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::net::TcpListener;

use super::database::{Database, DatabaseArgs};
use super::logging::{self, LogFormat};
use super::mail::MailArgs;
use super::stop::Stop;
use super::{Failure, Output, prepare, seed};
use crate::config::{Environment, Limits};
use crate::db::pool::{self, Pool};
use crate::graphql::{self, Service};
use crate::http;
use crate::identity::{Activity, PASSWORD_COST, Passwords};
use crate::jobs;

/// How long it waits before it asks again whether it can answer.
const READY_AGAIN: Duration = Duration::from_millis(250);

/// How to answer requests.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The address to listen on, as HOST:PORT: 0.0.0.0:8080 for all of the machine's
    #[arg(long, env = "SKYPANEL_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    listen: String,
    /// A second address, on a thread of its own, for /livez and /readyz alone; off unless set
    #[arg(long, env = "SKYPANEL_ADMIN_LISTEN", value_name = "ADDRESS")]
    admin_listen: Option<String>,
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
    /// Serve demo data, to which everybody knows the passwords, in production or beyond this machine
    #[arg(long)]
    allow_demo: bool,
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
    mail: MailArgs,
    #[command(flatten)]
    database: DatabaseArgs,
}

impl ServeArgs {
    fn environment(&self) -> Environment {
        let default = if self.database.is_private() { Environment::Development } else { Environment::Production };
        self.environment.unwrap_or(default)
    }

    /// What makes the program public, where sign-ins that everybody knows do harm: they belong on a desk, not in front
    /// of customers.
    fn public(&self, address: SocketAddr) -> Option<String> {
        if self.allow_demo {
            None
        } else if self.environment() == Environment::Production {
            Some("is in production, by SKYPANEL_ENV or because DATABASE_URL is set".into())
        } else if address.ip().to_canonical().is_loopback() {
            None
        } else {
            Some(format!("listens on {address}, beyond this machine"))
        }
    }

    fn allowed_origins(&self) -> Vec<String> {
        let entries = self.allowed_origins.iter().flat_map(|list| list.split(','));
        entries.map(str::trim).filter(|origin| !origin.is_empty()).map(str::to_owned).collect()
    }
}

pub(super) async fn run(args: ServeArgs, stderr: &Output) -> Result<(), Failure> {
    logging::start(stderr, args.log_format, &args.log);
    let stop = Stop::listen()?;
    // Before anything slow: a second instance should hear at once that the address is taken.
    let listener = tokio::select! {
        listener = TcpListener::bind(&args.listen) => listener,
        () = stop.asked() => return Ok(()),
    };
    let listener = listener
        .map_err(|cause| format!("Cannot listen on {}: {cause}. Choose another with --listen.", args.listen))?;
    let admin = args.admin_listen.as_deref().map(|address| bind_admin(address)).transpose()?;
    let database = match args.database.clone().open(&stop).await {
        // Told to end while it started: that is no failure.
        Err(_) if stop.is_asked() => return Ok(()),
        opened => opened?,
    };
    database.during(stop.at_once(), async |database| serve(&args, database, (listener, admin), &stop).await).await
}

fn bind_admin(address: &str) -> Result<std::net::TcpListener, Failure> {
    let bound = std::net::TcpListener::bind(address);
    bound.map_err(|cause| format!("Cannot listen on {address}: {cause}. Choose another with --admin-listen.").into())
}

async fn serve(
    args: &ServeArgs,
    database: &Database,
    (listener, admin): (TcpListener, Option<std::net::TcpListener>),
    stop: &Stop,
) -> Result<(), Failure> {
    let peppers = database.peppers.clone();
    if peppers.is_empty() {
        return Err("Set SKYPANEL_PEPPERS beside DATABASE_URL, as 1:SECRET. \
                    Make the secret with: openssl rand -base64 32"
            .into());
    }
    let post = Arc::new(args.mail.post(&database.dir)?);
    let passwords = tokio::task::spawn_blocking(|| Passwords::new(peppers, PASSWORD_COST)).await??;
    let pool = Pool::new(&database.pool_url, &pool_settings(args.pool_size))?;
    let address = listener.local_addr()?;
    let public = args.public(address);
    let is_a_desk = public.is_none() && args.database.is_private() && args.environment() == Environment::Development;
    let goes_by_real_time = args.environment() == Environment::Production;
    let start =
        prepare::Start { migrates: !args.no_migrate, is_exposed: args.insecure_single_role, public, goes_by_real_time };
    let prepared = async {
        prepare::look(start, database, &pool, &passwords).await?;
        prepare::demo(is_a_desk, database, &passwords).await
    };
    let seeded = tokio::select! {
        seeded = prepared => seeded?,
        () = stop.asked() => return Ok(()),
    };

    let limits = Limits::default();
    let activity = Activity::default();
    let service = Service::new(pool.clone(), passwords, activity.clone(), door(args, &limits))
        .map_err(|error| format!("the schema cannot be assembled: {:?}", error.cause()))?;
    let settings = http::Settings {
        limits,
        trusted_proxies: args.trusted_proxies.clone().unwrap_or_default(),
        allowed_origins: args.allowed_origins(),
    };
    let router = http::router(service.clone(), settings.clone());

    let admin = admin.map(|admin| http::open_admin_door(admin, service.clone(), settings.clone())).transpose()?;
    let stdout = Output::stdout()?;
    let announcing = tokio::spawn(announce(service, address, seeded, stdout.clone()));
    let flushing = tokio::spawn(jobs::flush_activity(activity.clone(), pool.clone()));
    let working = tokio::spawn(jobs::schedule(pool.clone(), post));
    http::serve(listener, router, &settings, stop.asked()).await?;
    drop(admin);
    announcing.abort();
    working.abort();
    flushing.abort();
    jobs::flush(&activity, &pool).await;
    stdout.close();
    Ok(())
}

/// Says that it answers once it does: the schema may still have to be brought up to date by somebody else.
async fn announce(service: Service, address: SocketAddr, seeded: bool, stdout: Output) {
    while !service.ready().await {
        tokio::time::sleep(READY_AGAIN).await;
    }
    stdout.line(format_args!("SkyPANEL answers on http://{address}/graphql; GraphiQL is at http://{address}/graphiql"));
    if seeded {
        stdout.line(seed::sign_ins());
    }
}

pub(super) fn pool_settings(size: u32) -> pool::Settings {
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
        memory: limits.memory.clone(),
        request_timeout: limits.request_timeout,
        errors: limits.errors,
        open_introspection: args.environment() == Environment::Development,
        writes_rows: true,
    }
}
