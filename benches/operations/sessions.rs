//! Sessions of those who act, written by the superuser: signing in would take a password hash each.

use std::collections::BTreeMap;

use skypanel::identity::Token;

use crate::Failure;
use crate::sql::Sql;

/// The token of each person.
pub type Tokens = BTreeMap<String, String>;

/// Opens a session for each of these people, by their ids; those of earlier runs end.
pub fn open(sql: &Sql, people: &[String]) -> Result<Tokens, Failure> {
    let mut tokens = Tokens::new();
    let mut rows = Vec::new();
    for person in people {
        let token = Token::fresh()?;
        rows.push(format!("('{person}'::uuid, '{}')", token.digest().0));
        tokens.insert(person.clone(), token.reveal().to_owned());
    }
    sql.run(&format!(
        "DELETE FROM sessions; \
         INSERT INTO sessions (id, user_id, token, user_agent, expires_at) \
         SELECT gen_random_uuid(), person, digest, 'bench', now() + interval '30 days' FROM (VALUES {}) AS new (person, digest)",
        rows.join(", ")
    ))?;
    sql.run("VACUUM ANALYZE sessions")?;
    Ok(tokens)
}

/// Makes all sessions as new as if just opened: those of staff end after half an hour without a note of their use.
pub fn renew(sql: &Sql) -> Result<(), Failure> {
    sql.run("UPDATE sessions SET created_at = now(), last_activity = now()")?;
    sql.run("VACUUM sessions")
}
