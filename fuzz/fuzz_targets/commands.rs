//! Arbitrary commands of several clients, compared with a naive model. See `script`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use norn_fuzz::script::Script;

fuzz_target!(|script: Script| script.play());
