//! The socket's directory, and the URLs that lead there.

use std::{
    fmt::Write as _,
    fs,
    io::ErrorKind,
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use super::{Error, error, place::Place};

/// A socket's path has 103 bytes on macOS and 107 on Linux, and `/.s.PGSQL.5432` is part of it.
const LONGEST: usize = 90;
/// Part of the socket's name, no more: nothing listens on it.
pub(super) const PORT: &str = "5432";

/// A directory that only the database's account can enter (and root, who enters everywhere).
#[derive(Debug)]
pub(super) struct Socket {
    dir: PathBuf,
}

impl Socket {
    /// Under the data directory when its path is short and plain enough, else in the runtime directory or in `/tmp`.
    pub(super) fn prepare(place: &Place, runtime_dir: Option<&Path>) -> Result<Self, Error> {
        let account = place.account();
        let wanted = place.base().join("socket");
        let name = format!("{}-{}", place.names().name(), place.digest());
        let elsewhere = runtime_dir.into_iter().chain([Path::new("/tmp")]).map(|dir| dir.join(&name));
        let dir = [wanted.clone()]
            .into_iter()
            .chain(elsewhere)
            .find(|dir| is_plain(dir) && dir.parent().is_some_and(|dir| account.reaches(dir)))
            .ok_or_else(|| Error::NoSocket { dir: wanted, account: account.database().to_owned() })?;
        account.make_dir(&dir)?;
        let socket = Self { dir };
        socket.check(place)?;
        Ok(socket)
    }

    /// Removes what a killed server left. Its lock file may name a process that is someone else by now, and the
    /// next server would then refuse to start. Only to be called when no server of this directory lives.
    pub(super) fn clear(&self) -> Result<(), Error> {
        for name in [format!(".s.PGSQL.{PORT}"), format!(".s.PGSQL.{PORT}.lock")] {
            let file = self.dir.join(name);
            match fs::remove_file(&file) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error::io("remove", &file)(error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Where the socket is.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// As the server's setting, which is a list: quoted, for the sake of blanks.
    pub(super) fn setting(&self) -> String {
        format!("unix_socket_directories=\"{}\"", self.dir.display())
    }

    /// A URL that libpq and tokio-postgres read alike.
    pub(super) fn url(&self, role: &str, database: &str) -> String {
        let (role, database) = (encode(role.as_bytes()), encode(database.as_bytes()));
        format!("postgres://{role}@{}:{PORT}/{database}", encode(self.dir.as_os_str().as_bytes()))
    }

    /// In `/tmp` anyone may have made it before us, to sit between the service and its database.
    fn check(&self, place: &Place) -> Result<(), Error> {
        let found = self.dir.symlink_metadata().map_err(error::io("look at", &self.dir))?;
        let private = found.permissions().mode() & 0o7777 == 0o700;
        if found.is_dir() && private && found.uid() == place.account().uid() {
            return Ok(());
        }
        let account = place.account().database().to_owned();
        Err(Error::ForeignSocket { dir: self.dir.clone(), account })
    }
}

/// Short enough for a socket, and free of what means something else in a list of hosts or directories.
fn is_plain(dir: &Path) -> bool {
    dir.to_str().is_some_and(|text| text.len() <= LONGEST && !text.contains([',', '"', '\\']))
}

/// Percent-encodes all that is not plain in every part of a URL.
fn encode(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, &byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}"); // a String takes all
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::{Socket, is_plain};

    #[test]
    fn a_url_leads_to_a_directory_of_any_name() {
        let socket = Socket { dir: PathBuf::from("/a b/50%/socket") };
        assert_eq!(socket.url("acme_pool", "t/1"), "postgres://acme_pool@%2Fa%20b%2F50%25%2Fsocket:5432/t%2F1");
    }

    #[test]
    fn a_path_that_is_long_or_a_list_holds_no_socket() {
        assert!(is_plain(Path::new("/tmp/a b/socket")));
        assert!(!is_plain(Path::new("/tmp/a,b/socket")));
        assert!(!is_plain(&Path::new("/tmp").join("x".repeat(90))));
    }
}
