//! The address of the database, and connecting to it.

use std::{fmt, path::Path, sync::Arc, time::Duration};

use deadpool_postgres::Connect;
use futures_util::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use tokio::{spawn, task::JoinHandle, time::timeout};
use tokio_postgres::{
    Client, Config, Connection, Socket,
    config::{Host, SslMode, TargetSessionAttrs},
    tls::MakeTlsConnect,
};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::server::store::postgres::error::{PostgresOpenError, in_words};

/// How long a host may take to accept a connection.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the other hosts may take after one has refused.
const REST_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a database may be silent on the network before the connection counts as lost.
const TCP_TIMEOUT: Duration = Duration::from_secs(5);

/// PostgreSQL's port.
const DEFAULT_PORT: u16 = 5432;

/// Where the database is, and how to connect to it.
#[derive(Clone)]
pub(crate) struct Database {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `Config` hides the password.
        f.debug_struct("Database").field("config", &self.config).finish_non_exhaustive()
    }
}

/// The hosts and the name of the database, for the log.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ports = self.config.get_ports();
        for (index, host) in self.config.get_hosts().iter().enumerate() {
            let port = ports.get(index).or(ports.first()).copied().unwrap_or(DEFAULT_PORT);
            let comma = if index == 0 { "" } else { "," };
            match host {
                Host::Tcp(name) => write!(f, "{comma}{name}:{port}")?,
                Host::Unix(folder) => write!(f, "{comma}{}", folder.display())?,
            }
        }
        write!(f, "/{}", self.config.get_dbname().unwrap_or_default())
    }
}

/// The driver of a connection, which must be polled for the client to get answers.
pub(crate) type Driver = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

impl Database {
    /// Reads an address such as `postgres://teahouse:secret@db.example.org/teahouse?sslmode=require`; several hosts are
    /// separated by commas. Certificates of the database are checked against `ca`, a PEM file, or else the system's.
    ///
    /// # Errors
    /// If the address or the file makes no sense.
    pub(crate) fn parse(address: &str, ca: Option<&Path>) -> Result<Self, PostgresOpenError> {
        let no_address = |error: String| PostgresOpenError::Address(error);
        let mut config: Config =
            address.parse().map_err(|error: tokio_postgres::Error| no_address(error.to_string()))?;
        if config.get_hosts().is_empty() {
            return Err(no_address("it names no host".into()));
        }
        if config.get_dbname().is_none() {
            return Err(no_address("it names no database".into()));
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_hosts().len() > 1 && config.get_target_session_attrs() == TargetSessionAttrs::Any {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        if config.get_application_name().is_none() {
            config.application_name("teahouse");
        }
        config.keepalives_idle(TCP_TIMEOUT).keepalives_interval(TCP_TIMEOUT / 5).keepalives_retries(3);
        config.tcp_user_timeout(TCP_TIMEOUT);
        let needs_certificates = config.get_ssl_mode() != SslMode::Disable && config.get_hosts().iter().any(is_remote);
        let tls = MakeRustlsConnect::new(client_config(ca, needs_certificates)?);
        Ok(Self { config, tls })
    }

    /// Connects, to the host that takes writes if there are several. All are asked at the same time: one of them may accept a
    /// connection and then be silent, and the others must not wait for it.
    pub(crate) async fn connect(&self) -> Result<(Client, Driver), tokio_postgres::Error> {
        let hosts = self.single_hosts();
        let mut attempts: FuturesUnordered<_> = hosts.iter().map(|host| host.connect(self.tls.clone())).collect();
        let mut failure = None;
        loop {
            let attempt = match failure {
                None => attempts.next().await,
                // A silent host is not waited for.
                Some(_) => timeout(REST_TIMEOUT, attempts.next()).await.unwrap_or(None),
            };
            match (attempt, failure) {
                (Some(Ok(connected)), _) => return Ok(connected),
                (Some(Err(error)), _) => failure = Some(error),
                (None, Some(error)) => return Err(error),
                // Not reached: there is a host, see `parse`.
                (None, None) => return self.config.connect(self.tls.clone()).await,
            }
        }
    }

    /// For each host, how to connect to it alone.
    fn single_hosts(&self) -> Vec<Config> {
        let all = &self.config;
        let mut hosts = Vec::new();
        for (index, host) in all.get_hosts().iter().enumerate() {
            let mut single = Config::new();
            match host {
                Host::Tcp(name) => single.host(name),
                Host::Unix(folder) => single.host_path(folder),
            };
            if let Some(address) = all.get_hostaddrs().get(index) {
                single.hostaddr(*address);
            }
            single.port(all.get_ports().get(index).or(all.get_ports().first()).copied().unwrap_or(DEFAULT_PORT));
            all.get_user().map(|user| single.user(user));
            all.get_password().map(|password| single.password(password));
            all.get_dbname().map(|name| single.dbname(name));
            all.get_options().map(|options| single.options(options));
            all.get_application_name().map(|name| single.application_name(name));
            all.get_connect_timeout().map(|timeout| single.connect_timeout(*timeout));
            all.get_tcp_user_timeout().map(|timeout| single.tcp_user_timeout(*timeout));
            all.get_keepalives_interval().map(|interval| single.keepalives_interval(interval));
            all.get_keepalives_retries().map(|retries| single.keepalives_retries(retries));
            single
                .ssl_mode(all.get_ssl_mode())
                .keepalives(all.get_keepalives())
                .keepalives_idle(all.get_keepalives_idle())
                .channel_binding(all.get_channel_binding())
                .target_session_attrs(all.get_target_session_attrs());
            hosts.push(single);
        }
        hosts
    }
}

impl Connect for Database {
    fn connect(&self, _config: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), tokio_postgres::Error>> {
        Box::pin(async {
            let (client, driver) = Self::connect(self).await?;
            let driving = spawn(async move {
                if let Err(error) = driver.await {
                    tracing::debug!(error = in_words(&error), "a connection for reading has ended");
                }
            });
            Ok((client, driving))
        })
    }
}

fn is_remote(host: &Host) -> bool {
    matches!(host, Host::Tcp(_))
}

fn client_config(ca: Option<&Path>, needs_certificates: bool) -> Result<ClientConfig, PostgresOpenError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca {
        let failed = |error: String| PostgresOpenError::Certificates { path: path.to_owned(), error };
        let certificates = CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| failed(error.to_string()))?;
            roots.add(certificate).map_err(|error| failed(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(failed("no certificate in it".into()));
        }
    } else if needs_certificates {
        // Certificates that rustls cannot read are others' business.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| PostgresOpenError::Address(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
