//! Who the service is, and who the database's processes run as.

use std::{
    fs::{DirBuilder, File, OpenOptions, Permissions},
    io,
    os::unix::{
        fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
        process::CommandExt,
    },
    path::Path,
    process::{Command, Stdio},
};

use nix::{
    errno::Errno,
    fcntl::OFlag,
    unistd::{Uid, User, geteuid},
};

use super::{Error, error};

/// The locale of the server and its programs: UTF-8 characters, the order of bytes.
pub(super) const LOCALE: &str = if cfg!(target_os = "macos") { "en_US.UTF-8" } else { "C.UTF-8" };

/// The two operating-system accounts at work; one and the same unless root runs the service.
#[derive(Debug)]
pub(super) struct Account {
    service: User,
    database: User,
}

impl Account {
    /// Root drops to whoever owns the data already, else to `postgres`, else to `nobody`; anyone else stays.
    ///
    /// The owner comes first because accounts come and go: a cluster made as `nobody` must still open once the
    /// user `postgres` has been installed.
    pub(super) fn choose(data: &Path) -> Result<Self, Error> {
        let service = user(geteuid())?;
        let owner = data.metadata().ok().map(|found| Uid::from_raw(found.uid()));
        let database = match owner {
            _ if !service.uid.is_root() => service.clone(),
            Some(owner) if !owner.is_root() => user(owner)?,
            _ => unprivileged()?,
        };
        if let Some(owner) = owner.filter(|owner| *owner != database.uid) {
            let owner = user(owner).map_or_else(|_| format!("uid {owner}"), |user| user.name);
            return Err(Error::Foreign { data: data.to_path_buf(), owner, account: database.name });
        }
        Ok(Self { service, database })
    }

    /// The name the database's processes run under.
    pub(super) fn database(&self) -> &str {
        &self.database.name
    }

    /// The uid the database's processes run under.
    pub(super) fn uid(&self) -> u32 {
        self.database.uid.as_raw()
    }

    /// Every account that may connect: the service, and the database's own, which backups run as.
    pub(super) fn names(&self) -> Vec<&str> {
        let mut names = vec![self.service.name.as_str(), self.database.name.as_str()];
        names.dedup();
        names
    }

    /// Whether the service is the owner of what it sees there.
    pub(super) fn service_owns(&self, file: &std::fs::Metadata) -> bool {
        file.uid() == self.service.uid.as_raw()
    }

    /// Whether the database's processes run as someone else than the service.
    pub(super) fn switches(&self) -> bool {
        self.service.uid != self.database.uid
    }

    /// A program to run as the database's account, from a directory, in a clean environment.
    pub(super) fn command(&self, program: &Path, from: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(from)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LC_ALL", LOCALE)
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        if self.switches() {
            // The standard library also drops root's supplementary groups along with the uid.
            command.uid(self.database.uid.as_raw()).gid(self.database.gid.as_raw());
        }
        command
    }

    /// Whether the database's account can get into a directory. Asked of the kernel, by going there: the mode
    /// bits alone would miss access lists and mounts.
    pub(super) fn reaches(&self, dir: &Path) -> bool {
        if !self.switches() {
            return true;
        }
        let mut probe = self.command(Path::new("/bin/sh"), dir);
        probe.args(["-c", ":"]).status().is_ok_and(|status| status.success())
    }

    /// Makes a directory that only the database's account can enter. What exists is left as it is.
    pub(super) fn make_dir(&self, dir: &Path) -> Result<(), Error> {
        match DirBuilder::new().mode(0o700).create(dir) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            made => made.and_then(|()| self.hand_over(dir)).map_err(error::io("make", dir)),
        }
    }

    /// Through a handle that follows no link, so that nobody can have root give away something else.
    fn hand_over(&self, dir: &Path) -> io::Result<()> {
        let flags = OFlag::O_NOFOLLOW | OFlag::O_DIRECTORY;
        let handle: File = OpenOptions::new().read(true).custom_flags(flags.bits()).open(dir)?;
        handle.set_permissions(Permissions::from_mode(0o700))?;
        if self.switches() {
            fchown(&handle, Some(self.database.uid.as_raw()), Some(self.database.gid.as_raw()))?;
        }
        Ok(())
    }
}

/// PostgreSQL itself asks for the name, to know who is who; better to miss it here, with a word of advice.
fn user(uid: Uid) -> Result<User, Error> {
    User::from_uid(uid).map_err(unreadable)?.ok_or(Error::NoName { uid: uid.as_raw() })
}

fn unprivileged() -> Result<User, Error> {
    for name in ["postgres", "nobody"] {
        if let Some(user) = User::from_name(name).map_err(unreadable)? {
            return Ok(user);
        }
    }
    Err(Error::NoAccount)
}

fn unreadable(errno: Errno) -> Error {
    error::io("look up an account in", Path::new("/etc/passwd"))(errno.into())
}
