//! Sessions and what they share: one connection's state, mailboxes, the registries of
//! clients, channels and blocked commands, and the server-wide state.

pub mod aof;
pub mod args;
pub mod blocked;
pub mod channels;
pub mod clients;
pub mod commandlog;
pub mod graveyard;
pub mod histogram;
pub mod jobs;
pub mod journal;
pub mod latency;
pub mod loading;
pub mod mailbox;
pub mod moving;
pub mod rates;
pub mod saving;
pub mod shared;
pub mod state;
pub mod stats;
pub mod upkeep;
pub mod watch;

pub use args::{Args, OwnedArgs};
pub use shared::Shared;
pub use state::Session;
