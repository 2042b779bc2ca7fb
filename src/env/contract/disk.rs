//! Files and directories, without crashes (those are the simulator's own).

use super::{Env, Place, pattern, promises};
use crate::env::{Disk, DiskFile, Open};
use bytes::Bytes;
use std::io::ErrorKind;

promises!("disk":
    appends_and_reads_anywhere,
    reads_stop_at_the_end,
    truncates_and_appends_on,
    truncate_can_extend,
    open_modes,
    missing_names_are_not_found,
    handles_see_each_other,
    rename_replaces,
    removed_file_stays_readable,
    lists_sorted_children,
    creates_nested_directories,
    directories_are_not_files,
    directories_have_one_path,
    syncs,
);

/// Appends all of `data`, however many calls it takes.
async fn append_all<F: DiskFile>(file: &mut F, data: &[u8]) {
    let mut rest = Bytes::copy_from_slice(data);
    while !rest.is_empty() {
        let n = file.append(rest.clone()).await.expect("append");
        assert!(n > 0 && n <= rest.len());
        rest = rest.slice(n..);
    }
}

async fn file_with<D: Disk>(disk: &D, path: &str, data: &[u8]) -> D::File {
    let mut file = disk.open(path, Open::Truncate).await.expect("open");
    append_all(&mut file, data).await;
    file
}

async fn content<D: Disk>(disk: &D, path: &str) -> Bytes {
    let file = disk.open(path, Open::Read).await.expect("open");
    let size = file.size().await.expect("size");
    file.read_at(0, size as usize).await.expect("read")
}

async fn appends_and_reads_anywhere<E: Env>(env: E, _: Place) {
    let data = pattern(100_000);
    let file = file_with(env.disk(), "f", &data).await;
    assert_eq!(file.size().await.expect("size"), 100_000);
    for (off, len) in [(0, 100_000), (1, 512), (511, 2), (99_999, 1), (50_000, 0)] {
        let got = file.read_at(off as u64, len).await.expect("read");
        assert!(got == data[off..off + len], "at {off} for {len}");
    }
}

async fn reads_stop_at_the_end<E: Env>(env: E, _: Place) {
    let file = file_with(env.disk(), "f", b"0123456789").await;
    assert_eq!(file.read_at(7, 100).await.expect("read"), "789");
    assert_eq!(file.read_at(10, 1).await.expect("read"), "");
    assert_eq!(file.read_at(1_000_000, 5).await.expect("read"), "");
}

async fn truncates_and_appends_on<E: Env>(env: E, _: Place) {
    let mut file = file_with(env.disk(), "f", b"0123456789").await;
    file.truncate(4).await.expect("truncate");
    assert_eq!(file.size().await.expect("size"), 4);
    append_all(&mut file, b"abc").await;
    assert_eq!(content(env.disk(), "f").await, "0123abc");
}

async fn truncate_can_extend<E: Env>(env: E, _: Place) {
    let mut file = file_with(env.disk(), "f", b"x").await;
    file.truncate(4).await.expect("truncate");
    append_all(&mut file, b"y").await;
    assert_eq!(content(env.disk(), "f").await, &b"x\0\0\0y"[..]);
}

async fn open_modes<E: Env>(env: E, _: Place) {
    let disk = env.disk();
    drop(file_with(disk, "f", b"abc").await);
    let mut file = disk.open("f", Open::Append).await.expect("append");
    append_all(&mut file, b"def").await;
    assert_eq!(file.read_at(0, 9).await.expect("readable"), "abcdef");
    let mut read_only = disk.open("f", Open::Read).await.expect("read");
    read_only.append(Bytes::from_static(b"x")).await.expect_err("read only");
    read_only.truncate(0).await.expect_err("read only");
    assert_eq!(content(disk, "f").await, "abcdef");
    let file = disk.open("f", Open::Truncate).await.expect("truncate");
    assert_eq!(file.size().await.expect("size"), 0);
    disk.open("new", Open::Append).await.expect("append creates");
    assert_eq!(content(disk, "new").await, "");
}

async fn missing_names_are_not_found<E: Env>(env: E, _: Place) {
    let disk = env.disk();
    let not_found = |e: std::io::Error| assert_eq!(e.kind(), ErrorKind::NotFound);
    not_found(disk.open("no", Open::Read).await.err().expect("open"));
    not_found(disk.open("no/f", Open::Append).await.err().expect("open"));
    not_found(disk.open("no/f", Open::Truncate).await.err().expect("open"));
    not_found(disk.rename("no", "yes").await.expect_err("rename"));
    not_found(disk.remove("no").await.expect_err("remove"));
    not_found(disk.list("no").await.expect_err("list"));
    not_found(disk.sync_dir("no").await.expect_err("sync_dir"));
    file_with(disk, "f", b"").await;
    not_found(disk.rename("f", "no/f").await.expect_err("rename"));
}

