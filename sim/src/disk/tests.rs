//! What the contract cannot ask of a real disk: loss of power, errors, decay.

use super::{DiskConfig, SimDisk, SimDisks, SimFile, Usage, inode::SECTOR};
use crate::{
    machine::{Crash, Machine},
    run::simulate,
};
use bytes::Bytes;
use madsim::time::sleep;
use norn::env::{Disk, DiskFile, Env, Open};
use std::{
    future::Future,
    io::{self, ErrorKind},
    time::Duration,
};
use tokio::sync::oneshot;

/// Runs `f` on a machine and returns what it returns.
async fn on<F, Fut, T>(machine: Machine, f: F) -> T
where
    F: FnOnce(SimDisk) -> Fut + Send + 'static,
    Fut: Future<Output = T> + 'static,
    T: Send + 'static,
{
    let (tx, rx) = oneshot::channel();
    drop(machine.spawn(move |env| async move {
        let _ = tx.send(f(env.disk().clone()).await);
    }));
    rx.await.expect("the machine lives")
}

async fn reboot(machine: Machine, how: Crash) {
    machine.crash(how);
    sleep(Duration::from_millis(10)).await;
    machine.restart();
}

async fn append(disk: &SimDisk, path: &str, data: &[u8]) -> SimFile {
    let mut file = disk.open(path, Open::Append).await.expect("open");
    let mut rest = Bytes::copy_from_slice(data);
    while !rest.is_empty() {
        let n = file.append(rest.clone()).await.expect("append");
        rest = rest.slice(n..);
    }
    file
}

async fn content(disk: SimDisk, path: &'static str) -> Option<Bytes> {
    let file = disk.open(path, Open::Read).await.ok()?;
    Some(file.read_at(0, 1 << 20).await.expect("read"))
}

/// Runs a test with several seeds and returns what each run returned.
fn runs<F, Fut, T>(f: F) -> Vec<T>
where
    F: Fn(Machine) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = T>,
    T: Send + 'static,
{
    let run = |seed| {
        let f = f.clone();
        let run = simulate(seed, move || f(Machine::idle(1)));
        run.unwrap_or_else(|e| panic!("seed {seed}: {e}"))
    };
    (0..60).map(run).collect()
}

/// A synced beginning, then unsynced sectors, then a crash: what is left.
fn left_after(how: Crash) -> Vec<Bytes> {
    runs(move |machine| async move {
        let write = |disk: SimDisk| async move {
            append(&disk, "f", &[1; 700]).await.sync().await.expect("sync");
            disk.sync_dir(".").await.expect("sync_dir");
            append(&disk, "f", &[2; 4 * SECTOR]).await;
        };
        on(machine, write).await;
        reboot(machine, how).await;
        let left = on(machine, |disk| content(disk, "f")).await;
        left.expect("the name was synced")
    })
}

#[test]
fn a_killed_process_loses_nothing() {
    for left in left_after(Crash::Process) {
        assert_eq!(left.len(), 700 + 4 * SECTOR);
    }
}

#[test]
fn a_loss_of_power_spares_what_was_synced_and_tears_the_rest() {
    let all = left_after(Crash::Power);
    for left in &all {
        assert_eq!(left[..700], [1; 700], "synced data was lost");
    }
    let tail = |left: &Bytes| left.slice(700..);
    let some = |what: fn(&[u8]) -> bool| all.iter().any(|left| what(&tail(left)));
    assert!(some(<[u8]>::is_empty), "nothing survives in no run");
    assert!(some(|t| t.len() == 4 * SECTOR && t.iter().all(|b| *b == 2)), "all survives in no run");
    assert!(some(|t| t.contains(&0) && t.contains(&2)), "no run has a hole");
    assert!(some(|t| t.iter().any(|b| *b > 2)), "no run has garbage");
}

#[test]
fn an_unsynced_name_may_vanish() {
    let found = runs(|machine| async move {
        let write = |disk: SimDisk| async move {
            append(&disk, "old", b"1").await.sync().await.expect("sync");
            disk.sync_dir(".").await.expect("sync_dir");
            append(&disk, "tmp", b"2").await.sync().await.expect("sync");
            disk.rename("tmp", "old").await.expect("rename");
        };
        on(machine, write).await;
        reboot(machine, Crash::Power).await;
        on(machine, |disk| content(disk, "old")).await
    });
    assert!(found.iter().all(Option::is_some), "the rename was not atomic");
    assert!(found.contains(&Some(Bytes::from_static(b"1"))));
    assert!(found.contains(&Some(Bytes::from_static(b"2"))));
}

#[test]
fn a_failed_sync_is_never_made_good() {
    let lost = runs(|machine| async move {
        let write = |disk: SimDisk| async move {
            append(&disk, "f", b"").await;
            disk.sync_dir(".").await.expect("sync_dir");
            SimDisks::current().configure(|c| c.sync_error = 1.0);
            let mut file = append(&disk, "f", b"data").await;
            file.sync().await.expect_err("sync fails");
            SimDisks::current().configure(|c| c.sync_error = 0.0);
            file.sync().await.expect("and then it says all is well");
            assert_eq!(file.read_at(0, 9).await.expect("read"), "data");
        };
        on(machine, write).await;
        reboot(machine, Crash::Power).await;
        on(machine, |disk| content(disk, "f")).await.expect("synced name").is_empty()
    });
    assert!(lost.contains(&true) && lost.contains(&false));
}

