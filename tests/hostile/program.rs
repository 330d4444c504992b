//! The program, as a command.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Failure;

/// A program file, and the directory that it has its data in.
pub struct Program {
    file: PathBuf,
    /// Where the private PostgreSQL and the secrets are.
    pub data: PathBuf,
}

impl Program {
    /// The program of this file, over this directory.
    pub fn new(file: &Path, data: PathBuf) -> Result<Self, Failure> {
        Ok(Self { file: std::path::absolute(file)?, data })
    }

    /// To run it. Nothing of the machine's own configuration reaches it.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.file);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if (text.starts_with("SKYPANEL") && text != "SKYPANEL_PG_BIN") || text == "DATABASE_URL" {
                command.env_remove(&name);
            }
        }
        command.stdin(Stdio::null());
        command
    }

    /// Fills the database.
    pub fn seed(&self) -> Result<(), Failure> {
        let mut command = self.command();
        command.args(["seed", "--scale", "1", "--data-dir"]).arg(&self.data).stdout(Stdio::null());
        let status = command.status().map_err(|cause| format!("cannot run {}: {cause}", self.file.display()))?;
        if status.success() { Ok(()) } else { Err("`skypanel seed` failed".into()) }
    }
}
