//! The store of a server under test: a SQLite database in its data folder, or a PostgreSQL database of its own.
//!
//! `TEAHOUSE_TEST_STORE=postgres` runs the tests on PostgreSQL, on a server that `script/postgres` starts.

use std::{
    env,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    thread,
};

use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;
use tokio::runtime;
use tokio_postgres::{Client, Error, NoTls};

/// Whether servers under test store their data in PostgreSQL.
pub(crate) fn on_postgres() -> bool {
    match env::var("TEAHOUSE_TEST_STORE").as_deref() {
        Err(_) | Ok("" | "sqlite") => false,
        Ok("postgres") => true,
        Ok(other) => panic!("TEAHOUSE_TEST_STORE is sqlite or postgres, not {other:?}"),
    }
}

/// Whether a test has nothing to test because its servers are on PostgreSQL; `why` says why.
pub(crate) fn only_on_sqlite(why: &str) -> bool {
    if on_postgres() {
        eprintln!("skipped on PostgreSQL: {why}");
    }
    on_postgres()
}

/// The data of a server under test. Dropping it deletes the data.
pub(crate) struct TestData {
    folder: TempDir,
    database: Database,
}

impl TestData {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a folder for data");
        let database = Database::of(folder.path());
        Self { folder, database }
    }

    /// In a PostgreSQL database, also if other tests use SQLite.
    pub(crate) fn new_on_postgres() -> Self {
        let folder = TempDir::new().expect("a folder for data");
        let database = Database::Postgres(PostgresDatabase::of(folder.path()));
        Self { folder, database }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn database(&self) -> &Database {
        &self.database
    }
}

impl Drop for TestData {
    fn drop(&mut self) {
        if let Database::Postgres(PostgresDatabase { name }) = &self.database {
            let name = name.clone();
            // Nobody waits for this: PostgreSQL does not drop a database before all clients that are connecting have answered,
            // and those of this test's server cannot while this thread waits. If the process ends first, a later test does it.
            thread::spawn(move || {
                let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                if let Err(error) = with_client("postgres", async |client| client.batch_execute(&drop).await) {
                    eprintln!("{name} was not dropped: {error}");
                }
            });
        }
    }
}

/// The database of a server under test.
pub(crate) enum Database {
    /// The path of the file.
    Sqlite(PathBuf),
    Postgres(PostgresDatabase),
}

impl Database {
    /// The database of the server with this data folder. On PostgreSQL, it is created if there is none.
    pub(crate) fn of(folder: &Path) -> Self {
        if on_postgres() {
            Self::Postgres(PostgresDatabase::of(folder))
        } else {
            Self::Sqlite(folder.join("teahouse.db"))
        }
    }

