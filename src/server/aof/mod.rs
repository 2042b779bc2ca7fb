//! The append-only file on disk: loading it, writing it, rewriting it.
//!
//! ```text
//!  commands ──> journal ──> writer (a worker of its own) ──> the last incr file
//!                  ^            |  appends a batch behind its checksum, syncs by policy
//!    replies wait ─┘<─ confirm ─┘
//! ```
//!
//! `appendfsync always` is group commit: one sync for everything that piled up during the one
//! before. A write that fails is taken back and tried again, while clients that write are
//! refused. After a sync that failed nothing in that file is trusted: what it was asked to make
//! durable may be lost although the next sync succeeds. Only a rewrite, that is a new base and
//! a new file, lets replies leave again.
//!
//! | module | what it does |
//! |---|---|
//! | `store` | names, the manifest on disk |
//! | `output` | one file that is being written |
//! | `writer` | the task |
//! | `rewrite` | what others ask of it: [`AofHandle`] |
//! | `load` | executing what the files hold, at the start |
//! | `check` | `norn check-aof` |
//! | `adopt` | going on in a file of another server |
//! | `open` | from a directory to a running writer |

mod adopt;
pub mod check;
mod load;
mod open;
mod output;
mod rewrite;
mod store;
mod writer;

pub use load::{LoadRdb, Loaded, load};
pub use open::start;
pub use output::Output;
pub use rewrite::{AofHandle, replace_all};
pub use store::{Place, Store};