async fn handles_see_each_other<E: Env>(env: E, _: Place) {
    let mut one = file_with(env.disk(), "f", b"1").await;
    let mut two = env.disk().open("f", Open::Append).await.expect("open");
    append_all(&mut two, b"2").await;
    append_all(&mut one, b"3").await;
    assert_eq!(two.read_at(0, 9).await.expect("read"), "123");
    one.truncate(1).await.expect("truncate");
    append_all(&mut two, b"4").await;
    assert_eq!(one.read_at(0, 9).await.expect("read"), "14");
}

async fn rename_replaces<E: Env>(env: E, _: Place) {
    let disk = env.disk();
    let mut moved = file_with(disk, "a", b"new").await;
    let old = file_with(disk, "b", b"old").await;
    disk.rename("a", "b").await.expect("rename");
    assert_eq!(disk.list(".").await.expect("list"), ["b"]);
    append_all(&mut moved, b"er").await;
    assert_eq!(content(disk, "b").await, "newer");
    assert_eq!(old.read_at(0, 9).await.expect("old handle"), "old");
    disk.create_dir("d").await.expect("create_dir");
    disk.rename("b", "d/c").await.expect("rename across");
    assert_eq!(content(disk, "d/c").await, "newer");
}

async fn removed_file_stays_readable<E: Env>(env: E, _: Place) {
    let disk = env.disk();
    let mut file = file_with(disk, "f", b"abc").await;
    disk.remove("f").await.expect("remove");
    append_all(&mut file, b"d").await;
    assert_eq!(file.read_at(0, 9).await.expect("read"), "abcd");
    assert!(disk.list(".").await.expect("list").is_empty());
    file_with(disk, "f", b"other").await;
    assert_eq!(file.read_at(0, 9).await.expect("read"), "abcd");
}

async fn lists_sorted_children<E: Env>(env: E, _: Place) {
    let disk = env.disk();
    disk.create_dir("d/sub").await.expect("create_dir");
    for name in ["d/b", "d/a10", "d/a9", "d/sub/hidden", "top"] {
        file_with(disk, name, b"").await;
    }
    assert_eq!(disk.list("d").await.expect("list"), ["a10", "a9", "b", "sub"]);
    assert_eq!(disk.list("./d/").await.expect("list"), ["a10", "a9", "b", "sub"]);
    assert_eq!(disk.list("").await.expect("list"), ["d", "top"]);
}

async fn creates_nested_directories<E: Env>(env: E, _: Place) {
    let disk = env.disk();
    disk.create_dir("a/b/c").await.expect("create_dir");
    disk.create_dir("a/b").await.expect("it exists: no error");
    file_with(disk, "a/b/c/f", b"deep").await;
    assert_eq!(content(disk, "a/b/c/f").await, "deep");
    file_with(disk, "file", b"").await;
    disk.create_dir("file").await.expect_err("a file is in the way");
    disk.create_dir("file/d").await.expect_err("a file is in the way");
}

async fn directories_are_not_files<E: Env>(env: E, _: Place) {
    let disk = env.disk();
    disk.create_dir("d").await.expect("create_dir");
    let e = disk.open("d", Open::Append).await.err().expect("open");
    assert_eq!(e.kind(), ErrorKind::IsADirectory);
    disk.remove("d").await.expect_err("remove is for files");
    file_with(disk, "f", b"").await;
    disk.rename("f", "d").await.expect_err("rename over a directory");
    let e = disk.open("f/x", Open::Append).await.err().expect("open");
    assert_eq!(e.kind(), ErrorKind::NotADirectory);
    disk.list("f").await.expect_err("list of a file");
}

async fn syncs<E: Env>(env: E, _: Place) {
    let disk = env.disk();
    disk.create_dir("d").await.expect("create_dir");
    let mut file = file_with(disk, "d/f", b"abc").await;
    file.sync().await.expect("sync");
    file.sync().await.expect("sync of nothing");
    disk.sync_dir("d").await.expect("sync_dir");
    disk.sync_dir(".").await.expect("sync_dir of the root");
    append_all(&mut file, b"d").await;
    assert_eq!(content(disk, "d/f").await, "abcd");
}

async fn directories_have_one_path<E: Env>(env: E, _: Place) {
    let disk = env.disk();
    disk.create_dir("a/b").await.expect("create");
    drop(file_with(disk, "a/f", b"x").await);
    let here = disk.resolve_dir(".").await.expect("the working directory");
    let path = disk.resolve_dir("./a//b/../b/").await.expect("a directory");
    assert_eq!(path, format!("{}/a/b", here.trim_end_matches('/')));
    assert_eq!(disk.resolve_dir(&path).await.expect("the same"), path);
    assert_eq!(content(disk, &format!("{path}/../f")).await, "x");
    assert_eq!(disk.resolve_dir("a/c").await.expect_err("missing").kind(), ErrorKind::NotFound);
    assert_eq!(disk.resolve_dir("a/f").await.expect_err("a file").kind(), ErrorKind::NotADirectory);
}
