//! The program that is measured.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::arguments::PlaceArgs;
use crate::cluster::Cluster;
use crate::{Failure, progress};

/// Some secret: nobody signs in by password here.
const PEPPERS: &str = "bench:bm8tcGFzc3dvcmQtaXMtdmVyaWZpZWQtaW4taGVyZSE=";

/// A program file.
pub struct Program(PathBuf);

impl Program {
    /// The one that was named, else this tree's, built as it is shipped.
    pub fn find(place: &PlaceArgs) -> Result<Self, Failure> {
        match &place.program {
            Some(named) => Ok(Self(std::path::absolute(named)?)),
            None => build(&place.cargo).map(Self),
        }
    }

    /// To run it over a database, as whose pool role it connects by `pool_url`.
    pub fn command(&self, pool_url: &str) -> Command {
        let mut command = Command::new(&self.0);
        command.env("DATABASE_URL", pool_url).env("SKYPANEL_PEPPERS", PEPPERS).env_remove("SKYPANEL_OWNER_URL");
        command
    }

    /// Has it do something to a database, as the owner.
    pub fn run(&self, cluster: &Cluster, database: &str, arguments: &[&str]) -> Result<(), Failure> {
        let mut command = self.command(&cluster.url("skypanel_pool", database));
        command.env("SKYPANEL_OWNER_URL", cluster.url("skypanel_owner", database)).args(arguments);
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
        let status = status.map_err(|cause| format!("cannot run {}: {cause}", self.0.display()))?;
        if status.success() { Ok(()) } else { Err(format!("`skypanel {}` failed", arguments.join(" ")).into()) }
    }

    /// What it calls itself.
    pub fn version(&self) -> Result<String, Failure> {
        let output = Command::new(&self.0).arg("--version").output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// Builds the program, and finds it wherever cargo's settings put it.
fn build(cargo: &Path) -> Result<PathBuf, Failure> {
    progress!("building the program with --profile dist; the first time takes some minutes");
    let output = Command::new(cargo)
        .args(["build", "--profile", "dist", "--locked", "--bin", "skypanel"])
        .arg("--message-format=json-render-diagnostics")
        .env("GRAPHIQL", "off") // not measured, and it would need Node.js
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|cause| format!("cannot run {}: {cause}", cargo.display()))?;
    if !output.status.success() {
        return Err("the program does not build".into());
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let mut executables = messages.lines().filter_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    });
    executables.next_back().ok_or_else(|| "cargo names no program that it built".into())
}
