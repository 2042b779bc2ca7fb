//! Listening, connecting, handing connections over, unix sockets.

use super::{Env, OPTS, Place, listen, promises};
use crate::env::{Addr, BindOpts, Listener, Stream};
use std::{io::ErrorKind, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
};

promises!("listener":
    ends_agree_on_addresses,
    addresses_are_their_own_names,
    refused_without_listener,
    address_in_use,
    port_is_free_again,
    connects_before_accept,
    dropped_listener_resets_the_waiting,
    many_connections,
    parcel_crosses_to_a_worker,
    unix_echo,
    unix_file_goes_with_the_listener,
    unix_mode_is_accepted,
);

async fn ends_agree_on_addresses<E: Env>(env: E, place: Place) {
    let (mut listener, addr) = listen(&env, &place).await;
    let (client, parcel) = tokio::join!(env.connect(&addr), listener.accept());
    let (client, parcel) = (client.expect("connect"), parcel.expect("accept"));
    let server = E::Listener::open(parcel).expect("open");
    assert_eq!(client.peer_addr().expect("peer"), addr);
    assert_eq!(server.local_addr().expect("local"), addr);
    assert_eq!(server.peer_addr().expect("peer"), client.local_addr().expect("local"));
    let Addr::Tcp(a) = addr else { panic!("{addr:?}") };
    assert!(a.port() != 0 && a.ip() == place.ip);
}

async fn addresses_are_their_own_names<E: Env>(env: E, _place: Place) {
    for host in ["127.0.0.1", "10.1.2.3", "::1"] {
        let want = SocketAddr::new(host.parse().expect("an address"), 4711);
        assert_eq!(env.resolve(host, 4711).await.expect("an address"), [want]);
    }
    for host in ["", "no host has spaces", "127.0.0.1:80"] {
        assert!(env.resolve(host, 1).await.is_err(), "{host:?}");
    }
}

async fn refused_without_listener<E: Env>(env: E, place: Place) {
    let (listener, addr) = listen(&env, &place).await;
    drop(listener);
    let e = env.connect(&addr).await.err().expect("nobody listens");
    assert_eq!(e.kind(), ErrorKind::ConnectionRefused);
}

async fn address_in_use<E: Env>(env: E, place: Place) {
    let (_listener, addr) = listen(&env, &place).await;
    let e = env.bind(&addr, OPTS).await.err().expect("taken");
    assert_eq!(e.kind(), ErrorKind::AddrInUse);
}

async fn port_is_free_again<E: Env>(env: E, place: Place) {
    let (mut listener, addr) = listen(&env, &place).await;
    let (client, parcel) = tokio::join!(env.connect(&addr), listener.accept());
    drop(E::Listener::open(parcel.expect("accept")).expect("open"));
    drop(listener);
    // The server closed first: its end of the old connection still occupies the port.
    let _again = env.bind(&addr, OPTS).await.expect("bind again");
    drop(client);
}

async fn connects_before_accept<E: Env>(env: E, place: Place) {
    let (mut listener, addr) = listen(&env, &place).await;
    let mut client = env.connect(&addr).await.expect("connect");
    client.write_all(b"early").await.expect("write");
    env.sleep(Duration::from_millis(10)).await;
    let parcel = listener.accept().await.expect("accept");
    let mut server = E::Listener::open(parcel).expect("open");
    let mut buf = [0; 5];
    server.read_exact(&mut buf).await.expect("read");
    assert_eq!(&buf, b"early");
}

async fn dropped_listener_resets_the_waiting<E: Env>(env: E, place: Place) {
    let (listener, addr) = listen(&env, &place).await;
    let mut client = env.connect(&addr).await.expect("connect");
    drop(listener);
    let e = client.read(&mut [0; 1]).await.expect_err("never accepted");
    assert_eq!(e.kind(), ErrorKind::ConnectionReset);
}

async fn many_connections<E: Env>(env: E, place: Place) {
    let (mut listener, addr) = listen(&env, &place).await;
    let env2 = env.clone();
    env.spawn(async move {
        loop {
            let parcel = listener.accept().await.expect("accept");
            let mut s = E::Listener::open(parcel).expect("open");
            env2.spawn(async move {
                let n = s.read_u32().await.expect("server reads");
                s.write_u32(n + 1).await.expect("server writes");
            });
        }
    });
    let (tx, mut rx) = mpsc::unbounded_channel();
    for i in 0..100u32 {
        let (env2, addr, tx) = (env.clone(), addr.clone(), tx.clone());
        env.spawn(async move {
            let mut s = env2.connect(&addr).await.expect("connect");
            s.write_u32(i).await.expect("client writes");
            assert_eq!(s.read_u32().await.expect("client reads"), i + 1);
            tx.send(()).expect("receiver waits");
        });
    }
    for _ in 0..100 {
        rx.recv().await.expect("every client finishes");
    }
}

async fn parcel_crosses_to_a_worker<E: Env>(env: E, place: Place) {
    let (mut listener, addr) = listen(&env, &place).await;
    let (tx, mut rx) = mpsc::unbounded_channel();
    env.spawn_worker(1, move |_| async move {
        let parcel = rx.recv().await.expect("a parcel comes");
        let mut s = E::Listener::open(parcel).expect("open");
        let n = s.read_u32().await.expect("worker reads");
        s.write_u32(n * 2).await.expect("worker writes");
    })
    .expect("spawn_worker");
    let mut client = env.connect(&addr).await.expect("connect");
    let parcel = listener.accept().await.expect("accept");
    assert!(tx.send(parcel).is_ok());
    client.write_u32(21).await.expect("write");
    assert_eq!(client.read_u32().await.expect("read"), 42);
}

async fn unix_echo<E: Env>(env: E, place: Place) {
    let addr = place.socket("echo");
    let mut listener = env.bind(&addr, OPTS).await.expect("bind");
    assert_eq!(listener.local_addr().expect("local_addr"), addr);
    let (client, parcel) = tokio::join!(env.connect(&addr), listener.accept());
    let mut client = client.expect("connect");
    let mut server = E::Listener::open(parcel.expect("accept")).expect("open");
    for end in [&client, &server] {
        assert_eq!(end.peer_addr().expect("peer"), addr);
        assert_eq!(end.local_addr().expect("local"), addr);
        end.set_nodelay(true).expect("means nothing here");
        end.set_keepalive(300).expect("means nothing here");
    }
    client.write_all(b"hello").await.expect("write");
    client.shutdown().await.expect("shutdown");
    let mut got = Vec::new();
    server.read_to_end(&mut got).await.expect("read");
    assert_eq!(got, b"hello");
    let (_, mut w) = server.into_split();
    w.write_all(b"world").await.expect("write");
    drop(w);
    let mut got = Vec::new();
    client.read_to_end(&mut got).await.expect("read");
    assert_eq!(got, b"world");
}

async fn unix_file_goes_with_the_listener<E: Env>(env: E, place: Place) {
    let addr = place.socket("gone");
    let e = env.connect(&addr).await.err().expect("not there yet");
    assert_eq!(e.kind(), ErrorKind::NotFound);
    let listener = env.bind(&addr, OPTS).await.expect("bind");
    drop(listener);
    let e = env.connect(&addr).await.err().expect("not there any more");
    assert_eq!(e.kind(), ErrorKind::NotFound);
    env.bind(&addr, OPTS).await.expect("bind again");
}

async fn unix_mode_is_accepted<E: Env>(env: E, place: Place) {
    let unix_mode = Some(0o700);
    let opts = BindOpts { unix_mode, ..OPTS };
    let _listener = env.bind(&place.socket("mode"), opts).await.expect("bind");
}
