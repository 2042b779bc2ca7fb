//! What the fuzz targets share: commands made up from the command table, and a server so
//! simple that it is easily seen to be right.

pub mod dump;
pub mod memory;
pub mod model;
pub mod script;
