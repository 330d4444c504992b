//! One living program a directory: a second would take the first one's server for an orphan, and stop it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::Duration,
};

use nix::{
    errno::Errno,
    fcntl::{Flock, FlockArg, OFlag},
};

use super::{Error, error, place::Place, poll::poll};

const PATIENCE: Duration = Duration::from_secs(1);

/// Held for the server's life. The kernel releases it with the process, however that ends, and the server does
/// not inherit it.
#[derive(Debug)]
pub(super) struct Lock {
    _file: Flock<File>,
}

impl Lock {
    /// Takes the lock, or says who has it.
    pub(super) fn take(place: &Place) -> Result<Self, Error> {
        let path = place.base().join("lock");
        // A moment's patience: a killed program needs one to be gone.
        poll(PATIENCE, || try_lock(&path))?
            .ok_or_else(|| Error::InUse { dir: place.base().to_path_buf(), pid: holder(&path) })
    }
}

fn try_lock(path: &Path) -> Result<Option<Lock>, Error> {
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false) // the holder's number is in it until the lock is ours
        .mode(0o600)
        .custom_flags(OFlag::O_NOFOLLOW.bits())
        .open(path)
        .map_err(error::io("open", path))?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(mut file) => {
            sign(&mut file).map_err(error::io("write", path))?;
            Ok(Some(Lock { _file: file }))
        }
        Err((_, Errno::EWOULDBLOCK)) => Ok(None),
        Err((_, errno)) => Err(error::io("lock", path)(errno.into())),
    }
}

/// For people only: what counts is the lock.
fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}

fn holder(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    if text.trim().is_empty() { "unknown".to_owned() } else { text.trim().to_owned() }
}
