//! Mails: one for each letter of the outbox that tells somebody something.
//!
//! A mail has the id of its letter, and its `Message-ID` from that id: whatever is repeated, it stays one mail. It says
//! what its ids lead to when it leaves. What the clock reads holds no internal note (row-level security), so no mail
//! does.

mod arguments;
mod letter;
mod object;
mod retry;
mod row;
mod send;
mod words;

pub use arguments::MailArguments;
pub use retry::RetryMailInput;
pub use row::Mail;
pub use send::send_mails;
