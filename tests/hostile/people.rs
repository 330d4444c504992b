//! Who asks. Their sessions are written by the superuser: signing in would take a password hash each.

use std::fmt::Write as _;

use skypanel::identity::Token;
use tokio_postgres::Client;

use crate::Failure;

/// As many of each kind.
const STAFF: usize = 16;
const CUSTOMERS: usize = 16;
const LEAVING: usize = 4000;

/// The tokens of those who ask.
pub struct People {
    /// See everything. Of what neighbours share each has a quarter at most: it takes several to take all.
    pub staff: Vec<String>,
    /// See what is their own.
    pub customers: Vec<String>,
    /// Somebody who only wants an answer.
    pub honest: String,
    /// Sessions of one person, to be ended one by one.
    pub leaving: Vec<String>,
}

impl People {
    /// Signs them in.
    pub async fn sign_in(database: &Client) -> Result<Self, Failure> {
        let wanted = STAFF + CUSTOMERS + 2;
        let statement = format!(
            "SELECT username FROM users WHERE username LIKE 'user%' AND status = 'active' ORDER BY id LIMIT {wanted}"
        );
        let names: Vec<String> = database.query(&statement, &[]).await?.iter().map(|row| row.get(0)).collect();
        // The seed has too few of staff to be greedy.
        let promote = "INSERT INTO user_roles (user_id, role_id) SELECT users.id, roles.id FROM users, roles \
                       WHERE users.username = ANY ($1) AND roles.name = 'support'";
        let staff: Vec<&String> = names.iter().take(STAFF).collect();
        database.execute(promote, &[&staff]).await?;

        let mut names = names.iter();
        let mut values = String::new();
        let mut open = |name: Option<&String>| {
            let (name, token) = (name.ok_or("the seed has too few people")?, Token::fresh()?);
            let comma = if values.is_empty() { "" } else { ", " };
            write!(values, "{comma}('{name}', '{}')", token.digest().0)?;
            Ok::<_, Failure>(token.reveal().to_owned())
        };
        let staff = (0..STAFF).map(|_| open(names.next())).collect::<Result<_, _>>()?;
        let customers = (0..CUSTOMERS).map(|_| open(names.next())).collect::<Result<_, _>>()?;
        let honest = open(names.next())?;
        let last = names.next();
        let leaving = (0..LEAVING).map(|_| open(last)).collect::<Result<_, _>>()?;
        let statement = format!(
            "INSERT INTO sessions (id, user_id, token, user_agent, expires_at) \
             SELECT gen_random_uuid(), users.id, digest, 'hostile', now() + interval '12 hours' \
             FROM (VALUES {values}) AS new (name, digest) JOIN users ON users.username = name"
        );
        database.batch_execute(&statement).await?;
        Ok(Self { staff, customers, honest, leaving })
    }
}
