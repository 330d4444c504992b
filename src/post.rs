//! How mails leave: over SMTP, or into files where no server is named.

use std::fmt;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_graphql::ID;
use lettre::message::{Mailbox, Message, MultiPart};
use lettre::transport::smtp::Error as SmtpError;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};

/// How long a server may take with one mail.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// What puts mails on their way.
pub struct Post {
    /// What mails are from.
    from: Mailbox,
    /// Where people see the panel.
    site: String,
    way: Way,
    patience: Duration,
}

enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Files(PathBuf),
}

/// A mail, ready to leave. Whatever is repeated, the same one has the same name.
pub struct Parcel {
    /// Its `Message-ID`.
    pub name: String,
    /// To whom.
    pub to: String,
    /// What it is about, in a line.
    pub subject: String,
    /// When it was written.
    pub date: chrono::DateTime<chrono::Utc>,
    /// What it says.
    pub text: String,
    /// The same, formatted.
    pub html: String,
}

/// Why a mail did not leave.
#[derive(Debug)]
pub struct Undelivered {
    /// Whether it is of no use to try again.
    pub for_good: bool,
    /// What the server said, or what was in the way.
    pub why: String,
}

impl Post {
    /// Over SMTP: `smtps://` (TLS), `smtp://…?tls=required` (STARTTLS), or `smtp://` to a server on this machine, which has
    /// so long for each mail.
    ///
    /// # Errors
    /// When the address of the server or the sender is none.
    pub fn smtp(url: &str, (from, site): (&str, &str), patience: Duration) -> Result<Self, String> {
        let smtp = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|cause| format!("This is not the address of an SMTP server: {cause}"))?;
        let way = Way::Smtp(smtp.timeout(Some(patience)).build());
        Ok(Self { from: mailbox(from)?, site: site.to_owned(), way, patience })
    }

    /// Into files of a folder, one a mail, for the eyes of the program's own account.
    ///
    /// # Errors
    /// When the sender is no address.
    pub fn files(folder: impl Into<PathBuf>, (from, site): (&str, &str)) -> Result<Self, String> {
        Ok(Self { from: mailbox(from)?, site: site.to_owned(), way: Way::Files(folder.into()), patience: PATIENCE })
    }

    /// The name of a mail: the same for the same `id`, and nobody else's.
    #[must_use]
    pub fn name(&self, id: impl fmt::Display) -> String {
        format!("<{id}@{}>", self.from.email.domain())
    }

    /// Where people see a ticket.
    #[must_use]
    pub fn link(&self, ticket: &ID) -> String {
        format!("{}/tickets/{}", self.site.trim_end_matches('/'), ticket.as_str())
    }

    /// Sends a mail. Once it says that one is gone, somebody else answers for it.
    ///
    /// # Errors
    /// Why it is not gone, or may not be: the server may have taken it and the answer been lost.
    pub async fn send(&self, parcel: Parcel) -> Result<(), Undelivered> {
        let name = parcel.name.clone();
        let message = self.message(parcel).map_err(|why| Undelivered { for_good: true, why })?;
        match &self.way {
            Way::Smtp(smtp) => match tokio::time::timeout(self.patience, smtp.send(message)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(cause)) => Err(Undelivered { for_good: is_for_good(&cause), why: told(&cause) }),
                Err(_) => Err(Undelivered { for_good: false, why: "The server does not answer.".to_owned() }),
            },
            Way::Files(folder) => {
                let file = name.trim_matches(['<', '>']).split('@').next().unwrap_or_default();
                let path = folder.join(file).with_extension("eml");
                write(folder, &path, &message.formatted())
                    .map_err(|cause| Undelivered { for_good: false, why: format!("{}: {cause}", path.display()) })?;
                tracing::info!(file = %path.display(), "no SMTP server is named: the mail lies in a file");
                Ok(())
            }
        }
    }

    fn message(&self, parcel: Parcel) -> Result<Message, String> {
        let to: Address = parcel.to.parse().map_err(|cause| format!("The address is none: {cause}"))?;
        Message::builder()
            .message_id(Some(parcel.name))
            .date(parcel.date.into())
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(parcel.subject)
            .multipart(MultiPart::alternative_plain_html(parcel.text, parcel.html))
            .map_err(|cause| cause.to_string())
    }
}

fn mailbox(from: &str) -> Result<Mailbox, String> {
    from.parse().map_err(|cause| format!("`{from}` is no sender of mails: {cause}"))
}

/// A server that refuses whoever sends may think better of it, once its operator was told; one that refuses the mail
/// will not.
fn is_for_good(cause: &SmtpError) -> bool {
    let is_of_sender = cause.status().is_some_and(|code| code.to_string().starts_with("53"));
    cause.is_permanent() && !is_of_sender
}

fn told(cause: &SmtpError) -> String {
    let below = std::error::Error::source(cause).map(|source| format!(": {source}")).unwrap_or_default();
    format!("{cause}{below}")
}

fn write(folder: &Path, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)
}
