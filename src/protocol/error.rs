//! Every error text a client can see, byte for byte as Valkey words it.
//!
//! An [`Error`] is the text of an error reply without its leading `-` and trailing CRLF.
//! Its first word is the code that clients switch on (`ERR`, `WRONGTYPE`, `NOAUTH` ...).
//! Most texts are constants and cost nothing to return; those that quote the client are
//! built by the functions below. A quoted argument may hold any byte, also ones that are
//! not UTF-8, and goes back as it came, with one exception: CR and LF become spaces, or
//! a client could smuggle a second reply into the stream.

use std::fmt;

/// The text of an error reply.
#[derive(Clone, PartialEq, Eq)]
pub enum Error {
    /// A fixed text.
    Static(&'static str),
    /// A text built for this reply: bytes, because it may quote a client's argument.
    Owned(Box<[u8]>),
}

/// The longest part of a client's argument that an error quotes, in bytes.
const QUOTE_MAX_BYTES: usize = 128;

impl Error {
    /// An error from its whole text, code included: `Error::new("NOPERM go away")`.
    pub fn new(text: impl Into<Vec<u8>>) -> Error {
        let mut text: Vec<u8> = text.into();
        let is_eol = |b: &u8| matches!(b, b'\r' | b'\n');
        let end = text.iter().rposition(|b| !is_eol(b)).map_or(0, |i| i + 1);
        text.truncate(end);
        let start = text.iter().position(|b| !is_eol(b)).unwrap_or(0);
        text.drain(..start);
        for b in text.iter_mut().filter(|b| is_eol(b)) {
            *b = b' ';
        }
        Error::Owned(text.into_boxed_slice())
    }

    /// An error with the code `ERR`: `Error::err(format!("no such user '{name}'"))`.
    pub fn err(message: impl AsRef<[u8]>) -> Error {
        Error::concat(&[b"ERR ", message.as_ref()])
    }

    /// An error whose text, code included, is the parts one after another; for texts that
    /// quote bytes which need not be UTF-8.
    pub fn concat(parts: &[&[u8]]) -> Error {
        Error::new(parts.concat())
    }

    /// The text, without `-` and CRLF.
    #[inline]
    pub fn text(&self) -> &[u8] {
        match self {
            Error::Static(s) => s.as_bytes(),
            Error::Owned(s) => s,
        }
    }

    /// The first word of the text.
    pub fn code(&self) -> &[u8] {
        let text = self.text();
        let end = text.iter().position(|&b| b == b' ').unwrap_or(text.len());
        &text[..end]
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.text()))
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?})", String::from_utf8_lossy(self.text()))
    }
}

impl std::error::Error for Error {}

/// As much of a client's argument as an error quotes: like C's `%.Ns`, it ends at a NUL.
fn quote(arg: &[u8], max_bytes: usize) -> &[u8] {
    let arg = &arg[..arg.len().min(max_bytes)];
    &arg[..memchr::memchr(0, arg).unwrap_or(arg.len())]
}

/// Texts that name a command or quote an argument.
impl Error {
    /// `command` is the full lower-case name, `config|get` for a subcommand.
    pub fn wrong_arity(command: &str) -> Error {
        Error::err(format!("wrong number of arguments for '{command}' command"))
    }

    /// `command` is the full lower-case name.
    pub fn invalid_expire(command: &str) -> Error {
        Error::err(format!("invalid expire time in '{command}' command"))
    }

