//! What may happen to it. Each case starts a program of its own.

mod answers;
mod documents;
mod halves;
mod logins;
mod outage;
mod overload;
mod stop;
mod writes;

use std::fmt;
use std::net::Ipv4Addr;

use clap::ValueEnum;

use crate::Failure;
use crate::memory;
use crate::server::Server;
use crate::stage::Stage;
use crate::table::Table;

/// A case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Case {
    /// 256 requests for the largest answers at once, beside 500 readers that take theirs slowly
    Answers,
    /// 4,000 connections with nothing, half a head or half a body
    Halves,
    /// Twice as many requests as can be answered
    Overload,
    /// A flood of wrong passwords
    Logins,
    /// Documents that are refused
    Documents,
    /// The database is killed
    Outage,
    /// The program is killed while it writes
    Writes,
    /// The program is told to end while it answers
    Stop,
}

impl Case {
    /// Measures it.
    pub async fn run(self, stage: &Stage, table: &mut Table) -> Result<(), Failure> {
        match self {
            Self::Answers => answers::run(stage, table).await,
            Self::Halves => halves::run(stage, table).await,
            Self::Overload => overload::run(stage, table).await,
            Self::Logins => logins::run(stage, table).await,
            Self::Documents => documents::run(stage, table).await,
            Self::Outage => outage::run(stage, table).await,
            Self::Writes => writes::run(stage, table).await,
            Self::Stop => stop::run(stage, table).await,
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_possible_value().map_or(Ok(()), |value| out.write_str(value.get_name()))
    }
}

/// One of many addresses of this machine, in the network of a case.
fn address(network: u8, number: usize) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, network, u8::try_from(number % 20).unwrap_or_default() + 1)
}

/// What is promised of memory whatever happens, and that the process lived through it.
fn report_memory(server: &mut Server, table: &mut Table) -> Result<(), Failure> {
    if !server.lives() {
        table.holds("it lives", "", "it died", false);
        return Ok(());
    }
    table.memory("memory, the peak", 256.0, memory::peak(server.pid())?);
    Ok(())
}