    /// The value of `--store`.
    pub(crate) fn url(&self) -> Option<String> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(database) => Some(url(&database.name)),
        }
    }

    /// Executes statements in SQLite's words.
    pub(crate) fn execute(&self, statements: &str) -> Result<(), String> {
        match self {
            Self::Sqlite(path) => {
                let db = Connection::open(path).map_err(|error| error.to_string())?;
                db.execute_batch(statements).map_err(|error| error.to_string())
            }
            Self::Postgres(PostgresDatabase { name }) => {
                let statements = for_postgres(statements);
                with_client(name, async |client| client.batch_execute(&statements).await)
                    .map_err(|error| format!("{error:?}"))
            }
        }
    }

    /// Runs a query in SQLite's words that returns one number.
    pub(crate) fn number(&self, query: &str) -> u32 {
        match self {
            Self::Sqlite(path) => {
                reading(path).query_row(query, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{query}: {error}"))
            }
            Self::Postgres(PostgresDatabase { name }) => {
                let query = for_postgres(query);
                let row = with_client(name, async |client| client.query_one(&query, &[]).await);
                let number: i64 = row.unwrap_or_else(|error| panic!("{query}: {error:?}")).get(0);
                number.try_into().expect("a small number")
            }
        }
    }

    /// Runs a query in SQLite's words that returns one text.
    pub(crate) fn text(&self, query: &str) -> String {
        match self {
            Self::Sqlite(path) => {
                reading(path).query_row(query, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{query}: {error}"))
            }
            Self::Postgres(PostgresDatabase { name }) => {
                let query = for_postgres(query);
                let row = with_client(name, async |client| client.query_one(&query, &[]).await);
                row.unwrap_or_else(|error| panic!("{query}: {error:?}")).get(0)
            }
        }
    }
}

impl Database {
    /// All rows of all tables as text; nothing of SQLite, whose tables are in files.
    pub(crate) fn dump(&self) -> String {
        let Self::Postgres(PostgresDatabase { name }) = self else { return String::new() };
        let dumped = with_client(name, async |client| {
            let mut dump = String::new();
            let tables = client.query("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'", &[]).await?;
            for table in tables {
                let table: String = table.get(0);
                let rows = client.query(&format!("SELECT rows::text FROM {table} rows"), &[]).await?;
                dump.extend(rows.iter().map(|row| row.get::<_, String>(0) + "\n"));
            }
            Ok(dump)
        });
        dumped.unwrap_or_else(|error| panic!("the rows of {name}: {error:?}"))
    }
}

fn reading(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the database")
}

/// A database on the tests' PostgreSQL server.
pub(crate) struct PostgresDatabase {
    name: String,
}

impl PostgresDatabase {
    /// The database of the server with this data folder, which is created if there is none. It remembers the folder, so that
    /// a later test can drop it when the folder is gone.
    fn of(folder: &Path) -> Self {
        let mut hasher = DefaultHasher::new();
        folder.hash(&mut hasher);
        let name = format!("server_{:016x}", hasher.finish());
        let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'");
        let remember = format!("COMMENT ON DATABASE {name} IS '{}'", folder.display());
        let created = with_client("postgres", async |client| {
            let exists = "SELECT 1 FROM pg_database WHERE datname = $1";
            let is_new = client.query_opt(exists, &[&name]).await?.is_none();
            if is_new {
                client.batch_execute(&create).await?;
                client.batch_execute(&remember).await?;
            }
            Ok(is_new)
        });
        if created.unwrap_or_else(|error| panic!("this test needs a PostgreSQL database: {error:?}")) {
            // Nobody waits for this either. It can fail because others do the same.
            thread::spawn(|| drop(with_client("postgres", drop_abandoned)));
        }
        Self { name }
    }
}

/// Drops the databases of servers whose data folders are gone.
async fn drop_abandoned(client: &Client) -> Result<(), Error> {
    let select = "SELECT datname::text, shobj_description(oid, 'pg_database') FROM pg_database
         WHERE datname LIKE 'server\\_%' AND shobj_description(oid, 'pg_database') IS NOT NULL";
    for row in client.query(select, &[]).await? {
        let (name, folder): (String, String) = (row.get(0), row.get(1));
        if !Path::new(&folder).exists() {
            client.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        }
    }
    Ok(())
}

/// The address of the tests' PostgreSQL server: `TEAHOUSE_TEST_POSTGRES`, or what `script/postgres` starts.
fn server() -> &'static str {
    static ADDRESS: OnceLock<String> = OnceLock::new();
    ADDRESS.get_or_init(|| {
        if let Ok(address) = env::var("TEAHOUSE_TEST_POSTGRES") {
            return address;
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("script/postgres");
        let output = Command::new(&script).arg("start").output();
        let output = output.unwrap_or_else(|error| panic!("{} must start PostgreSQL: {error}", script.display()));
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "this test needs PostgreSQL: {error}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    })
}

/// The address of a database of that server.
fn url(name: &str) -> String {
    let (server, options) = server().split_once('?').unwrap_or((server(), ""));
    let (server, _) = server.rsplit_once('/').expect("the address of a database");
    format!("{server}/{name}?{options}")
}

/// Connects to a database, and runs `work` with the connection. In a thread of its own, because a test's runtime cannot wait
/// for it, not even where it drops something.
fn with_client<T: Send>(name: &str, work: impl AsyncFnOnce(&Client) -> Result<T, Error> + Send) -> Result<T, Error> {
    let url = url(name);
    let run = || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await?;
            let driver = tokio::spawn(connection);
            let done = work(&client).await;
            drop(client);
            driver.await.expect("no panic")?;
            done
        })
    };
    thread::scope(|scope| scope.spawn(run).join()).expect("no panic")
}

/// Translates the tests' statements from SQLite's words.
fn for_postgres(sql: &str) -> String {
    let sql = sql.replace("randomblob(16)", "gen_random_uuid()");
    let sql = sql.replace("unixepoch()", "extract(epoch FROM now())::bigint");
    let is_separator = |c: char| !c.is_alphanumeric() && c != '_';
    let mut translated = String::with_capacity(sql.len());
    for piece in sql.split_inclusive(is_separator) {
        let word = piece.trim_end_matches(is_separator);
        translated.push_str(match word {
            "user" => "user_number",
            "char" => "chr",
            "instr" => "strpos",
            other => other,
        });
        translated.push_str(&piece[word.len()..]);
    }
    translated
}
