//! SkyPANEL: the GraphQL back end of a panel for companies that sell virtual servers.

pub mod cli;

pub mod http;
pub mod jobs;

pub mod graphql;

pub mod billing;
pub mod identity;
pub mod operations;
pub mod servers;
pub mod support;

pub mod command;
pub mod entity;
pub mod journal;
pub mod life;
pub mod outcome;
pub mod page;
pub mod request;
pub mod requires;

pub mod config;
pub mod db;
pub mod post;
pub mod seed;

pub mod clock;
pub mod error;
pub mod id;
pub mod json;
pub mod leaf;
pub mod lock;
pub mod memory;
pub mod money;
pub mod scalar;
pub mod shares;
pub mod viewer;