    /// No command has this name; quotes the first bytes of what was sent.
    pub fn unknown_command<'a>(name: &[u8], args: impl IntoIterator<Item = &'a [u8]>) -> Error {
        let mut preview: Vec<u8> = Vec::with_capacity(2 * QUOTE_MAX_BYTES);
        for arg in args {
            if preview.len() >= QUOTE_MAX_BYTES {
                break;
            }
            let room = QUOTE_MAX_BYTES - preview.len();
            preview.push(b'\'');
            preview.extend_from_slice(quote(arg, room));
            preview.extend_from_slice(b"' ");
        }
        let name = quote(name, QUOTE_MAX_BYTES);
        Error::concat(&[b"ERR unknown command '", name, b"', with args beginning with: ", &preview])
    }

    /// `container` has subcommands, but not this one.
    pub fn unknown_subcommand(container: &str, sub: &[u8]) -> Error {
        let help = container.to_ascii_uppercase();
        let sub = quote(sub, QUOTE_MAX_BYTES);
        Error::concat(&[b"ERR unknown subcommand '", sub, b"'. Try ", help.as_bytes(), b" HELP."])
    }

    /// A subcommand whose arguments make no sense.
    pub fn subcommand_syntax(container: &str, sub: &[u8]) -> Error {
        let help = container.to_ascii_uppercase();
        let sub = quote(sub, QUOTE_MAX_BYTES);
        let lead = b"ERR unknown subcommand or wrong number of arguments for '";
        Error::concat(&[lead, sub, b"'. Try ", help.as_bytes(), b" HELP."])
    }

    /// An integer argument outside the inclusive range `min..=max`.
    pub fn not_in_range(min: i64, max: i64) -> Error {
        Error::err(format!("value is out of range, value must between {min} and {max}"))
    }

    /// EXEC refused because the connection or server state changed, with the reason (text
    /// without its code).
    pub fn exec_abort(reason: &[u8]) -> Error {
        Error::concat(&[b"EXECABORT Transaction discarded because of: ", reason])
    }

    /// A command that a RESP2 subscriber may not send; `command` is the full name.
    pub fn only_subscribe_allowed(command: &str) -> Error {
        Error::err(format!(
            "Can't execute '{command}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
        ))
    }

    /// The ACL refused; `reason` as Valkey words it.
    pub fn no_permission(reason: &[u8]) -> Error {
        Error::concat(&[b"NOPERM ", reason])
    }

    /// An option that EXPIRE and its kin do not know.
    pub fn unsupported_option(option: &[u8]) -> Error {
        Error::concat(&[b"ERR Unsupported option ", quote(option, usize::MAX)])
    }

    /// XREADGROUP found no such stream, or no such group.
    pub fn no_group_to_read(key: &[u8], group: &[u8]) -> Error {
        let (key, group) = (quote(key, usize::MAX), quote(group, usize::MAX));
        let (lead, tail) = (b"NOGROUP No such key '", b"' in XREADGROUP with GROUP option");
        Error::concat(&[lead, key, b"' or consumer group '", group, tail])
    }

    /// There is no such stream, or no such group.
    pub fn no_key_or_group(key: &[u8], group: &[u8]) -> Error {
        let (key, group) = (quote(key, usize::MAX), quote(group, usize::MAX));
        Error::concat(&[b"NOGROUP No such key '", key, b"' or consumer group '", group, b"'"])
    }

    /// The stream has no such group.
    pub fn no_group_for_key(group: &[u8], key: &[u8]) -> Error {
        let (key, group) = (quote(key, usize::MAX), quote(group, usize::MAX));
        Error::concat(&[b"NOGROUP No such consumer group '", group, b"' for key name '", key, b"'"])
    }

    /// XCLAIM does not know this option.
    pub fn xclaim_option(option: &[u8]) -> Error {
        Error::concat(&[b"ERR Unrecognized XCLAIM option '", quote(option, usize::MAX), b"'"])
    }

    /// HELLO does not know this option.
    pub fn hello_option(option: &[u8]) -> Error {
        Error::concat(&[b"ERR Syntax error in HELLO option '", quote(option, usize::MAX), b"'"])
    }

    /// CLIENT KILL, LIST and others do not know this class of client.
    pub fn unknown_client_type(name: &[u8]) -> Error {
        Error::concat(&[b"ERR Unknown client type '", quote(name, usize::MAX), b"'"])
    }

    /// There is no such user.
    pub fn no_such_user(name: &[u8]) -> Error {
        Error::concat(&[b"ERR No such user '", quote(name, usize::MAX), b"'"])
    }

    /// CLIENT SETINFO does not know this attribute.
    pub fn unrecognized_option(name: &[u8]) -> Error {
        Error::concat(&[b"ERR Unrecognized option '", quote(name, usize::MAX), b"'"])
    }

    /// A client attribute (`what` names it) with bytes that CLIENT LIST could not show.
    pub fn no_special_characters(what: &str) -> Error {
        Error::err(format!("{what} cannot contain spaces, newlines or special characters."))
    }

    /// CONFIG SET does not know this directive.
    pub fn config_unknown(name: &[u8]) -> Error {
        let lead = b"ERR Unknown option or number of arguments for CONFIG SET - '";
        Error::concat(&[lead, quote(name, usize::MAX), b"'"])
    }

    /// CONFIG SET refused the value of `name`; `reason` may be empty.
    pub fn config_set_failed(name: &[u8], reason: &str) -> Error {
        let lead = b"ERR CONFIG SET failed (possibly related to argument '";
        let sep: &[u8] = if reason.is_empty() { b"')" } else { b"') - " };
        Error::concat(&[lead, quote(name, usize::MAX), sep, reason.as_bytes()])
    }

    /// A bulk header of a request began with `got` where `$` was due.
    pub fn expected_dollar(got: u8) -> Error {
        Error::concat(&[b"ERR Protocol error: expected '$', got '", &[got], b"'"])
    }
}

