//! What a change is called: the class and name of its keyspace notification.
//!
//! Whoever changes a key must name the event, because the door ([`super::Edit::changed`])
//! asks for it; what is published, and whether, is decided by `engine`.

use crate::config::NotifyFlags;

/// A keyspace event's class and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    pub class: NotifyFlags,
    pub name: &'static str,
}

impl Event {
    pub const fn generic(name: &'static str) -> Event {
        Event { class: NotifyFlags::GENERIC, name }
    }
    pub const fn string(name: &'static str) -> Event {
        Event { class: NotifyFlags::STRING, name }
    }
    pub const fn list(name: &'static str) -> Event {
        Event { class: NotifyFlags::LIST, name }
    }
    pub const fn set(name: &'static str) -> Event {
        Event { class: NotifyFlags::SET, name }
    }
    pub const fn hash(name: &'static str) -> Event {
        Event { class: NotifyFlags::HASH, name }
    }
    pub const fn zset(name: &'static str) -> Event {
        Event { class: NotifyFlags::ZSET, name }
    }
    pub const fn stream(name: &'static str) -> Event {
        Event { class: NotifyFlags::STREAM, name }
    }
}

pub const DEL: Event = Event::generic("del");
pub const EXPIRED: Event = Event { class: NotifyFlags::EXPIRED, name: "expired" };
pub const EVICTED: Event = Event { class: NotifyFlags::EVICTED, name: "evicted" };
pub const NEW: Event = Event { class: NotifyFlags::NEW, name: "new" };
pub const KEYMISS: Event = Event { class: NotifyFlags::KEY_MISS, name: "keymiss" };
pub const HEXPIRED: Event = Event::hash("hexpired");
pub const SET: Event = Event::string("set");
pub const APPEND: Event = Event::string("append");
pub const SETRANGE: Event = Event::string("setrange");
pub const INCRBY: Event = Event::string("incrby");
pub const INCRBYFLOAT: Event = Event::string("incrbyfloat");
pub const EXPIRE: Event = Event::generic("expire");
pub const PERSIST: Event = Event::generic("persist");
pub const RENAME_FROM: Event = Event::generic("rename_from");
pub const RENAME_TO: Event = Event::generic("rename_to");
pub const MOVE_FROM: Event = Event::generic("move_from");
pub const MOVE_TO: Event = Event::generic("move_to");
pub const RESTORE: Event = Event::generic("restore");
pub const COPY_TO: Event = Event::generic("copy_to");

/// One event that a command caused, to be published after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    pub event: Event,
    pub db: u32,
    pub key: Box<[u8]>,
}
