//! `norn-sim`: runs scenarios by seed.

#[cfg(not(madsim))]
fn main() -> std::process::ExitCode {
    eprintln!("norn-sim needs RUSTFLAGS=\"--cfg madsim\": use `make sim`");
    std::process::ExitCode::from(2)
}

#[cfg(madsim)]
fn main() {
    cli::main();
}

#[cfg(madsim)]
mod cli;
