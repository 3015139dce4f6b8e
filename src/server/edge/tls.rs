//! TLS of our own: a certificate that is taken up anew when its files change, without a restart.

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

/// Why a certificate can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file can't be read.
    #[error("{path}: {error}")]
    File {
        /// Which one.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A file is not PEM, or not of the kind that it should be.
    #[error("{path}: {error}")]
    Pem {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        error: pem::Error,
    },
    /// Certificate and key don't belong together, or are of a kind that can't be used.
    #[error("the certificate cannot be used with the key: {0}")]
    Unusable(#[from] rustls::Error),
    /// No certificate in the file.
    #[error("{0}: no certificate in it")]
    Empty(PathBuf),
}

/// The certificate that is shown, and the files that it comes from.
#[derive(Debug)]
pub(in crate::server) struct Certificate {
    cert: PathBuf,
    key: PathBuf,
    provider: Arc<CryptoProvider>,
    shown: Arc<CurrentCertificate>,
    /// What makes TLS of TCP connections.
    config: Arc<ServerConfig>,
}

/// What is shown to whoever comes now.
#[derive(Debug)]
struct CurrentCertificate(RwLock<Arc<CertifiedKey>>);

/// What two files hold, as bytes.
// No Debug: one of them is secret.
#[derive(PartialEq, Eq)]
struct CertificateFiles {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl Certificate {
    /// Reads it for the first time.
    pub(in crate::server) fn read(cert: &Path, key: &Path) -> Result<Arc<Self>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let certified = CertificateFiles::read(cert, key)?.certified(&provider, cert, key)?;
        let shown = Arc::new(CurrentCertificate(RwLock::new(Arc::new(certified))));
        // TLS 1.2 and 1.3.
        let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::<CurrentCertificate>::clone(&shown));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(Self { cert: cert.to_owned(), key: key.to_owned(), provider, shown, config: Arc::new(config) }))
    }

    pub(in crate::server) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }

    /// Looks at the files again and again, and takes up what they hold. Contents are compared and not times: a file can
    /// be replaced by an older one, and by a link. What can't be used is reported once, and changes nothing.
    pub(in crate::server) async fn watch(self: &Arc<Self>, every: Duration) {
        let mut tick = interval(every);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut seen = None;
        loop {
            tick.tick().await;
            let certificate = Arc::clone(self);
            let looking = spawn_blocking(move || {
                let now =
                    CertificateFiles::read(&certificate.cert, &certificate.key).map_err(|error| error.to_string());
                if seen.as_ref() != Some(&now) {
                    certificate.take_up(&now, seen.is_none());
                }
                now
            });
            match looking.await {
                Ok(now) => seen = Some(now),
                Err(error) => {
                    seen = None;
                    tracing::error!(%error, "looking for a new certificate went wrong");
                }
            }
        }
    }

    fn take_up(&self, now: &Result<CertificateFiles, String>, is_first: bool) {
        let read = now.as_ref().map_err(String::clone);
        let certified = read.and_then(|files| {
            files.certified(&self.provider, &self.cert, &self.key).map_err(|error| error.to_string())
        });
        match certified {
            Ok(certified) => {
                *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
                if !is_first {
                    tracing::info!("a new certificate is shown from now on");
                }
            }
            Err(error) => tracing::error!(error, "a new certificate cannot be used; the old one stays"),
        }
    }
}

impl CertificateFiles {
    fn read(cert: &Path, key: &Path) -> Result<Self, TlsError> {
        let read = |path: &Path| fs::read(path).map_err(|error| TlsError::File { path: path.to_owned(), error });
        Ok(Self { cert: read(cert)?, key: read(key)? })
    }

    /// The paths are for complaints.
    fn certified(&self, provider: &CryptoProvider, cert: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
        let wrong = |path: &Path, error| TlsError::Pem { path: path.to_owned(), error };
        let chain = CertificateDer::pem_slice_iter(&self.cert)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| wrong(cert, error))?;
        if chain.is_empty() {
            return Err(TlsError::Empty(cert.to_owned()));
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|error| wrong(key, error))?;
        Ok(CertifiedKey::from_der(chain, key, provider)?)
    }
}

impl ResolvesServerCert for CurrentCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}
