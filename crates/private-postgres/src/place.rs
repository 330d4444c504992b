//! The directory: found, made, and within reach of the database's account.

use std::{
    fs::{self, DirBuilder, Permissions},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, PermissionsExt},
    },
    path::{Path, PathBuf, absolute},
};

use sha2::{Digest, Sha256};

use super::{Error, Settings, account::Account, cluster, error, names::Names};

/// Where a service that root runs keeps its data when its own directory is out of the database's reach.
const SYSTEM_DIR: &str = "/var/lib";
/// The file there that tells for which directory it stands.
const NOTE: &str = "instead-of";

/// A directory that exists, the accounts that work in it, and what things are called there.
#[derive(Debug)]
pub(super) struct Place {
    base: PathBuf,
    account: Account,
    names: Names,
}

impl Place {
    /// Opens the directory asked for, or says where it goes instead: root's own home, say, is closed to all. It never
    /// goes anywhere else when somebody chose it, nor when its cluster is there already.
    pub(super) fn open(settings: &Settings) -> Result<Self, Error> {
        let wanted = absolute(&settings.dir).map_err(error::io("resolve", &settings.dir))?;
        let place = Self::at(&wanted, Names::of(&settings.name)?)?;
        let reachable = place.reachable();
        if !settings.elsewhere || cluster::made_by(&wanted.join("data"))?.is_some() {
            return if reachable { Ok(place) } else { Err(place.unreachable()) };
        }
        let other = fallback(&wanted, &place.names, settings.durable);
        if reachable && !stands_for(&other, &wanted) {
            return Ok(place);
        }
        tracing::warn!(
            "the user {} cannot reach {}, or could not when its cluster was made: the database lives in {} instead",
            place.account.database(),
            wanted.display(),
            other.display()
        );
        let place = Self::at(&other, place.names)?;
        if !place.reachable() {
            return Err(place.unreachable());
        }
        place.note(&wanted)?;
        Ok(place)
    }

    /// The directory: absolute and without links, as the kernel names it.
    pub(super) fn base(&self) -> &Path {
        &self.base
    }

    /// The accounts at work.
    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    /// What things are called.
    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    /// The cluster; the database's.
    pub(super) fn data(&self) -> PathBuf {
        self.base.join("data")
    }

    /// What the server has to say; the service's.
    pub(super) fn log(&self) -> PathBuf {
        self.base.join("postgres.log")
    }

    /// A name for this directory, short and the same every time.
    pub(super) fn digest(&self) -> String {
        digest(&self.base)
    }

    /// Makes the directory unless it is plain beforehand that nobody could use it.
    fn at(dir: &Path, names: Names) -> Result<Self, Error> {
        let account = Account::choose(&dir.join("data"))?;
        let there = dir.ancestors().find(|dir| dir.exists()).unwrap_or(dir);
        if there != dir && !account.reaches(there) {
            return Ok(Self { base: dir.to_path_buf(), account, names });
        }
        make(dir, &account)?;
        let base = dir.canonicalize().map_err(error::io("resolve", dir))?;
        Ok(Self { base, account, names })
    }

    fn unreachable(&self) -> Error {
        Error::Unreachable { dir: self.base.clone(), account: self.account.database().to_owned() }
    }

    /// Keeps for which directory this one stands, unless it stands for another.
    fn note(&self, wanted: &Path) -> Result<(), Error> {
        let note = self.base.join(NOTE);
        if note.exists() {
            return Ok(());
        }
        fs::write(&note, wanted.as_os_str().as_bytes()).map_err(error::io("write", &note))
    }

    fn reachable(&self) -> bool {
        self.base.exists() && self.account.reaches(&self.base)
    }
}

/// The service's own, closed to others, but for passing through when the database's account is another.
fn make(dir: &Path, account: &Account) -> Result<(), Error> {
    let passable = if account.switches() { 0o011 } else { 0 };
    if !dir.exists() {
        if let Some(parent) = dir.parent() {
            fs::create_dir_all(parent).map_err(error::io("make", parent))?;
        }
        DirBuilder::new().mode(0o700).create(dir).map_err(error::io("make", dir))?;
        return set_mode(dir, 0o700 | passable);
    }
    // One that someone else made keeps its mode, and is at most opened for passing through.
    let found = dir.metadata().map_err(error::io("look at", dir))?;
    let mode = found.permissions().mode() & 0o7777;
    if account.service_owns(&found) && mode | passable != mode && !account.reaches(dir) {
        set_mode(dir, mode | passable)?;
    }
    Ok(())
}

fn set_mode(dir: &Path, mode: u32) -> Result<(), Error> {
    fs::set_permissions(dir, Permissions::from_mode(mode)).map_err(error::io("set the mode of", dir))
}

/// Whether the cluster of a directory was made in the other one: it stays there, also once there is a way in.
fn stands_for(other: &Path, wanted: &Path) -> bool {
    fs::read(other.join(NOTE)).is_ok_and(|noted| noted == wanted.as_os_str().as_bytes()) && other.join("data").exists()
}

/// A throw-away cluster must never land on the system's real one.
fn fallback(wanted: &Path, names: &Names, durable: bool) -> PathBuf {
    let name = names.name();
    if durable {
        Path::new(SYSTEM_DIR).join(name)
    } else {
        PathBuf::from(format!("/tmp/{name}-test-{}", digest(wanted)))
    }
}

fn digest(path: &Path) -> String {
    let hash: [u8; 32] = Sha256::digest(path.as_os_str().as_bytes()).into();
    format!("{:016x}", hash.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte)))
}
