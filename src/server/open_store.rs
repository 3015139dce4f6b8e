//! Opening the store that the configuration names: an SQLite database in the data folder, or a PostgreSQL database.

use std::{fs::File, path::Path, sync::Arc};

use crate::server::{
    config::Config,
    net::database_url::DatabaseUrl,
    store::{
        CommitFeed, Database, OpenError, PostgresOpenError, PostgresStore, SqliteStore, Store, SystemClock,
        has_sqlite_data, lock_folder,
    },
};

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreOpenError {
    /// The data folder or its SQLite database cannot be used.
    #[error(transparent)]
    Sqlite(#[from] OpenError),
    /// The PostgreSQL database cannot be used.
    #[error(transparent)]
    Postgres(#[from] PostgresOpenError),
    /// The options contradict each other.
    #[error(
        "--disk-quota limits the data folder, and with --store the data is not there: limit the disk space of PostgreSQL instead"
    )]
    QuotaWithPostgres,
    /// The options contradict each other.
    #[error("--store-ca is for PostgreSQL: it needs --store as well")]
    CertificatesWithoutPostgres,
}

/// A store that is open.
pub(super) struct OpenStore {
    pub(super) store: Arc<dyn Store>,
    pub(super) feed: CommitFeed,
    /// The database, if other servers may share it.
    pub(super) shared: Option<Database>,
    /// Keeps other servers away from the data folder, if the store itself does not.
    pub(super) folder_lock: Option<File>,
}

/// Opens the store.
///
/// # Errors
/// If that fails, or if the options contradict each other.
pub(super) async fn open_store(config: &Config) -> Result<OpenStore, StoreOpenError> {
    match &config.store {
        Some(url) => open_postgres(config, url).await,
        None if config.store_ca.is_some() => Err(StoreOpenError::CertificatesWithoutPostgres),
        None => {
            let (store, feed) = SqliteStore::open(&config.data, config.disk_quota, Arc::new(SystemClock))?;
            Ok(OpenStore { store: Arc::new(store), feed, shared: None, folder_lock: None })
        }
    }
}

async fn open_postgres(config: &Config, url: &DatabaseUrl) -> Result<OpenStore, StoreOpenError> {
    if config.disk_quota.is_some() {
        return Err(StoreOpenError::QuotaWithPostgres);
    }
    let database = Database::parse(url.with_password(), config.store_ca.as_deref())?;
    let folder_lock = lock_data_folder(&config.data)?;
    let (store, feed) = PostgresStore::open(database.clone(), Arc::new(SystemClock)).await?;
    tracing::info!(%database, "the data is in PostgreSQL");
    Ok(OpenStore { store: Arc::new(store), feed, shared: Some(database), folder_lock })
}

/// Locks the data folder, in which the server listens for `teahouse admin`. A server whose folder cannot be used, because its
/// file system is read-only, works without.
fn lock_data_folder(folder: &Path) -> Result<Option<File>, OpenError> {
    match lock_folder(folder) {
        Ok(lock) => {
            if has_sqlite_data(folder) {
                tracing::warn!(folder = %folder.display(), "the SQLite database in the data folder is not used");
            }
            Ok(Some(lock))
        }
        Err(OpenError::Folder { path, error }) => {
            tracing::warn!(%error, path = %path.display(), "the data folder cannot be used");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
