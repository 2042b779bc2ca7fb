//! The contract of `env` on real sockets and files.
#![allow(clippy::disallowed_methods)] // the test looks at files behind the seam's back

use norn::env::{
    Addr, BindOpts, Env, Listener,
    contract::{Case, Place, cases},
    tokio_env::{TokioEnv, run},
};
use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

/// Longest time a case may take before it counts as hanging.
const PATIENCE: Duration = Duration::from_secs(60);

/// A directory of this process, removed on drop.
struct TempDir(PathBuf);

impl TempDir {
    fn new(name: &str) -> TempDir {
        let name = format!("norn-{}-{}", std::process::id(), name.replace('/', "-"));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(path.join("disk")).expect("temporary directory");
        TempDir(path)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run_part(part: &str) {
    run_part_in(part, |env| env);
}

fn run_part_in(part: &str, changed: fn(TokioEnv) -> TokioEnv) {
    let all: Vec<Case<TokioEnv>> = cases();
    let mut ran = 0;
    for case in all.iter().filter(|c| c.name.starts_with(part)) {
        println!("{}", case.name);
        let dir = TempDir::new(case.name);
        let place = Place {
            ip: [127, 0, 0, 1].into(),
            socket_dir: dir.0.to_str().expect("temporary paths are text").to_owned(),
        };
        let env = changed(TokioEnv::rooted(&dir.0.join("disk")));
        let done = run(env, |env| async move { env.timeout(PATIENCE, (case.run)(env.clone(), place)).await });
        assert!(done.expect("runtime").is_some(), "{} hangs", case.name);
        ran += 1;
    }
    assert!(ran > 0);
}

#[test]
fn clock() {
    run_part("clock/");
}

#[test]
fn stream() {
    run_part("stream/");
}

#[test]
fn listener() {
    run_part("listener/");
}

#[test]
fn disk() {
    run_part("disk/");
}

#[test]
fn disk_in_place() {
    run_part_in("disk/", TokioEnv::in_place);
}

fn opts(unix_mode: Option<u32>) -> BindOpts {
    BindOpts { backlog: 16, unix_mode }
}

#[test]
fn unix_socket_files() {
    let dir = TempDir::new("unix");
    let path = dir.0.join("s").to_str().expect("text").to_owned();
    let mode = |path: &str| fs::metadata(path).expect("socket file").permissions().mode() & 0o777;
    run(TokioEnv::new(), |env| async move {
        let addr = Addr::Unix(path.clone());
        let first = env.bind(&addr, opts(Some(0o770))).await.expect("bind");
        assert_eq!(mode(&path), 0o770);
        // As after a crash: the file is there, a new server takes it over.
        let second = env.bind(&addr, opts(Some(0o700))).await.expect("stale file");
        drop(first);
        assert_eq!(mode(&path), 0o700, "the old listener removed the new one's file");
        drop(second);
        assert!(fs::metadata(&path).is_err(), "the file outlives its listener");
        fs::write(&path, "precious").expect("write");
        assert!(env.bind(&addr, opts(None)).await.is_err(), "a plain file is not ours");
        assert_eq!(fs::read(&path).expect("read"), b"precious");
    })
    .expect("runtime");
}

#[test]
fn ipv4_and_ipv6_share_a_port() {
    run(TokioEnv::new(), |env| async move {
        let v6 = Addr::Tcp("[::]:0".parse().expect("address"));
        let Ok(first) = env.bind(&v6, opts(None)).await else {
            return; // no IPv6 on this machine
        };
        let Addr::Tcp(bound) = first.local_addr().expect("address") else { panic!("bound TCP, got something else") };
        let v4 = Addr::Tcp(([0, 0, 0, 0], bound.port()).into());
        env.bind(&v4, opts(None)).await.expect("the same port on IPv4");
    })
    .expect("runtime");
}
