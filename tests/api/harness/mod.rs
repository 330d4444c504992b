//! What every test stands on.

mod app;
pub mod cluster;
mod plain;
pub mod program;

pub use app::{Actor, App, Options, PEPPERS, Reply, data, passwords, unique};
pub use cluster::Start;
pub use plain::Plain;
