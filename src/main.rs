//! `norn`: arguments, configuration, then the server on the tokio environment.

fn main() {}