#[test]
fn a_full_disk_takes_what_fits() {
    runs(|machine| async move {
        let capacity = 1_000;
        SimDisks::current().configure(|c| *c = DiskConfig { capacity, ..DiskConfig::calm() });
        let write = |disk: SimDisk| async move {
            let mut file = append(&disk, "a", &[1; 900]).await;
            let n = file.append(Bytes::from_static(&[2; 200])).await.expect("append");
            assert_eq!(n, 100);
            let e = file.append(Bytes::from_static(b"x")).await.expect_err("full");
            assert_eq!(e.kind(), ErrorKind::StorageFull);
            drop(file);
            disk.remove("a").await.expect("remove");
            disk.sync_dir(".").await.expect("sync_dir");
            append(&disk, "b", &[3; 1_000]).await;
        };
        on(machine, write).await;
    });
}

#[test]
fn a_full_disk_makes_no_names() {
    runs(|machine| async move {
        let disks = SimDisks::current();
        let write = |disk: SimDisk| async move {
            append(&disk, "a", &[1; 900]).await;
            disk.create_dir("d").await.expect("there is room");
        };
        on(machine, write).await;
        assert_eq!(disks.usage(machine.node), Usage { bytes: 900, names: 2, inodes: 2 });
        let full = [
            DiskConfig { capacity: 1_000, name_bytes: 50, ..DiskConfig::calm() },
            DiskConfig { inodes: 2, ..DiskConfig::calm() },
        ];
        for config in full {
            let renames = config.inodes == 2;
            disks.configure(|c| *c = config);
            let try_all = move |disk: SimDisk| async move {
                let is_full = |e: io::Error| assert_eq!(e.kind(), ErrorKind::StorageFull);
                is_full(disk.open("b", Open::Append).await.err().expect("a new file"));
                is_full(disk.create_dir("e").await.expect_err("a new directory"));
                match disk.rename("a", "c").await {
                    Ok(()) if renames => disk.rename("c", "a").await.expect("and back"),
                    done => is_full(done.expect_err("a new name")),
                }
                disk.create_dir("d").await.expect("it is there");
                drop(disk.open("a", Open::Append).await.expect("it is there"));
            };
            on(machine, try_all).await;
        }
        assert_eq!(disks.stats().refused_names, 5);
        let make_room = |disk: SimDisk| async move {
            disk.remove("a").await.expect("that takes no room");
            disk.sync_dir(".").await.expect("sync_dir");
            append(&disk, "b", b"").await;
            disk.rename("b", "a").await.expect("rename");
        };
        on(machine, make_room).await;
    });
}

#[test]
fn a_thin_disk_takes_what_it_cannot_keep() {
    let lost = runs(|machine| async move {
        let write = |disk: SimDisk| async move {
            append(&disk, "f", b"").await;
            disk.sync_dir(".").await.expect("sync_dir");
            let capacity = 1_000;
            SimDisks::current().configure(|c| *c = DiskConfig { capacity, is_thin: true, ..DiskConfig::calm() });
            let mut file = append(&disk, "f", &[1; 1_200]).await;
            assert_eq!(file.sync().await.expect_err("no room").kind(), ErrorKind::StorageFull);
            disk.sync_dir(".").await.expect_err("nor for names");
            assert_eq!(file.read_at(0, 9_999).await.expect("read").len(), 1_200);
        };
        on(machine, write).await;
        reboot(machine, Crash::Power).await;
        on(machine, |disk| content(disk, "f")).await.expect("synced name").len() < 1_200
    });
    assert!(lost.contains(&true));
}

#[test]
fn sectors_decay_on_request() {
    runs(|machine| async move {
        on(machine, |disk| async move { drop(append(&disk, "f", &[7; 2_000]).await) }).await;
        SimDisks::current().flip_bit(machine.node, "f", 3, 0);
        SimDisks::current().lose_sector(machine.node, "f", 1_100);
        let read = |disk: SimDisk| async move {
            let file = disk.open("f", Open::Read).await.expect("open");
            assert_eq!(file.read_at(2, 3).await.expect("read")[..], [7, 6, 7]);
            assert_eq!(file.read_at(0, 1_024).await.expect("before it").len(), 1_024);
            file.read_at(1_023, 2).await.expect_err("touches the bad sector");
            assert_eq!(file.read_at(1_536, 999).await.expect("after it").len(), 464);
        };
        on(machine, read).await;
    });
}

#[test]
fn handles_of_a_dead_process_touch_nothing() {
    runs(|machine| async move {
        let (tx, rx) = oneshot::channel();
        drop(machine.spawn(move |env| async move {
            let file = append(env.disk(), "f", b"1").await;
            assert!(tx.send(file).is_ok(), "receiver waits");
        }));
        let mut file = rx.await.expect("the file");
        reboot(machine, Crash::Process).await;
        file.append(Bytes::from_static(b"2")).await.expect_err("dead");
        file.sync().await.expect_err("dead");
        drop(file);
        let left = on(machine, |disk| content(disk, "f")).await;
        assert_eq!(left.expect("it was written"), "1");
    });
}
