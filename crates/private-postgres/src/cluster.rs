//! The data directory: whether it is there, and making it.

use std::{fs, io::ErrorKind, path::Path, time::Duration};

use super::{Error, Shutdown, account::LOCALE, binaries::Binaries, error, place::Place, program};

/// How a cluster is called until it is complete.
const UNFINISHED: &str = "data.new-";
/// Seconds, on a disk that is not overburdened.
const MAKING: Duration = Duration::from_mins(3);

/// The major that made the cluster; `None` when there is none yet.
pub(super) fn made_by(data: &Path) -> Result<Option<u32>, Error> {
    let no_cluster = || Error::NoCluster { data: data.to_path_buf() };
    match fs::read_to_string(data.join("PG_VERSION")) {
        Ok(text) => text.trim().parse().map(Some).map_err(|_| no_cluster()),
        Err(error) if error.kind() == ErrorKind::NotFound && is_empty(data)? => Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(no_cluster()),
        Err(error) => Err(error::io("read", &data.join("PG_VERSION"))(error)),
    }
}

/// Makes the cluster beside its place and moves it there when complete, so that one whose making was cut off is
/// never taken for a whole one.
pub(super) fn create(place: &Place, binaries: &Binaries, durable: bool, shutdown: &Shutdown) -> Result<(), Error> {
    tracing::info!(
        "making a new PostgreSQL {} cluster in {}, which takes a few seconds",
        binaries.major(),
        place.base().display()
    );
    remove_unfinished(place.base());
    // A name of its own: the initdb of a killed run may still be at work on the last one.
    let unfinished = place.base().join(format!("{UNFINISHED}{}", std::process::id()));
    place.account().make_dir(&unfinished)?;
    let mut initdb = place.account().command(&binaries.program("initdb"), &unfinished);
    initdb.args([
        "-U",
        &place.names().superuser(),
        "-E",
        "UTF8",
        "--locale=C",
        "--auth-local=peer",
        "--auth-host=scram-sha-256",
    ]);
    initdb.arg(format!("--lc-ctype={LOCALE}"));
    initdb.arg(if durable { "--data-checksums" } else { "--no-sync" });
    initdb.arg("-D").arg(&unfinished);
    program::run(&mut initdb, "", MAKING, shutdown)?;
    fs::rename(&unfinished, place.data()).map_err(error::io("move the new cluster to", &place.data()))?;
    sync(place.base())
}

fn is_empty(dir: &Path) -> Result<bool, Error> {
    match fs::read_dir(dir) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error::io("read", dir)(error)),
    }
}

/// Best effort: what cannot go now goes at the next making.
fn remove_unfinished(base: &Path) {
    let entries = fs::read_dir(base).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(UNFINISHED)) {
        tracing::info!("removing {}, whose making was cut off", entry.path().display());
        if let Err(error) = fs::remove_dir_all(entry.path()) {
            tracing::warn!("could not remove {}: {error}", entry.path().display());
        }
    }
}

/// A rename lasts once its directory is on the disk.
fn sync(dir: &Path) -> Result<(), Error> {
    fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(error::io("sync", dir))
}
