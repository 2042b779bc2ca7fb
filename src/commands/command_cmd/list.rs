//! COMMAND LIST: names, subcommands included.

use crate::{
    base::glob,
    commands::{
        ctx::{Ctx, DONE, Outcome},
        row::{Acl, Arg},
        table::Command,
    },
    protocol::Error,
};

/// What FILTERBY takes.
pub const FILTERS: &[Arg] = &[
    Arg::string("module-name").after("MODULE"),
    Arg::string("category").after("ACLCAT"),
    Arg::pattern("pattern").after("PATTERN"),
];

pub fn list(ctx: &mut Ctx) -> Outcome {
    let names: Vec<String> = match ctx.argc() {
        2 => all(ctx).map(Command::full_name).collect(),
        5 if ctx.is(2, "FILTERBY") => filtered(ctx)?,
        _ => return Err(Error::SYNTAX),
    };
    ctx.out.array(names.len());
    names.iter().for_each(|n| ctx.out.bulk(n.as_bytes()));
    DONE
}

/// The commands that have a name, and their subcommands.
fn all(ctx: &Ctx) -> impl Iterator<Item = &'static Command> {
    ctx.renames.top_level().flat_map(|c| std::iter::once(c).chain(c.subs()))
}

fn filtered(ctx: &Ctx) -> Result<Vec<String>, Error> {
    let wanted = ctx.arg(4);
    let passes: Box<dyn Fn(&Command) -> bool> = match () {
        // No command comes from a module.
        () if ctx.is(3, "MODULE") => Box::new(|_| false),
        () if ctx.is(3, "ACLCAT") => {
            let bit = Acl::NAMES.iter().position(|n| n.as_bytes().eq_ignore_ascii_case(wanted));
            Box::new(move |c| bit.is_some_and(|bit| c.acl.0 & (1 << bit) != 0))
        }
        () if ctx.is(3, "PATTERN") => Box::new(|c| glob::matches(wanted, c.full_name().as_bytes(), true)),
        () => return Err(Error::SYNTAX),
    };
    Ok(all(ctx).filter(|c| passes(c)).map(Command::full_name).collect())
}
