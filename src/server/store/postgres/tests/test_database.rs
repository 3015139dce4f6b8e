//! Databases for tests, on a server that `script/postgres` starts. Each test has its own.

use std::{
    env,
    path::Path,
    process::{Command, id},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use tokio::{runtime, sync::Mutex};
use tokio_postgres::{Client, types::Type};

use crate::server::store::{
    clock_source::SystemClock,
    postgres::{
        connect::Database,
        migrations::{MIGRATIONS, migrate},
    },
};

/// How long a test waits for its database to be dropped.
const DROP_TIMEOUT: Duration = Duration::from_secs(1);

/// A database of a test's own. Its end drops it, with everybody who is still connected.
#[derive(Debug)]
pub(in crate::server) struct TestDatabase {
    name: String,
}

impl TestDatabase {
    /// A database without tables.
    pub(in crate::server) async fn empty() -> Self {
        // Sorts texts unlike their bytes where PostgreSQL can, see script/postgres.
        Self::create("TEMPLATE template0").await
    }

    /// A database with the tables of a new store.
    pub(in crate::server) async fn with_tables() -> Self {
        // Copying files takes half as long as writing the copy to the log, on a server that does not sync.
        Self::create(&format!("TEMPLATE {} STRATEGY file_copy", template().await)).await
    }

    async fn create(how: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let server = connect(&server()).await;
        // A killed process can have had the same number.
        execute(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
        execute(&server, &format!("CREATE DATABASE {name} {how}")).await;
        Self { name }
    }

    /// How to connect to it.
    pub(in crate::server) fn database(&self) -> Database {
        named(&self.name)
    }

    /// A connection, for looking at the tables.
    pub(in crate::server) async fn client(&self) -> Client {
        connect(&self.database()).await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let (done, is_done) = mpsc::channel();
        // A thread, because the test's runtime may be the one that drops this.
        thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async { execute(&connect(&server()).await, &drop).await });
            done.send(())
        });
        // PostgreSQL drops no database before all clients that are connecting have answered, and those of this test cannot while
        // its thread waits. Then the database is dropped after the test.
        if is_done.recv_timeout(DROP_TIMEOUT).is_err() {
            eprintln!("{} is dropped later", self.name);
        }
    }
}

/// The address of the server, which `script/postgres` starts unless it runs. `TEAHOUSE_TEST_POSTGRES` names another one, for
/// a user who may create databases.
fn address() -> &'static str {
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

fn server() -> Database {
    Database::parse(address(), None).expect("the address of PostgreSQL")
}

fn named(name: &str) -> Database {
    let mut database = server();
    database.config.dbname(name);
    database
}

async fn connect(database: &Database) -> Client {
    let (client, driver) = database.connect().await.unwrap_or_else(|error| panic!("{database}: {error}"));
    tokio::spawn(driver);
    client
}

async fn execute(client: &Client, sql: &str) {
    client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

/// The name of a database with the tables of this build, which all its tests copy.
async fn template() -> &'static str {
    static NAME: Mutex<Option<&'static str>> = Mutex::const_new(None);
    let mut known = NAME.lock().await;
    if let Some(name) = *known {
        return name;
    }
    let name: &'static str = format!("template_{:x}", build()).leak();
    // Other processes of this build want it, too.
    let server = connect(&server()).await;
    execute(&server, "SELECT pg_advisory_lock(1)").await;
    let exists = "SELECT 1 FROM pg_database WHERE datname = $1";
    let found = server.query_typed(exists, &[(&name, Type::TEXT)]).await.expect("the databases");
    if found.is_empty() {
        let unfinished = TestDatabase::create("TEMPLATE template0").await;
        let (mut client, driver) = unfinished.database().connect().await.expect("a new database");
        let driver = tokio::spawn(driver);
        migrate(&mut client, MIGRATIONS, &SystemClock).await.expect("tables");
        drop(client);
        driver.await.expect("a driver that ends").expect("an ordinary end");
        execute(&server, &format!("ALTER DATABASE {} RENAME TO {name}", unfinished.name)).await;
    }
    *known = Some(name);
    name
}

/// A number that other builds do not have.
fn build() -> u128 {
    let built = env::current_exe().and_then(|program| program.metadata()).and_then(|program| program.modified());
    let since_epoch = built.expect("the test's program").duration_since(std::time::UNIX_EPOCH);
    since_epoch.expect("a time after 1970").as_nanos()
}
