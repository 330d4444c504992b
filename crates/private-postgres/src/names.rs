//! What everything is called, made of one word.

use super::Error;

/// Roles may have 63 bytes, and a directory in `/tmp` has to be short enough for a socket.
const LONGEST: usize = 32;
/// What PostgreSQL itself makes.
const TAKEN: [&str; 3] = ["postgres", "template0", "template1"];

/// The word, and what is named after it. Free of anything that would have to be quoted: it goes into paths,
/// statements and configuration files.
#[derive(Debug)]
pub(super) struct Names {
    name: String,
}

impl Names {
    /// Checks the word.
    pub(super) fn of(name: &str) -> Result<Self, Error> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let begins = name.bytes().next().is_some_and(|first| first.is_ascii_lowercase());
        let free = !TAKEN.contains(&name) && !name.starts_with("pg_");
        if begins && free && name.len() <= LONGEST && name.bytes().all(plain) {
            return Ok(Self { name: name.to_owned() });
        }
        Err(Error::BadName { name: name.to_owned() })
    }

    /// The word itself.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The database.
    pub(super) fn database(&self) -> &str {
        &self.name
    }

    /// Made with the cluster; makes the others, takes backups, and never serves.
    pub(super) fn superuser(&self) -> String {
        self.role("super")
    }

    /// Owns the database and makes the application's roles, without being a superuser: as on a managed server.
    pub(super) fn owner(&self) -> String {
        self.role("owner")
    }

    /// Serves requests, by taking one of the application's roles for each.
    pub(super) fn pool(&self) -> String {
        self.role("pool")
    }

    /// Reads the server's statistics.
    pub(super) fn monitor(&self) -> String {
        self.role("monitor")
    }

    /// Every role that an account may take.
    pub(super) fn roles(&self) -> [String; 4] {
        [self.superuser(), self.owner(), self.pool(), self.monitor()]
    }

    fn role(&self, part: &str) -> String {
        format!("{}_{part}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn a_name_needs_no_quotes_anywhere() {
        let names = Names::of("acme_2").unwrap();
        assert_eq!(names.roles(), ["acme_2_super", "acme_2_owner", "acme_2_pool", "acme_2_monitor"]);
        let long = "x".repeat(33);
        for bad in ["", "2fast", "Acme", "a-b", "a'b", "a/b", "\u{e4}", "pg_acme", "postgres", &long] {
            assert!(Names::of(bad).is_err(), "{bad}");
        }
    }
}
