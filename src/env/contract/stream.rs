//! Connected byte streams: order, end-of-file, back-pressure, resets.

use super::{Env, Place, pair, pattern, promises};
use crate::env::Stream;
use std::{cell::Cell, io::ErrorKind, io::IoSlice, rc::Rc, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

promises!("stream":
    echoes_through_small_buffers,
    reader_waits_for_the_writer,
    vectored_writes_keep_order,
    half_close_by_the_client,
    half_close_by_the_server,
    dropped_write_half_sends_end_of_file,
    dropped_read_half_changes_nothing,
    write_after_shutdown_fails,
    end_of_file_after_drop,
    reset_after_drop_with_unread_data,
    writing_to_a_dropped_peer_fails,
    back_pressure_is_bounded,
    both_directions_at_once,
    options_are_accepted,
);

async fn echoes_through_small_buffers<E: Env>(env: E, place: Place) {
    let (client, mut server) = pair(&env, &place).await;
    let data = pattern(300_000);
    env.spawn(async move {
        let mut buf = [0; 4096];
        loop {
            let n = server.read(&mut buf).await.expect("server reads");
            if n == 0 {
                break;
            }
            server.write_all(&buf[..n]).await.expect("server writes");
        }
    });
    let (mut r, mut w) = client.into_split();
    let sent = data.clone();
    env.spawn(async move {
        for piece in sent.chunks(10_007) {
            w.write_all(piece).await.expect("client writes");
        }
        w.shutdown().await.expect("shutdown");
    });
    let mut got = Vec::new();
    let mut buf = [0; 777];
    loop {
        let n = r.read(&mut buf).await.expect("client reads");
        if n == 0 {
            break;
        }
        got.extend_from_slice(&buf[..n]);
    }
    assert!(got == data, "the echo differs");
}

async fn reader_waits_for_the_writer<E: Env>(env: E, place: Place) {
    let (mut client, mut server) = pair(&env, &place).await;
    let env2 = env.clone();
    env.spawn(async move {
        env2.sleep(Duration::from_millis(20)).await;
        client.write_all(b"late").await.expect("write");
        client.flush().await.expect("flush");
        env2.sleep(Duration::from_secs(60)).await;
    });
    let mut buf = [0; 4];
    server.read_exact(&mut buf).await.expect("read");
    assert_eq!(&buf, b"late");
}

async fn vectored_writes_keep_order<E: Env>(env: E, place: Place) {
    let (mut client, mut server) = pair(&env, &place).await;
    let parts = [b"one ".as_slice(), b"two ", b"three"];
    let sent = client.write_vectored(&parts.map(IoSlice::new)).await;
    let sent = sent.expect("write_vectored");
    drop(client);
    let mut got = Vec::new();
    server.read_to_end(&mut got).await.expect("read");
    assert_eq!(got, &b"one two three"[..sent]);
    assert!(sent > 0);
}

async fn half_close_by_the_client<E: Env>(env: E, place: Place) {
    let (mut client, mut server) = pair(&env, &place).await;
    client.write_all(b"question").await.expect("write");
    client.shutdown().await.expect("shutdown");
    let mut got = Vec::new();
    server.read_to_end(&mut got).await.expect("server reads");
    assert_eq!(got, b"question");
    let answer = pattern(100_000);
    let sent = answer.clone();
    env.spawn(async move { server.write_all(&sent).await.expect("server answers") });
    let mut got = Vec::new();
    client.read_to_end(&mut got).await.expect("client reads");
    assert!(got == answer);
}

async fn half_close_by_the_server<E: Env>(env: E, place: Place) {
    let (mut client, mut server) = pair(&env, &place).await;
    server.write_all(b"bye").await.expect("write");
    server.shutdown().await.expect("shutdown");
    let mut got = Vec::new();
    client.read_to_end(&mut got).await.expect("client reads");
    assert_eq!(got, b"bye");
    client.write_all(b"still here").await.expect("client writes on");
    drop(client);
    let mut got = Vec::new();
    server.read_to_end(&mut got).await.expect("server reads on");
    assert_eq!(got, b"still here");
}

async fn dropped_write_half_sends_end_of_file<E: Env>(env: E, place: Place) {
    let (client, mut server) = pair(&env, &place).await;
    let (mut r, mut w) = client.into_split();
    w.write_all(b"x").await.expect("write");
    drop(w);
    let mut got = Vec::new();
    server.read_to_end(&mut got).await.expect("server reads");
    assert_eq!(got, b"x");
    server.write_all(b"y").await.expect("server writes");
    drop(server);
    let mut got = Vec::new();
    r.read_to_end(&mut got).await.expect("read half lives on");
    assert_eq!(got, b"y");
}

async fn dropped_read_half_changes_nothing<E: Env>(env: E, place: Place) {
    let (client, mut server) = pair(&env, &place).await;
    let (r, mut w) = client.into_split();
    drop(r);
    server.write_all(b"into the void").await.expect("peer may write");
    env.sleep(Duration::from_millis(20)).await;
    w.write_all(b"x").await.expect("write half lives on");
    let mut buf = [0; 1];
    server.read_exact(&mut buf).await.expect("server reads");
}

async fn write_after_shutdown_fails<E: Env>(env: E, place: Place) {
    let (mut client, _server) = pair(&env, &place).await;
    client.shutdown().await.expect("shutdown");
    let e = client.write(b"x").await.expect_err("write after shutdown");
    assert_eq!(e.kind(), ErrorKind::BrokenPipe);
}

async fn end_of_file_after_drop<E: Env>(env: E, place: Place) {
    let (mut client, server) = pair(&env, &place).await;
    drop(server);
    let mut buf = [0; 8];
    assert_eq!(client.read(&mut buf).await.expect("clean end"), 0);
    assert_eq!(client.read(&mut buf).await.expect("end stays"), 0);
}

async fn reset_after_drop_with_unread_data<E: Env>(env: E, place: Place) {
    let (mut client, mut server) = pair(&env, &place).await;
    client.write_all(&pattern(10_000)).await.expect("write");
    let mut one = [0; 1];
    server.read_exact(&mut one).await.expect("read");
    env.sleep(Duration::from_millis(50)).await;
    drop(server);
    let e = client.read(&mut one).await.expect_err("read after reset");
    assert_eq!(e.kind(), ErrorKind::ConnectionReset);
}

async fn writing_to_a_dropped_peer_fails<E: Env>(env: E, place: Place) {
    let (mut client, server) = pair(&env, &place).await;
    drop(server);
    // The first write may still succeed: it is what provokes the reset.
    for _ in 0..100 {
        if let Err(e) = client.write(b"x").await {
            use ErrorKind::{BrokenPipe, ConnectionReset};
            assert!(matches!(e.kind(), BrokenPipe | ConnectionReset), "{e:?}");
            return;
        }
        env.sleep(Duration::from_millis(20)).await;
    }
    panic!("writes to a closed connection go on for ever");
}

async fn back_pressure_is_bounded<E: Env>(env: E, place: Place) {
    const TOTAL: usize = 64 << 20;
    let (client, mut server) = pair(&env, &place).await;
    let (_r, mut w) = client.into_split();
    let sent = Rc::new(Cell::new(0));
    let sent2 = sent.clone();
    env.spawn(async move {
        let piece = pattern(1 << 20);
        while sent2.get() < TOTAL {
            // The case ends before the writer does.
            let Ok(n) = w.write(&piece).await else { return };
            sent2.set(sent2.get() + n);
        }
    });
    env.sleep(Duration::from_secs(1)).await;
    let stalled_at = sent.get();
    env.sleep(Duration::from_millis(500)).await;
    assert_eq!(sent.get(), stalled_at, "the writer did not stop");
    assert!(stalled_at > 0 && stalled_at < TOTAL / 2, "{stalled_at} bytes in buffers");
    let mut buf = vec![0; 1 << 16];
    let mut got = 0;
    while got < stalled_at + (1 << 20) {
        got += server.read(&mut buf).await.expect("read");
    }
    assert!(sent.get() > stalled_at, "reading did not wake the writer");
}

async fn both_directions_at_once<E: Env>(env: E, place: Place) {
    let (client, server) = pair(&env, &place).await;
    let data = pattern(200_000);
    let mut tasks = Vec::new();
    for stream in [client, server] {
        let (mut r, mut w) = stream.into_split();
        let sent = data.clone();
        env.spawn(async move { w.write_all(&sent).await.expect("write") });
        tasks.push(async move {
            let mut got = Vec::new();
            r.read_to_end(&mut got).await.expect("read");
            got
        });
    }
    let second = tasks.pop().expect("two ends");
    let first = tasks.pop().expect("two ends");
    let (a, b) = tokio::join!(first, second);
    assert!(a == data && b == data);
}

async fn options_are_accepted<E: Env>(env: E, place: Place) {
    let (client, _server) = pair(&env, &place).await;
    client.set_nodelay(false).expect("nodelay off");
    client.set_nodelay(true).expect("nodelay on");
    for idle_s in [300, 1, 0] {
        client.set_keepalive(idle_s).expect("keepalive");
    }
}
