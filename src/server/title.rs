//! The process title, as `ps` shows it: `set-proc-title`, `proc-title-template`.

use crate::{
    config::{Config, title},
    env::Env,
    session::shared::Boot,
};

/// Shows the title that the configuration asks for, if any.
pub fn set<E: Env>(env: &E, config: &Config, boot: &Boot) {
    if config.process.set_proc_title
        && let Some(text) = text(config, boot)
    {
        env.set_title(&text);
    }
}

fn text(config: &Config, boot: &Boot) -> Option<String> {
    let network = &config.network;
    let variable = |name: &str| match name {
        "title" => Some(boot.program.clone()),
        "listen-addr" if network.port == 0 => Some(format!("unixsocket:{}", network.unixsocket)),
        "listen-addr" => {
            let first = network.bind.0.first().map_or("*".into(), ToString::to_string);
            Some(format!("{first}:{}", network.port))
        }
        // Neither a cluster's node nor a sentinel.
        "server-mode" => Some(String::new()),
        "port" => Some(network.port.to_string()),
        "tls-port" => Some("0".into()),
        "unixsocket" => Some(network.unixsocket.clone()),
        "config-file" if boot.config_file.is_empty() => Some("-".into()),
        "config-file" => Some(boot.config_file.clone()),
        _ => None,
    };
    title::expand(&config.process.proc_title_template, variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_and_everything() {
        let boot = Boot { program: "bin/norn".into(), ..Boot::default() };
        let mut config = Config::default();
        assert_eq!(text(&config, &boot).as_deref(), Some("bin/norn *:6379"));
        config.process.proc_title_template = "{port} {tls-port} {unixsocket} {config-file} {{".into();
        config.network.unixsocket = "/s".into();
        assert_eq!(text(&config, &boot).as_deref(), Some("6379 0 /s - {"));
        config.process.proc_title_template = "{listen-addr}".into();
        config.network.port = 0;
        assert_eq!(text(&config, &boot).as_deref(), Some("unixsocket:/s"));
    }
}
