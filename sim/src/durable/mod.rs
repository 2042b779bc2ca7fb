//! What becomes of a server's data when it crashes: the parts that scenarios about files share.
//!
//! The judge does not read the server's files. From inside the running server it takes down
//! every byte of the journal and the data set at the instant of each snapshot ([`life`]). After
//! a crash and a restart, what has been loaded must be one of the states it went through, not
//! older than what clients had been promised ([`promise`]): the states are made again by
//! executing the journal, piece by piece, on an engine of the judge's own. [`image`] is a data
//! set that can be compared and copied, [`theatre`] the server with its disk, [`draw`] and
//! [`client`] what clients do.

pub mod client;
pub mod draw;
pub mod image;
pub mod life;
pub mod promise;
pub mod theatre;
