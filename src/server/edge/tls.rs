//! TLS at the server itself, with a certificate that is reloaded when its files change.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::{
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        crypto::{CryptoProvider, ring},
        pki_types::{
            CertificateDer, PrivateKeyDer,
            pem::{self, PemObject as _},
        },
        server::{ClientHello, ResolvesServerCert},
        sign::CertifiedKey,
    },
};

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: io::Error,
    },
    /// A file is not PEM, or has no PEM section of the right kind.
    #[error("{path}: {error}")]
    Pem {
        /// The file.
        path: PathBuf,
        /// The cause.
        error: pem::Error,
    },
    /// The certificate and the key do not match, or their kind is not supported.
    #[error("the certificate cannot be used with the key: {0}")]
    Unusable(#[from] rustls::Error),
    /// The file has no certificate.
    #[error("{0}: no certificate in it")]
    Empty(PathBuf),
}

/// The certificate of the server, and the files that it is loaded from.
#[derive(Debug)]
pub(in crate::server) struct Certificate {
    cert_path: PathBuf,
    key_path: PathBuf,
    provider: Arc<CryptoProvider>,
    current: Arc<CurrentCertificate>,
    /// Presents `current` in each handshake.
    config: Arc<ServerConfig>,
}

/// The certificate that new connections get.
#[derive(Debug)]
struct CurrentCertificate(RwLock<Arc<CertifiedKey>>);

/// The bytes of both files.
// No Debug: the key is secret.
#[derive(PartialEq, Eq)]
struct CertificateFiles {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl Certificate {
    /// Loads the certificate from PEM files.
    ///
    /// # Errors
    /// [`TlsError`] if the files cannot be read or used.
    pub(in crate::server) fn load(cert_path: &Path, key_path: &Path) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let certified = CertificateFiles::read(cert_path, key_path)?.parse(&provider, cert_path, key_path)?;
        let current = Arc::new(CurrentCertificate(RwLock::new(Arc::new(certified))));
        // The default versions are TLS 1.2 and 1.3.
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::<CurrentCertificate>::clone(&current));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(Self {
            cert_path: cert_path.to_owned(),
            key_path: key_path.to_owned(),
            provider,
            current,
            config: Arc::new(config),
        }))
    }

    pub(in crate::server) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }

    /// Reads the files again every `interval_length` and reloads the certificate when they have changed. Compares contents
    /// and not modification times, because a file can be replaced by an older one or by a link. Files that cannot be used
    /// are logged once, and the current certificate stays.
    pub(in crate::server) async fn watch(self: &Arc<Self>, interval_length: Duration) {
        let mut tick = interval(interval_length);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut previous = None;
        loop {
            tick.tick().await;
            let certificate = Arc::clone(self);
            let checking = spawn_blocking(move || {
                let files = CertificateFiles::read(&certificate.cert_path, &certificate.key_path)
                    .map_err(|error| error.to_string());
                if previous.as_ref() != Some(&files) {
                    certificate.reload(&files, previous.is_none());
                }
                files
            });
            match checking.await {
                Ok(files) => previous = Some(files),
                Err(error) => {
                    previous = None;
                    tracing::error!(%error, "checking for a new certificate failed");
                }
            }
        }
    }

    fn reload(&self, files: &Result<CertificateFiles, String>, is_first: bool) {
        let files = files.as_ref().map_err(String::clone);
        let certified = files.and_then(|files| {
            files.parse(&self.provider, &self.cert_path, &self.key_path).map_err(|error| error.to_string())
        });
        match certified {
            Ok(certified) => {
                *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
                if !is_first {
                    tracing::info!("a new certificate is in use");
                }
            }
            Err(error) => tracing::error!(error, "the new certificate cannot be used; the current one stays in use"),
        }
    }
}

impl CertificateFiles {
    fn read(cert_path: &Path, key_path: &Path) -> Result<Self, TlsError> {
        let read = |path: &Path| fs::read(path).map_err(|error| TlsError::File { path: path.to_owned(), error });
        Ok(Self { cert: read(cert_path)?, key: read(key_path)? })
    }

    /// Parses both. The paths are only for error messages.
    fn parse(&self, provider: &CryptoProvider, cert_path: &Path, key_path: &Path) -> Result<CertifiedKey, TlsError> {
        let pem_error = |path: &Path, error| TlsError::Pem { path: path.to_owned(), error };
        let chain = CertificateDer::pem_slice_iter(&self.cert)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| pem_error(cert_path, error))?;
        if chain.is_empty() {
            return Err(TlsError::Empty(cert_path.to_owned()));
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| pem_error(key_path, error))?;
        Ok(CertifiedKey::from_der(chain, key, provider)?)
    }
}

impl ResolvesServerCert for CurrentCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}
