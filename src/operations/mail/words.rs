//! What mails say.

use askama::Template as _;

use crate::journal::outbox::Occasion;

/// What a mail is about, as it is when it leaves.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The ticket's subject.
    pub ticket: &'a str,
    /// What was written in it.
    pub message: Option<&'a str>,
    /// Where the ticket is to be seen.
    pub link: &'a str,
    /// Whether it goes to the ticket's customer, and not to staff.
    pub to_customer: bool,
}

/// The mail in plain text.
#[derive(askama::Template)]
#[template(path = "mail.txt", escape = "none")]
struct Plain<'a> {
    text: &'a str,
    quote: Option<&'a str>,
    link: &'a str,
}

/// The mail in HTML, where every value is escaped.
#[derive(askama::Template)]
#[template(path = "mail.html", escape = "html")]
struct Formatted<'a> {
    text: &'a str,
    quote: Option<&'a str>,
    link: &'a str,
}

impl Occasion {
    /// What the mail is about, in a line: a ticket's subject breaks none.
    #[must_use]
    pub fn subject(self, ticket: &str) -> String {
        let what = match self {
            Self::Opened => "Opened for you",
            Self::Reply => "Answer",
            Self::Resolved => "Settled",
            Self::WillBeResolved => "Do you still need help?",
        };
        let line =
            |letter: char| if letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}') { ' ' } else { letter };
        format!("{what}: {}", ticket.chars().map(line).take(150).collect::<String>())
    }

    /// What the mail says, in plain text and in HTML.
    ///
    /// # Errors
    /// When a template cannot be filled.
    pub fn words(self, about: About<'_>) -> askama::Result<(String, String)> {
        let About { ticket, message, link, to_customer } = about;
        let text = match (self, to_customer) {
            (Self::Opened, _) => {
                format!("we have opened the ticket \"{ticket}\" for you. What we write there reaches you by mail.")
            }
            (Self::Reply, true) => format!("there is an answer in your ticket \"{ticket}\":"),
            (Self::Reply, false) => {
                format!("the customer has written in the ticket \"{ticket}\", which you have:")
            }
            (Self::Resolved, _) => format!(
                "your ticket \"{ticket}\" is settled. It closes in three days; if something is still open, write in it."
            ),
            (Self::WillBeResolved, _) => format!(
                "we wait for an answer of yours in the ticket \"{ticket}\". If we hear nothing in two days, we take it as settled."
            ),
        };
        let quote = message;
        Ok((Plain { text: &text, quote, link }.render()?, Formatted { text: &text, quote, link }.render()?))
    }
}
