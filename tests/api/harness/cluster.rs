//! A real PostgreSQL for the tests. A template cluster is made once for each set of migrations; every test
//! process copies it, starts the copy, and each test clones a database in it.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use diesel_async::SimpleAsyncConnection as _;
use nix::fcntl::{Flock, FlockArg};
use private_postgres::{Server, Settings};
use skypanel::db::migrate;
use skypanel::seed::{self, PASSWORD, Seed};
use tokio::sync::OnceCell;

use super::app::passwords;

/// The running copy of this process.
pub struct Cluster {
    server: Server,
    /// Held for the life of the process: its end tells the watchdog to clean up.
    _watchdog: ChildStdin,
}

/// A database of one test.
#[derive(Clone)]
pub struct Database {
    pub owner_url: String,
    pub pool_url: String,
}

/// What a test's database starts with.
#[derive(Debug, Clone, Copy)]
pub enum Start {
    /// The schema and the standard roles.
    Empty,
    /// The demo's people and what is theirs.
    Demo,
}

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// Clones a database.
pub async fn database(start: Start) -> Database {
    let cluster = cluster().await;
    let template = match start {
        Start::Empty => "skypanel",
        Start::Demo => "demo",
    };
    let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    let mut owner = migrate::connect(&cluster.server.url("skypanel_owner", "postgres")).await.unwrap();
    // Cloning a template is not possible while another clone of it is being made.
    owner.batch_execute("SELECT pg_advisory_lock(1)").await.unwrap();
    owner.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await.unwrap();
    Database {
        owner_url: cluster.server.url("skypanel_owner", &name),
        pool_url: cluster.server.url("skypanel_pool", &name),
    }
}

/// The URL of a role in a database of the cluster.
pub async fn url(role: &str, database: &str) -> String {
    cluster().await.server.url(role, database)
}

async fn cluster() -> &'static Cluster {
    CLUSTER
        .get_or_init(|| async {
            let template = template().await;
            // Not by the process's id, which is used again while what a killed run left may still lie there.
            let dir = tempfile::Builder::new().prefix("skypanel-test-").tempdir().unwrap().keep();
            let watchdog = watchdog(&dir);
            let copied = Command::new("cp").arg("-a").arg(template.join(".")).arg(&dir).status().unwrap();
            assert!(copied.success(), "copying {} to {}", template.display(), dir.display());
            Cluster { server: start(dir).await, _watchdog: watchdog }
        })
        .await
}

/// A cluster of one's own, for what changes its roles.
pub async fn start(dir: PathBuf) -> Server {
    #[expect(clippy::disallowed_methods, reason = "tests read the environment here alone")]
    let (search_path, binaries) = (std::env::var_os("PATH"), std::env::var_os("SKYPANEL_PG_BIN").map(PathBuf::from));
    let settings = Settings { durable: false, binaries, search_path, ..Settings::new("skypanel", dir) };
    tokio::task::spawn_blocking(move || Server::start(&settings)).await.unwrap().unwrap()
}

/// Stops the server and removes its directory when this process ends, however it ends: in a process group of its
/// own, as who ends a test that hangs kills all of the test's group.
fn watchdog(dir: &Path) -> ChildStdin {
    let script = r#"
        cat >/dev/null
        pid=$(head -n 1 "$1/data/postmaster.pid") && kill -INT "$pid" &&
            while kill -0 "$pid"; do sleep 0.05; done
        rm -rf "$1"
    "#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(dir).process_group(0);
    shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.spawn().unwrap().stdin.unwrap()
}

/// The directory of the template cluster; makes it under a lock when there is none for these migrations.
pub async fn template() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let lock = File::create(folder.join("postgres.lock")).unwrap();
    let _lock = Flock::lock(lock, FlockArg::LockExclusive).map_err(|(_, cause)| cause).unwrap();
    let marker = folder.join(format!("postgres-{:x}", fingerprint()));
    if let Ok(dir) = std::fs::read_to_string(&marker)
        && Path::new(&dir).join("data/PG_VERSION").exists()
    {
        return dir.into();
    }
    let wanted = marker.with_extension("cluster");
    drop(std::fs::remove_dir_all(&wanted));
    let server = start(wanted).await;
    let (owner, demo) = (server.owner_url(), server.url("skypanel_owner", "demo"));
    migrate::run(&owner).await.unwrap();
    let mut connection = migrate::connect(&server.url("skypanel_owner", "postgres")).await.unwrap();
    connection.batch_execute("CREATE DATABASE demo TEMPLATE skypanel").await.unwrap();
    let hash = passwords().hash(PASSWORD).unwrap();
    seed::run(&mut migrate::connect(&demo).await.unwrap(), Seed::Demo, &hash).await.unwrap();
    drop(connection);
    let dir = server.dir().to_path_buf();
    server.stop().unwrap();
    std::fs::write(marker, dir.to_str().unwrap()).unwrap();
    dir
}

/// Changes with the migrations, the demo data, and what is made of a new cluster.
fn fingerprint() -> u64 {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<PathBuf> =
        vec![root.join("src/seed/demo.sql"), root.join("crates/private-postgres/src/roles.rs")];
    for step in std::fs::read_dir(root.join("migrations")).unwrap() {
        files.push(step.unwrap().path().join("up.sql"));
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.hash(&mut hasher);
        std::fs::read(file).unwrap_or_default().hash(&mut hasher);
    }
    hasher.finish()
}