/// Texts about values and arguments.
impl Error {
    pub const SYNTAX: Error = Error::Static("ERR syntax error");
    pub const INVALID_STREAM_ID: Error = Error::Static("ERR Invalid stream ID specified as stream command argument");
    pub const WRONGTYPE: Error = Error::Static("WRONGTYPE Operation against a key holding the wrong kind of value");
    pub const NOT_INT: Error = Error::Static("ERR value is not an integer or out of range");
    pub const LOLWUT_USAGE: Error = Error::Static("ERR Syntax error. Use: LOLWUT [columns rows] [real imaginary]");
    pub const NOT_FLOAT: Error = Error::Static("ERR value is not a valid float");
    pub const OUT_OF_RANGE: Error = Error::Static("ERR index out of range");
    pub const VALUE_OUT_OF_RANGE: Error = Error::Static("ERR value is out of range");
    pub const MUST_BE_POSITIVE: Error = Error::Static("ERR value is out of range, must be positive");
    pub const OFFSET_OUT_OF_RANGE: Error = Error::Static("ERR offset is out of range");
    pub const NO_KEY: Error = Error::Static("ERR no such key");
    pub const SAME_OBJECT: Error = Error::Static("ERR source and destination objects are the same");
    pub const BUSYKEY: Error = Error::Static("BUSYKEY Target key name already exists.");
    pub const STRING_TOO_LONG: Error = Error::Static("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    pub const INCR_OVERFLOW: Error = Error::Static("ERR increment or decrement would overflow");
    pub const DECR_OVERFLOW: Error = Error::Static("ERR decrement would overflow");
    pub const INCR_NAN: Error = Error::Static("ERR increment would produce NaN or Infinity");
    pub const VALUE_NAN: Error = Error::Static("ERR value is NaN or Infinity");
    pub const HASH_NOT_INT: Error = Error::Static("ERR hash value is not an integer");
    pub const HASH_NOT_FLOAT: Error = Error::Static("ERR hash value is not a float");
    pub const INVALID_CURSOR: Error = Error::Static("ERR invalid cursor");
    pub const UNKNOWN_TYPE_NAME: Error = Error::Static("ERR unknown type object");
    pub const EXPIRE_NX_CONFLICT: Error =
        Error::Static("ERR NX and XX, GT or LT options at the same time are not compatible");
    pub const EXPIRE_GT_LT: Error = Error::Static("ERR GT and LT options at the same time are not compatible");
    pub const TIMEOUT_NOT_FLOAT: Error = Error::Static("ERR timeout is not a float or out of range");
    pub const TIMEOUT_NOT_INT: Error = Error::Static("ERR timeout is not an integer or out of range");
    pub const DUMP_ENVELOPE: Error = Error::Static("ERR DUMP payload version or checksum are wrong");
    pub const DUMP_VALUE: Error = Error::Static("ERR Bad data format");
    pub const TTL_NEGATIVE: Error = Error::Static("ERR Invalid TTL value, must be >= 0");
    pub const IDLETIME_NEGATIVE: Error = Error::Static("ERR Invalid IDLETIME value, must be >= 0");
    pub const FREQ_RANGE: Error = Error::Static("ERR Invalid FREQ value, must be >= 0 and <= 255");
    pub const TIMEOUT_NEGATIVE: Error = Error::Static("ERR timeout is negative");
    pub const TIMEOUT_RANGE: Error = Error::Static("ERR timeout is out of range");
    pub const DB_INDEX_RANGE: Error = Error::Static("ERR DB index is out of range");
    pub const INVALID_FIRST_DB: Error = Error::Static("ERR invalid first DB index");
    pub const INVALID_SECOND_DB: Error = Error::Static("ERR invalid second DB index");
    pub const SORT_NOT_DOUBLE: Error = Error::Static("ERR One or more scores can't be converted into double");
    pub const LCS_TOO_LONG: Error = Error::Static("ERR String too long for LCS");
    pub const LCS_MEMORY: Error =
        Error::Static("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len");
}

/// Texts about connections, permissions and transactions.
impl Error {
    pub const NOAUTH: Error = Error::Static("NOAUTH Authentication required.");
    pub const WRONGPASS: Error = Error::Static("WRONGPASS invalid username-password pair or user is disabled.");
    pub const AUTH_NO_PASSWORD: Error = Error::Static(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
    );
    pub const HELLO_NOAUTH: Error = Error::Static(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
    );
    pub const NOPROTO: Error = Error::Static("NOPROTO unsupported protocol version");
    pub const NOT_PROTO_INT: Error = Error::Static("ERR Protocol version is not an integer or out of range");
    pub const NO_SUCH_CLIENT: Error = Error::Static("ERR No such client");
    pub const MAX_CLIENTS: Error = Error::Static("ERR max number of clients reached");
    pub const EXEC_WITHOUT_MULTI: Error = Error::Static("ERR EXEC without MULTI");
    pub const DISCARD_WITHOUT_MULTI: Error = Error::Static("ERR DISCARD without MULTI");
    pub const EXECABORT: Error = Error::Static("EXECABORT Transaction discarded because of previous errors.");
    pub const NOT_IN_MULTI: Error = Error::Static("ERR Command not allowed inside a transaction");
    pub const MIGRATE_TWO_KEYS: Error =
        Error::Static("ERR When using MIGRATE KEYS option, the key argument must be set to the empty string");
    pub const UNBLOCKED: Error = Error::Static("UNBLOCKED client unblocked via CLIENT UNBLOCK");
}

/// Texts about the state of the server.
impl Error {
    pub const OOM: Error = Error::Static("OOM command not allowed when used memory > 'maxmemory'.");
    pub const LOADING: Error = Error::Static("LOADING Valkey is loading the dataset in memory");
    pub const BUSY: Error =
        Error::Static("BUSY Valkey is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.");
    pub const MISCONF: Error = Error::Static(
        "MISCONF Valkey is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Valkey logs for details about the RDB error.",
    );
    pub const NOREPLICAS: Error = Error::Static("NOREPLICAS Not enough good replicas to write.");
    pub const READONLY: Error = Error::Static("READONLY You can't write against a read only replica.");
    pub const NOSCRIPT: Error = Error::Static("NOSCRIPT No matching script.");
    pub const NO_CONFIG_FILE: Error = Error::Static("ERR The server is running without a config file");
    pub const SHUTDOWN_FAILED: Error = Error::Static("ERR Errors trying to SHUTDOWN. Check logs.");
    pub const SAVE_IN_PROGRESS: Error = Error::Static("ERR Background save already in progress");
    pub const NO_SAVE: Error = Error::Static("ERR Background saving is currently not in progress or scheduled");
    pub const REWRITE_IN_PROGRESS: Error =
        Error::Static("ERR Background append only file rewriting already in progress");
    pub const REWRITE_IN_THE_WAY: Error = Error::Static(
        "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to schedule a \
         BGSAVE whenever possible.",
    );
    pub const NO_SHUTDOWN: Error = Error::Static("ERR No shutdown in progress.");
    pub const DEBUG_NOT_ALLOWED: Error = Error::Static(
        "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a \
         local connection, otherwise you need to set this option in the configuration file, and then restart the server.",
    );
    pub const INVALID_COMMAND: Error = Error::Static("ERR Invalid command specified");
    pub const INVALID_COMMAND_ARITY: Error = Error::Static("ERR Invalid number of arguments specified for command");
    pub const INVALID_COMMAND_ARGUMENTS: Error = Error::Static("ERR Invalid arguments specified for command");
    pub const NO_KEY_ARGUMENTS: Error = Error::Static("ERR The command has no key arguments");
}

/// Malformed requests: after one of these the connection is closed.
impl Error {
    pub const BIG_INLINE: Error = Error::Static("ERR Protocol error: too big inline request");
    pub const BIG_MULTIBULK_COUNT: Error = Error::Static("ERR Protocol error: too big mbulk count string");
    pub const BIG_BULK_COUNT: Error = Error::Static("ERR Protocol error: too big bulk count string");
    pub const INVALID_MULTIBULK: Error = Error::Static("ERR Protocol error: invalid multibulk length");
    pub const INVALID_BULK: Error = Error::Static("ERR Protocol error: invalid bulk length");
    pub const UNAUTH_MULTIBULK: Error = Error::Static("ERR Protocol error: unauthenticated multibulk length");
    pub const UNAUTH_BULK: Error = Error::Static("ERR Protocol error: unauthenticated bulk length");
    pub const UNBALANCED_QUOTES: Error = Error::Static("ERR Protocol error: unbalanced quotes in request");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_cannot_split_a_reply() {
        let e = Error::err(b"bad \r\n+OK\r\n".as_slice());
        assert_eq!(e.text(), b"ERR bad   +OK");
        assert_eq!(Error::concat(&[b"\r\n"]).text(), b"");
    }

