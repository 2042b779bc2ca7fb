//! What is said to the target of MIGRATE, and what its answers mean.
//!
//! Everything is asked at once: AUTH if there are credentials, SELECT unless the connection is
//! known to be in the right database, and a RESTORE for each key. Each is answered by one line.
//! Nothing that was said to a target which refused AUTH or SELECT counts: who knows where it
//! would have gone.

use crate::{
    base::time::Wall,
    protocol::request::write_request,
    session::moving::{Cargo, Migration},
};

/// An answer that is none to what was asked.
#[derive(Debug, PartialEq, Eq)]
pub struct Alien;

/// One conversation. See the module.
pub struct Exchange {
    /// Answers before the first to a RESTORE.
    preface: usize,
    /// Positions of the keys that were sent.
    sent: Vec<usize>,
    answers: usize,
    arrived: Vec<usize>,
    refusal: Option<Vec<u8>>,
    /// What was refused stands before the keys.
    shut_out: bool,
}

impl Exchange {
    /// A conversation at the time `now`, and the text that begins it. Keys that have expired are
    /// not mentioned.
    pub fn new(m: &Migration, select: bool, now: Wall) -> (Exchange, Vec<u8>) {
        let (mut text, mut preface, mut sent) = (Vec::new(), 0, Vec::new());
        if !m.credentials.is_empty() {
            let words: Vec<&[u8]> = std::iter::once(&b"AUTH"[..]).chain(m.credentials.iter().map(|c| &**c)).collect();
            write_request(&mut text, words.into_iter());
            preface += 1;
        }
        if select {
            let database = m.database.to_string();
            write_request(&mut text, [&b"SELECT"[..], database.as_bytes()].into_iter());
            preface += 1;
        }
        for (i, cargo) in m.cargo.iter().enumerate() {
            if let Some(ttl_ms) = ttl_ms(cargo, now) {
                let ttl = ttl_ms.to_string();
                let words = [&b"RESTORE"[..], &cargo.key, ttl.as_bytes(), &cargo.payload, b"REPLACE"];
                write_request(&mut text, words[..if m.replace { 5 } else { 4 }].iter().copied());
                sent.push(i);
            }
        }
        let exchange = Exchange { preface, sent, answers: 0, arrived: Vec::new(), refusal: None, shut_out: false };
        (exchange, text)
    }

    /// Takes the next answer, a line without its end.
    ///
    /// # Errors
    /// If it is neither good nor bad.
    pub fn answer(&mut self, line: &[u8]) -> Result<(), Alien> {
        let at = self.answers;
        self.answers += 1;
        match line.split_first() {
            Some((b'+', _)) if at < self.preface || self.shut_out => {}
            Some((b'+', _)) => self.arrived.push(self.sent[at - self.preface]),
            Some((b'-', text)) => {
                self.shut_out |= at < self.preface;
                self.refusal.get_or_insert_with(|| text.to_vec());
            }
            _ => return Err(Alien),
        }
        Ok(())
    }

    /// Whether every answer is there.
    pub fn is_complete(&self) -> bool {
        self.answers == self.preface + self.sent.len()
    }

    /// Whether the target may have begun with the keys, as far as it has answered.
    pub fn has_begun(&self) -> bool {
        self.answers > self.preface
    }

    /// Positions of the keys that the target has.
    pub fn arrived(&self) -> &[usize] {
        &self.arrived
    }

    /// The first error, without the minus.
    pub fn refusal(&self) -> Option<&[u8]> {
        self.refusal.as_deref()
    }
}

/// How long a key has to live, 0: for ever; `None` if its time is over.
fn ttl_ms(cargo: &Cargo, now: Wall) -> Option<u64> {
    match cargo.expiry_ms {
        None => Some(0),
        Some(at) => at.checked_sub(now.0).map(|ttl| ttl.max(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn migration(keys: &[(&str, Option<u64>)]) -> Migration {
        let cargo = |(key, expiry_ms): &(&str, Option<u64>)| Cargo {
            key: key.as_bytes().into(),
            expiry_ms: *expiry_ms,
            payload: b"\r\n".to_vec(),
        };
        Migration {
            host: "h".into(),
            port: 1,
            database: 9,
            timeout_ms: 1,
            credentials: vec![],
            replace: false,
            db: 0,
            cargo: keys.iter().map(cargo).collect(),
            claim: None,
        }
    }

    fn spoken(text: Vec<u8>) -> String {
        String::from_utf8(text).expect("text").replace("\r\n", " ")
    }

    #[test]
    fn all_is_said_at_once() {
        let mut m = migration(&[("a", None), ("gone", Some(99)), ("b", Some(100)), ("c", Some(1100))]);
        let (mut x, text) = Exchange::new(&m, false, Wall(100));
        let want = "*4 $7 RESTORE $1 a $1 0 $2   *4 $7 RESTORE $1 b $1 1 $2   *4 $7 RESTORE $1 c $4 1000 $2   ";
        assert_eq!(spoken(text), want);
        for _ in 0..3 {
            assert!(!x.is_complete());
            x.answer(b"+OK").expect("an answer");
        }
        assert!(x.is_complete());
        assert_eq!((x.arrived(), x.refusal()), (&[0, 2, 3][..], None));
        (m.replace, m.credentials) = (true, vec![b"u".as_slice().into(), b"p".as_slice().into()]);
        m.cargo.truncate(1);
        let (x, text) = Exchange::new(&m, true, Wall(100));
        let want = "*3 $4 AUTH $1 u $1 p *2 $6 SELECT $1 9 *5 $7 RESTORE $1 a $1 0 $2   $7 REPLACE ";
        assert_eq!((spoken(text), x.preface), (want.into(), 2));
    }

    #[test]
    fn what_is_refused_has_not_arrived() {
        let (mut x, _) = Exchange::new(&migration(&[("a", None), ("b", None), ("c", None)]), true, Wall(0));
        for line in ["+OK", "+OK", "-BUSYKEY Target key name already exists.", "+OK"] {
            assert!(!x.is_complete());
            x.answer(line.as_bytes()).expect("an answer");
        }
        assert!(x.is_complete());
        assert_eq!((x.arrived(), x.refusal()), (&[0, 2][..], Some(&b"BUSYKEY Target key name already exists."[..])));
    }

    #[test]
    fn nothing_arrives_where_nobody_is_let_in() {
        let mut m = migration(&[("a", None)]);
        m.credentials = vec![b"p".as_slice().into()];
        let (mut x, _) = Exchange::new(&m, true, Wall(0));
        x.answer(b"-WRONGPASS no").expect("an answer");
        assert!(!x.has_begun());
        x.answer(b"-NOAUTH first").expect("an answer");
        x.answer(b"+OK").expect("an answer");
        assert!(x.is_complete() && x.has_begun());
        assert_eq!((x.arrived(), x.refusal()), (&[][..], Some(&b"WRONGPASS no"[..])));
    }

    #[test]
    fn what_is_no_answer_is_not_taken_for_one() {
        for line in ["", ":1", "$2", "OK", "\0+"] {
            let (mut x, _) = Exchange::new(&migration(&[("a", None)]), false, Wall(0));
            assert_eq!((x.answer(line.as_bytes()), x.arrived().len()), (Err(Alien), 0));
        }
    }
}
