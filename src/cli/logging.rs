//! Where log lines go, and how they look.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use super::Output;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// Starts logging. `directives` is in the form of tracing's filters: `info`, `skypanel=debug`.
pub fn start(output: &Output, format: LogFormat, directives: &str) {
    let filter = EnvFilter::try_new(directives).unwrap_or_else(|_| EnvFilter::new("info"));
    let colours = std::io::stderr().is_terminal();
    let output = output.clone();
    // What goes wrong with a line is no reason to print: stderr may be what went wrong.
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).log_internal_errors(false);
    let lines = lines.with_writer(move || output.clone());
    match format {
        LogFormat::Text => lines.with_target(false).init(),
        LogFormat::Json => lines.json().flatten_event(true).init(),
    }
    // A panic is one line of the log like any other, and never reaches a client.
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("no message");
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "panic: {message}");
    }));
}
