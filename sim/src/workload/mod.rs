//! Clients and what they do.
//!
//! A [`plan::Plan`] is everything a seed decides about a run. [`draw`] draws commands,
//! [`wire`] writes them, [`session`] speaks one connection, [`client`] lives one client's
//! life, and the [`board::Board`] is where they note what they did and saw.

pub mod asker;
pub mod audit;
pub mod board;
pub mod client;
pub mod draw;
pub mod ear;
pub mod plan;
pub mod session;
pub mod wire;
