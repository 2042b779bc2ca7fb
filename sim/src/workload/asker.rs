//! A client that asks and waits, on a network that holds.

use bytes::{Buf, Bytes, BytesMut};
use norn::{
    env::Stream,
    protocol::value::{Value, encode_command},
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// See the module.
pub struct Asker<S> {
    stream: S,
    buf: BytesMut,
    /// Bytes so far.
    pub sent: u64,
    pub received: u64,
}

impl<S: Stream> Asker<S> {
    pub fn new(stream: S) -> Asker<S> {
        Asker { stream, buf: BytesMut::new(), sent: 0, received: 0 }
    }

    /// Asks, and waits for the reply.
    pub async fn ask(&mut self, words: &[Bytes]) -> Value {
        let mut request = Vec::new();
        let slices: Vec<&[u8]> = words.iter().map(|w| &w[..]).collect();
        encode_command(&slices, &mut request);
        self.sent += request.len() as u64;
        self.stream.write_all(&request).await.expect("the connection holds");
        self.next().await
    }

    /// Waits for what the server sends next.
    pub async fn next(&mut self) -> Value {
        loop {
            if let Some((value, len)) = Value::parse(&self.buf).expect("a well-formed reply") {
                self.buf.advance(len);
                self.received += len as u64;
                return value;
            }
            let n = self.stream.read_buf(&mut self.buf).await.expect("the connection holds");
            assert!(n > 0, "the server closed an innocent connection");
        }
    }
}

/// Words of a request.
pub fn text<const N: usize>(words: [&'static str; N]) -> [Bytes; N] {
    words.map(|w| Bytes::from_static(w.as_bytes()))
}
