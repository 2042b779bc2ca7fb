//! Who may do what.

use crate::config::directive::*;
use crate::config::value::Secret;
use crate::config::word::{AclPubsubDefault, ProtectedAction};

group! {
    /// Passwords and permissions.
    Security at security;

    /// Password of the default user; empty: none.
    requirepass: Secret = Secret::default() => optional("requirepass").sensitive();
    /// File of users.
    aclfile: String = String::new() => text("aclfile").immutable()
        .refused("access control lists do not exist yet: every client could do everything");
    /// Most remembered refusals.
    acllog_max_len: u64 = 128 => integer("acllog-max-len", 0, LONG).harmless();
    /// Channels of a new user.
    acl_pubsub_default: AclPubsubDefault = AclPubsubDefault::ResetChannels
        => word::<AclPubsubDefault>("acl-pubsub-default").harmless();
    /// Who may change directives that write files.
    enable_protected_configs: ProtectedAction = ProtectedAction::No
        => word::<ProtectedAction>("enable-protected-configs").immutable();
    /// Who may use DEBUG.
    enable_debug_command: ProtectedAction = ProtectedAction::No
        => word::<ProtectedAction>("enable-debug-command").immutable();
    /// Who may use MODULE.
    enable_module_command: ProtectedAction = ProtectedAction::No
        => word::<ProtectedAction>("enable-module-command").immutable().harmless();
    /// Keep arguments of commands out of the log; none are written there.
    hide_user_data_from_log: bool = true => yes_no("hide-user-data-from-log").harmless();
}