    #[test]
    fn the_code_is_the_first_word() {
        assert_eq!(Error::WRONGTYPE.code(), b"WRONGTYPE");
        assert_eq!(Error::new("LONELY").code(), b"LONELY");
        assert_eq!(Error::err("x y").code(), b"ERR");
    }

    #[test]
    fn unknown_command_quotes_a_bounded_preview() {
        let e = Error::unknown_command(b"foo", [b"a".as_slice(), b"b"]);
        assert_eq!(e.text(), b"ERR unknown command 'foo', with args beginning with: 'a' 'b' ");
        let e = Error::unknown_command(b"f\0oo", []);
        assert_eq!(e.text(), b"ERR unknown command 'f', with args beginning with: ");
        let long = [b'x'; 300];
        let e = Error::unknown_command(&long, [&long[..100], &long[..], b"never"]);
        let x = |n| "x".repeat(n);
        let want = format!("ERR unknown command '{}', with args beginning with: '{}' '{}' ", x(128), x(100), x(25));
        assert_eq!(e.text(), want.as_bytes());
        let e = Error::unknown_command(b"\xff", [b"\r\n".as_slice()]);
        assert_eq!(e.text(), b"ERR unknown command '\xff', with args beginning with: '  ' ");
    }

    #[test]
    fn subcommand_texts() {
        assert_eq!(Error::unknown_subcommand("client", b"x").text(), b"ERR unknown subcommand 'x'. Try CLIENT HELP.");
        assert_eq!(Error::wrong_arity("config|get").text(), b"ERR wrong number of arguments for 'config|get' command");
        assert_eq!(
            Error::config_set_failed(b"maxmemory", "").text(),
            b"ERR CONFIG SET failed (possibly related to argument 'maxmemory')"
        );
    }
}
