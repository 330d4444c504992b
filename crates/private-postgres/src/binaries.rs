//! PostgreSQL's own programs, wherever the system keeps them.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use super::{Error, Settings, account::Account, place::Place};

/// The oldest major that the programs and schemas served here are written for.
const OLDEST: u32 = 15;
/// All of them from one directory, or their versions might differ.
const PROGRAMS: [&str; 3] = ["postgres", "initdb", "psql"];
/// Where distributions put them: every directory in the first whose name begins like the second, then the third.
const PLACES: [(&str, &str, &str); 9] = [
    ("/usr/lib/postgresql", "", "bin"),                          // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                                   // postgresql.org's RPMs
    ("/usr/lib", "postgresql", "bin"),                           // SUSE
    ("/usr/lib64", "postgresql-", "bin"),                        // Gentoo
    ("/usr/libexec", "postgresql", ""),                          // Alpine
    ("/opt/homebrew/opt", "postgresql", "bin"),                  // Homebrew on ARM
    ("/usr/local/opt", "postgresql", "bin"),                     // Homebrew on Intel
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql", "bin"),     // Homebrew on Linux
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"), // Postgres.app
];
/// And where they are when they are just there.
const PLAIN_PLACES: [&str; 3] = ["/usr/bin", "/usr/local/bin", "/usr/local/pgsql/bin"];

/// A directory with all the programs needed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Binaries {
    major: u32,
    dir: PathBuf,
}

impl Binaries {
    /// The newest there is for a new cluster; exactly the major that made it for an old one.
    pub(super) fn find(settings: &Settings, place: &Place, made_by: Option<u32>) -> Result<Self, Error> {
        if let Some(made_by) = made_by.filter(|major| *major < OLDEST) {
            return Err(Error::OldCluster { data: place.data(), made_by, needed: OLDEST });
        }
        let found = match &settings.binaries {
            Some(dir) => BTreeSet::from([Self::named(dir, place.account())?]),
            None => Self::installed(settings, place.account()),
        };
        let newest = found.last().cloned().ok_or(Error::NoBinaries)?;
        if newest.major < OLDEST {
            return Err(Error::TooOld { dir: newest.dir, major: newest.major, needed: OLDEST });
        }
        match made_by {
            Some(made_by) => found
                .iter()
                .find(|found| found.major == made_by)
                .cloned()
                .ok_or_else(|| Error::OtherMajor { data: place.data(), made_by, found: majors(&found) }),
            None => Ok(newest),
        }
    }

    /// The path of one of the programs.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The major version of all of them.
    pub(super) fn major(&self) -> u32 {
        self.major
    }

    fn named(dir: &Path, account: &Account) -> Result<Self, Error> {
        Self::probe(dir, account).map_err(|reason| Error::BadBinaries { dir: dir.to_path_buf(), reason })
    }

    fn installed(settings: &Settings, account: &Account) -> BTreeSet<Self> {
        let path = settings.search_path.iter().flat_map(env::split_paths);
        let places = PLACES.iter().flat_map(|(root, prefix, sub)| matching(root, prefix, sub));
        let candidates: BTreeSet<PathBuf> =
            path.chain(places).chain(PLAIN_PLACES.map(PathBuf::from)).filter_map(|dir| real(&dir).ok()).collect();
        candidates.iter().filter_map(|dir| Self::probe(dir, account).ok()).collect()
    }

    /// Run as the database's account, which has to be able to.
    fn probe(dir: &Path, account: &Account) -> Result<Self, String> {
        let dir = real(dir)?;
        if let Some(missing) = PROGRAMS.iter().find(|name| !dir.join(name).is_file()) {
            return Err(format!("there is no {missing} in it"));
        }
        let asked = account.command(&dir.join("postgres"), Path::new("/")).arg("-V").output();
        let output = asked.map_err(|error| format!("the user {} cannot run it ({error})", account.database()))?;
        let answer = String::from_utf8_lossy(&output.stdout);
        let major = major(&answer).ok_or_else(|| format!("postgres -V says \"{}\"", answer.trim()))?;
        Ok(Self { major, dir })
    }
}

/// A directory on the `PATH` may hold links to single programs: what counts is where `postgres` really is.
fn real(dir: &Path) -> Result<PathBuf, String> {
    let missing = |error| format!("there is no postgres in it ({error})");
    let postgres = dir.join("postgres").canonicalize().map_err(missing)?;
    Ok(postgres.parent().unwrap_or(dir).to_path_buf())
}

fn matching(root: &str, prefix: &str, sub: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    named.map(|entry| entry.path().join(sub)).collect()
}

/// 17 of `postgres (PostgreSQL) 17.2 (Debian 17.2-1)`, and of `17beta1`.
fn major(answer: &str) -> Option<u32> {
    let version = answer.split_whitespace().nth(2)?;
    version.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

fn majors(found: &BTreeSet<Binaries>) -> String {
    found.iter().map(|found| found.major.to_string()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn a_major_is_read_from_every_kind_of_version() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(major("postgres (PostgreSQL) devel"), None);
        assert_eq!(major(""), None);
    }
}
