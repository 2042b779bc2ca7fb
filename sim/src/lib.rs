//! The simulator: a whole cluster, its clients, network and disks in one process from one
//! seed. Compiled only under `--cfg madsim` (see `make sim`).
#![cfg(madsim)]
