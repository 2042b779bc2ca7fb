//! TLS, which does not exist yet: opening a port for it is refused, its settings are kept.

use crate::config::directive::*;
use crate::config::value::Secret;
use crate::config::word::{TlsAuthClients, TlsAuthClientsUser};

const NO_TLS: &str = "TLS does not exist yet: connections would not be encrypted";

group! {
    /// Settings of TLS.
    Tls at tls;

    /// Port for TLS; 0: none.
    tls_port: u16 = 0 => integer("tls-port", 0, 65535).refused(NO_TLS);
    /// Use TLS on the cluster bus.
    tls_cluster: bool = false => yes_no("tls-cluster").refused(NO_TLS);
    /// Use TLS towards the primary.
    tls_replication: bool = false => yes_no("tls-replication").refused(NO_TLS);
    /// Whether clients must show a certificate.
    tls_auth_clients: TlsAuthClients = TlsAuthClients::Yes => word::<TlsAuthClients>("tls-auth-clients").harmless();
    /// Field of a client's certificate that names its user.
    tls_auth_clients_user: TlsAuthClientsUser = TlsAuthClientsUser::Off
        => word::<TlsAuthClientsUser>("tls-auth-clients-user").harmless();
    /// Seconds between looks at changed certificates; 0: never.
    tls_auto_reload_interval_s: u32 = 0 => integer("tls-auto-reload-interval", 0, INT).harmless();
    /// The server's order of ciphers wins.
    tls_prefer_server_ciphers: bool = false => yes_no("tls-prefer-server-ciphers").harmless();
    /// Resume sessions.
    tls_session_caching: bool = true => yes_no("tls-session-caching").harmless();
    /// Most resumable sessions; 0: no limit.
    tls_session_cache_size: u32 = 20 * 1024 => integer("tls-session-cache-size", 0, INT).harmless();
    /// Seconds a session stays resumable.
    tls_session_cache_timeout_s: u32 = 300 => integer("tls-session-cache-timeout", 0, INT).harmless();
    /// Certificate of the server.
    tls_cert_file: String = String::new() => optional("tls-cert-file").harmless();
    /// Its key.
    tls_key_file: String = String::new() => optional("tls-key-file").harmless();
    /// The key's password.
    tls_key_file_pass: Secret = Secret::default() => optional("tls-key-file-pass").sensitive().harmless();
    /// Certificate used towards other servers.
    tls_client_cert_file: String = String::new() => optional("tls-client-cert-file").harmless();
    /// Its key.
    tls_client_key_file: String = String::new() => optional("tls-client-key-file").harmless();
    /// The key's password.
    tls_client_key_file_pass: Secret = Secret::default()
        => optional("tls-client-key-file-pass").sensitive().harmless();
    /// Diffie-Hellman parameters.
    tls_dh_params_file: String = String::new() => optional("tls-dh-params-file").harmless();
    /// Certificates trusted to sign.
    tls_ca_cert_file: String = String::new() => optional("tls-ca-cert-file").harmless();
    /// Directory of certificates trusted to sign.
    tls_ca_cert_dir: String = String::new() => optional("tls-ca-cert-dir").harmless();
    /// Protocol versions.
    tls_protocols: String = String::new() => optional("tls-protocols").harmless();
    /// Ciphers up to TLS 1.2.
    tls_ciphers: String = String::new() => optional("tls-ciphers").harmless();
    /// Ciphers of TLS 1.3.
    tls_ciphersuites: String = String::new() => optional("tls-ciphersuites").harmless();
}
