//! `norn-sim`: runs scenarios by seed.

#[cfg(not(madsim))]
fn main() {
    eprintln!("norn-sim needs RUSTFLAGS=\"--cfg madsim\": use `make sim`");
    std::process::exit(2);
}

#[cfg(madsim)]
fn main() {
    cli::main();
}

#[cfg(madsim)]
mod cli;
