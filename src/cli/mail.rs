//! How mails leave.

use std::path::Path;

use clap::Args;
use secrecy::{ExposeSecret as _, SecretString};

use super::Failure;
use crate::post::{PATIENCE, Post};

/// How mails leave.
#[derive(Debug, Clone, Args)]
pub struct MailArgs {
    /// The server that takes mails: `smtps://USER:PASSWORD@HOST`, or `smtp://HOST?tls=required` for STARTTLS; without it
    /// they lie in files under the data directory
    #[arg(long, env = "SKYPANEL_SMTP_URL", hide_env_values = true, value_name = "URL")]
    smtp_url: Option<SecretString>,
    /// What mails are from
    #[arg(long, env = "SKYPANEL_MAIL_FROM", default_value = "SkyPANEL <skypanel@localhost>", value_name = "SENDER")]
    mail_from: String,
    /// Where people see the panel, for links in mails
    #[arg(long, env = "SKYPANEL_PUBLIC_URL", default_value = "http://localhost:8080", value_name = "URL")]
    public_url: String,
}

impl MailArgs {
    /// What puts mails on their way, by what was configured.
    pub(super) fn post(&self, data: &Path) -> Result<Post, Failure> {
        let sender = (self.mail_from.as_str(), self.public_url.as_str());
        let post = match &self.smtp_url {
            Some(url) => Post::smtp(url.expose_secret(), sender, PATIENCE),
            None => Post::files(data.join("mail"), sender),
        };
        post.map_err(|cause| format!("{cause}. Look at SKYPANEL_SMTP_URL and SKYPANEL_MAIL_FROM.").into())
    }
}
