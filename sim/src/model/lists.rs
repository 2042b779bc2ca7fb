//! List commands of the model, the blocking ones included.

use super::{
    command::{Command, End, Key},
    encode,
    reply::{NO_SUCH_KEY, OK, OUT_OF_RANGE, Reply, WRONGTYPE},
    state::State,
    strings::span,
    value::Value,
};
use bytes::Bytes;
use std::{collections::VecDeque, rc::Rc};

type List = Rc<VecDeque<Bytes>>;

impl State<'_> {
    /// `None` if the command has to wait.
    pub(super) fn run_list(&mut self, command: &Command) -> Option<Reply> {
        match command {
            Command::BPop { keys, end, .. } => self.pop_first(keys, *end, 1, |key, mut popped| {
                Reply::Array(vec![Reply::Bulk(key), Reply::Bulk(popped.remove(0))])
            }),
            Command::LMPop { keys, end, count } => {
                Some(self.pop_first(keys, *end, *count, key_and_list).unwrap_or(Reply::NilArray))
            }
            Command::BLMPop { keys, end, count, .. } => self.pop_first(keys, *end, *count, key_and_list),
            Command::BLMove { from, to, take, put, .. } => match self.list(*from) {
                Ok(None) => None,
                _ => Some(self.transfer(*from, *to, *take, *put).unwrap_or_else(|error| error)),
            },
            _ => Some(self.run_plain_list(command).unwrap_or_else(|error| error)),
        }
    }

    fn run_plain_list(&mut self, command: &Command) -> Result<Reply, Reply> {
        match command {
            Command::Push { key, end, only_existing, values } => {
                let mut list = match self.list(*key)? {
                    None if *only_existing => return Ok(Reply::Int(0)),
                    list => list.unwrap_or_default(),
                };
                values.iter().for_each(|v| push(&mut list, *end, v.clone()));
                let len = list.len();
                self.put_value(*key, Value::List(list));
                Ok(Reply::count(len))
            }
            Command::Pop { key, end, count } => {
                let Some(mut list) = self.list(*key)? else {
                    return Ok(if count.is_some() { Reply::NilArray } else { Reply::Nil });
                };
                let popped = pop(&mut list, *end, count.unwrap_or(1));
                self.put_value(*key, Value::List(list));
                Ok(if count.is_some() { Reply::bulks(&popped) } else { Reply::Bulk(popped[0].clone()) })
            }
            Command::LLen(k) => Ok(Reply::count(self.list(*k)?.map_or(0, |l| l.len()))),
            Command::LRange(k, a, b) => {
                let list = self.list(*k)?.unwrap_or_default();
                Ok(Reply::bulks(list.range(span(*a, *b, list.len()))))
            }
            Command::LIndex(k, i) => {
                let list = self.list(*k)?.unwrap_or_default();
                Ok(Reply::bulk_or_nil(place(*i, list.len()).map(|i| list[i].clone())))
            }
            Command::LSet(k, i, v) => {
                let mut list = self.list(*k)?.ok_or(NO_SUCH_KEY)?;
                let i = place(*i, list.len()).ok_or(OUT_OF_RANGE)?;
                Rc::make_mut(&mut list)[i] = v.clone();
                self.put_value(*k, Value::List(list));
                Ok(OK)
            }
            Command::LRem(k, count, v) => self.remove(*k, *count, v),
            Command::LTrim(k, a, b) => {
                if let Some(mut list) = self.list(*k)? {
                    let keep = span(*a, *b, list.len());
                    let list2 = Rc::make_mut(&mut list);
                    list2.truncate(keep.end);
                    list2.drain(..keep.start);
                    self.put_value(*k, Value::List(list));
                }
                Ok(OK)
            }
            Command::LInsert { key, before, pivot, value } => {
                let Some(mut list) = self.list(*key)? else { return Ok(Reply::Int(0)) };
                let Some(i) = list.iter().position(|v| v == pivot) else { return Ok(Reply::Int(-1)) };
                Rc::make_mut(&mut list).insert(if *before { i } else { i + 1 }, value.clone());
                let len = list.len();
                self.put_value(*key, Value::List(list));
                Ok(Reply::count(len))
            }
            Command::LMove { from, to, take, put } => match self.list(*from)? {
                None => Ok(Reply::Nil),
                Some(_) => self.transfer(*from, *to, *take, *put),
            },
            other => unreachable!("the model does not know {other:?}"),
        }
    }

    fn list(&mut self, k: Key) -> Result<Option<List>, Reply> {
        match self.slot(k).map(|s| &s.value) {
            None => Ok(None),
            Some(Value::List(list)) => Ok(Some(list.clone())),
            Some(_) => Err(WRONGTYPE),
        }
    }

    /// Moves one element; the source is not empty.
    fn transfer(&mut self, from: Key, to: Key, take: End, put: End) -> Result<Reply, Reply> {
        let mut source = self.list(from)?.expect("the caller looked");
        self.list(to)?;
        let element = pop(&mut source, take, 1).remove(0);
        if from == to {
            push(&mut source, put, element.clone());
            self.put_value(from, Value::List(source));
            return Ok(Reply::Bulk(element));
        }
        let mut target = self.list(to)?.unwrap_or_default();
        push(&mut target, put, element.clone());
        self.put_value(to, Value::List(target));
        self.put_value(from, Value::List(source));
        Ok(Reply::Bulk(element))
    }

    /// Pops from the first of the lists that exists; `None` if none does.
    fn pop_first(
        &mut self,
        keys: &[Key],
        end: End,
        count: usize,
        reply: impl FnOnce(Bytes, Vec<Bytes>) -> Reply,
    ) -> Option<Reply> {
        for &k in keys {
            match self.list(k) {
                Err(error) => return Some(error),
                Ok(None) => {}
                Ok(Some(mut list)) => {
                    let popped = pop(&mut list, end, count);
                    self.put_value(k, Value::List(list));
                    return Some(reply(encode::key_mark(k), popped));
                }
            }
        }
        None
    }

    fn remove(&mut self, k: Key, count: i64, v: &Bytes) -> Result<Reply, Reply> {
        let Some(list) = self.list(k)? else { return Ok(Reply::Int(0)) };
        let mut left = if count == 0 { usize::MAX } else { count.unsigned_abs() as usize };
        let mut keep = |e: &&Bytes| {
            let goes = *e == v && left > 0;
            left -= usize::from(goes);
            !goes
        };
        let kept: VecDeque<Bytes> = if count < 0 {
            let mut kept: VecDeque<Bytes> = list.iter().rev().filter(&mut keep).cloned().collect();
            kept.make_contiguous().reverse();
            kept
        } else {
            list.iter().filter(&mut keep).cloned().collect()
        };
        let gone = list.len() - kept.len();
        if gone > 0 {
            self.put_value(k, Value::List(Rc::new(kept)));
        }
        Ok(Reply::count(gone))
    }
}

fn key_and_list(key: Bytes, popped: Vec<Bytes>) -> Reply {
    Reply::Array(vec![Reply::Bulk(key), Reply::bulks(&popped)])
}

fn push(list: &mut List, end: End, v: Bytes) {
    let list = Rc::make_mut(list);
    match end {
        End::Left => list.push_front(v),
        End::Right => list.push_back(v),
    }
}

fn pop(list: &mut List, end: End, count: usize) -> Vec<Bytes> {
    let list = Rc::make_mut(list);
    let next = |list: &mut VecDeque<Bytes>| match end {
        End::Left => list.pop_front(),
        End::Right => list.pop_back(),
    };
    (0..count).map_while(|_| next(list)).collect()
}

/// Where an index points, negative ones counting from the end.
fn place(i: i64, len: usize) -> Option<usize> {
    let at = if i < 0 { i + len as i64 } else { i };
    usize::try_from(at).ok().filter(|at| *at < len)
}
