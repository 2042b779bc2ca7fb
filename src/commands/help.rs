//! HELP of commands with subcommands, derived from their rows.
//!
//! Nothing is written twice: a subcommand's line is its grammar, the line under it its
//! summary. The first and last lines are the ones clients know from Valkey.

use super::{
    ctx::{Ctx, DONE, Outcome},
    row::{Acl, Arg, ArgKind, Flags, Group, Row},
    table::COMMANDS,
};
use crate::protocol::Error;
use std::fmt::Write;

/// The HELP row of a container in `group`.
pub const fn row(group: Group, acl: Acl) -> Row {
    Row {
        flags: Flags::LOADING.or(Flags::STALE),
        acl,
        since: "5.0.0",
        complexity: "O(1)",
        summary: "Lists the subcommands.",
        ..Row::new("help", 2, group, help)
    }
}

/// The function of a container's own row. A container is never run: without arguments its
/// arity is wrong, with one it is the subcommand that runs.
pub fn container(ctx: &mut Ctx) -> Outcome {
    Err(Error::wrong_arity(ctx.row.name))
}

fn help(ctx: &mut Ctx) -> Outcome {
    let container = COMMANDS[ctx.command as usize].parent.expect("HELP belongs to a container");
    let subs: Vec<&Row> = container.subs.iter().filter(|s| s.name != "help").collect();
    ctx.out.array(2 * subs.len() + 3);
    let name = container.name.to_ascii_uppercase();
    ctx.out.simple(&format!("{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"));
    for sub in subs {
        let mut line = sub.name.to_ascii_uppercase();
        sub.args.iter().for_each(|a| syntax(a, &mut line));
        ctx.out.simple(&line);
        ctx.out.simple(&format!("    {}", sub.summary));
    }
    ctx.out.simple("HELP");
    ctx.out.simple("    Print this help.");
    DONE
}

/// An argument of more characters is repeated as an ellipsis.
const LONG_CHARS: usize = 60;

/// Appends a space and an argument as manuals write it: `[TOKEN <name> [TOKEN <name> ...]]`.
fn syntax(a: &Arg, line: &mut String) {
    line.push(' ');
    if a.optional {
        line.push('[');
    }
    let start = line.len();
    if let Some(token) = a.token {
        line.push_str(if token.is_empty() { "\"\"" } else { token });
        if a.kind != ArgKind::PureToken {
            line.push(' ');
        }
    }
    let after_token = line.len();
    match a.kind {
        ArgKind::PureToken => {}
        ArgKind::OneOf => {
            line.push('<');
            alternatives(a.args, " |", line);
            line.push('>');
        }
        ArgKind::Block => alternatives(a.args, "", line),
        _ => write!(line, "<{}>", a.name).expect("a string takes all"),
    }
    if a.multiple {
        let again = line[if a.multiple_token { start } else { after_token }..].to_owned();
        // A long argument is not written twice.
        let again = if again.len() > LONG_CHARS { "..." } else { &format!("{again} ...") };
        write!(line, " [{again}]").expect("a string takes all");
    }
    if a.optional {
        line.push(']');
    }
}

fn alternatives(args: &[Arg], between: &str, line: &mut String) {
    for (i, a) in args.iter().enumerate() {
        let mut one = String::new();
        syntax(a, &mut one);
        match i {
            0 => line.push_str(&one[1..]),
            _ => write!(line, "{between}{one}").expect("a string takes all"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar_as_manuals_write_it() {
        const MODES: &[Arg] = &[Arg::token("yes", "YES"), Arg::token("no", "NO")];
        let shown = |a: Arg| {
            let mut line = String::new();
            syntax(&a, &mut line);
            line
        };
        assert_eq!(shown(Arg::one_of("mode", MODES).after("SKIPME").optional()), " [SKIPME <YES | NO>]");
        assert_eq!(shown(Arg::int("id").after("ID").multiple()), " ID <id> [<id> ...]");
        assert_eq!(shown(Arg::string("p").after("PREFIX").multiple_token()), " PREFIX <p> [PREFIX <p> ...]");
        const PAIR: &[Arg] = &[Arg::string("k"), Arg::string("v")];
        assert_eq!(shown(Arg::block("data", PAIR).multiple()), " <k> <v> [<k> <v> ...]");
    }
}
