//! XINFO: what the model knows of what it shows.

use super::{GroupName, StreamCommand, group::NO_GROUP, read::entry};
use crate::model::{
    command::Key,
    encode::consumer,
    reply::{NO_SUCH_KEY, Reply},
    state::State,
};
use bytes::Bytes;

impl State<'_> {
    pub(super) fn run_info(&mut self, command: &StreamCommand) -> Result<Reply, Reply> {
        match command {
            StreamCommand::Info(k) => self.about_stream(*k),
            StreamCommand::Groups(k) => self.about_groups(*k),
            StreamCommand::Consumers(k, group) => self.about_consumers(*k, *group),
            other => unreachable!("it shows nothing: {other:?}"),
        }
    }

    fn about_stream(&mut self, k: Key) -> Result<Reply, Reply> {
        let log = self.log(k)?.ok_or(NO_SUCH_KEY)?;
        let shown = |end: Option<(&super::Id, &std::rc::Rc<super::Fields>)>| {
            end.map_or(Reply::Nil, |(id, fields)| entry(*id, fields))
        };
        Ok(Reply::Array(vec![
            Reply::count(log.entries.len()),
            Reply::Bulk(log.last.text()),
            Reply::Bulk(log.deleted.text()),
            Reply::Int(log.added),
            Reply::count(log.groups.len()),
            shown(log.entries.first_key_value()),
            shown(log.entries.last_key_value()),
        ]))
    }

    fn about_groups(&mut self, k: Key) -> Result<Reply, Reply> {
        let log = self.log(k)?.ok_or(NO_SUCH_KEY)?;
        let rows = log.groups.iter().map(|(name, group)| {
            Reply::Array(vec![
                Reply::Bulk(Bytes::from(format!("g{name}"))),
                Reply::count(group.consumers.count_ones() as usize),
                Reply::count(group.pending.len()),
                Reply::Bulk(group.last.text()),
            ])
        });
        Ok(Reply::Array(rows.collect()))
    }

    fn about_consumers(&mut self, k: Key, group: GroupName) -> Result<Reply, Reply> {
        let log = self.log(k)?.ok_or(NO_SUCH_KEY)?;
        let group = log.groups.get(&group).ok_or(NO_GROUP)?;
        let known = (0..8).filter(|c| group.consumers & 1 << c != 0);
        let rows = known.map(|c| {
            let pending = group.pending.values().filter(|p| p.consumer == c).count();
            Reply::Array(vec![Reply::Bulk(consumer(c)), Reply::count(pending)])
        });
        Ok(Reply::Array(rows.collect()))
    }
}
