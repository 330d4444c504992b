//! What every test stands on.

mod app;
pub mod cluster;

pub use app::{Actor, App, Options, Reply, passwords};
pub use cluster::Start;
