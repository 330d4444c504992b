//! A PostgreSQL of a program's own: for a first start without any set-up, for small installations, and for tests.
//!
//! It runs the system's own binaries (PostgreSQL 15 or later) on a Unix socket and nothing else. There is no
//! password anywhere: the kernel says who connects, and an ident map says which roles that account may take.
//!
//! ```no_run
//! use private_postgres::{Error, Server, Settings};
//!
//! fn main() -> Result<(), Error> {
//!     let search_path = std::env::var_os("PATH");
//!     let server = Server::start(&Settings { search_path, ..Settings::new("acme", ".acme") })?;
//!     println!("serve with {}, migrate with {}", server.pool_url(), server.owner_url());
//!     server.stop()
//! }
//! ```
//!
//! All of it blocks; an asynchronous program calls it on a thread for such work.
//!
//! # Roles
//!
//! The database is called as [`Settings::name`] says, and four roles may log in. What is there already is left
//! alone, so that an operator's changes stay. In that database no role but the superuser makes large objects.
//!
//! | role | what for |
//! |---|---|
//! | `acme_super` | made with the cluster: backups, and an operator's work |
//! | `acme_owner` | owns the database and may make roles; no superuser, as on a managed server |
//! | `acme_pool` | serves requests; owns nothing, inherits nothing |
//! | `acme_monitor` | reads statistics, five connections at most |
//!
//! # Guarantees
//!
//! - **One directory, one server.** A lock of the kernel's is held for the server's life. A second program in the
//!   same directory is refused with the first one's process id, and the first goes on.
//! - **`kill -9` loses nothing that was committed.** A durable cluster is an ordinary one, with fsync and checksums. The lock goes with
//!   the process, however that ends, and the next start recovers. A cluster whose making was cut
//!   off is never taken for a whole one: it is made aside, and moved when complete.
//! - **No orphans.** [`Server`] stops its server when it is dropped. One that a killed program left behind is stopped
//!   by the next start, before it starts its own.
//! - **A stale pid is not believed.** Before a process is signalled, its name and its directory (and on Linux its
//!   account) have to be those of a server of this directory; whoever got the number since is left alone.
//! - **Sockets have short paths.** The socket lies beside the cluster. Where that path is longer than the kernel
//!   allows, it lies in [`Settings::runtime_dir`] or in `/tmp`, in a directory of mode 0700 whose owner and mode are
//!   checked, since anyone could have made it before.
//! - **Root is never the database.** PostgreSQL refuses to run as root, so every process of the database drops to an
//!   account of its own: whoever owns the cluster, else `postgres`, else `nobody`.
//! - **Data never moves.** Where the database's account cannot reach the directory, a first start makes the cluster
//!   under `/var/lib` instead (a throw-away one under `/tmp`), where it stays; [`Server::dir`] says so. A directory that
//!   was chosen (see [`Settings::elsewhere`]), or that has a cluster, is used or refused.
//! - **Ctrl-C reaches the program alone.** The server has a process group of its own and ends when it is told to.
//! - **A server that dies is started again**, once a [`Watch`] looks after it, and given up after some tries.
//! - **Every wait is bounded, and ends early with the program**: see [`Shutdown`].
//!
//! # The directory
//!
//! It belongs to the program. `data` (the cluster) and `socket` in it belong to the database's account; beside them
//! lies what only the program may write: the configuration, the log, the lock. So root never writes into a directory
//! that the database's account controls. The configuration is written anew at every start, and `ALTER SYSTEM`
//! overrides it.

mod account;
mod binaries;
mod cluster;
mod configuration;
mod error;
mod lock;
mod names;
mod orphan;
mod place;
mod poll;
mod postmaster;
mod processes;
mod program;
mod roles;
mod server;
mod settings;
mod shutdown;
mod socket;
mod watch;

pub use error::Error;
pub use server::Server;
pub use settings::Settings;
pub use shutdown::Shutdown;
pub use watch::Watch;
