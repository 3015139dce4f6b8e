//! Upgrades of large stores, some of which are killed.

use std::{
    env, fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use rusqlite::{Connection, types::ValueRef};
use tempfile::TempDir;

use crate::server::store::sqlite::{
    schema::SCHEMA_VERSION,
    upgrade::{
        migrations::LAST_MIGRATION,
        tests::million::{Size, create_store, splash},
        upgrade,
    },
    verify::verify,
};

/// The variable with the path of the database, for the process that is killed.
const DATABASE: &str = "TEAHOUSE_TEST_UPGRADE";

/// A small store, without a kill.
#[test]
fn a_store_with_many_events_is_upgraded() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("teahouse.db");
    create_store(&path, &Size { users: 20, conversations: 30, events: 3_000 });
    let before = digest(&path);
    upgrade(&path).expect("an upgrade");
    assert_eq!(digest(&path), before);
    verify_store(folder.path());
}

#[test]
fn an_upgrade_survives_kills() {
    survives_kills(&Size { users: 50, conversations: 100, events: 10_000 }, 5);
}

/// Takes some minutes: `cargo test --release an_upgrade_of_a_million -- --ignored --nocapture`.
#[test]
#[ignore = "takes minutes"]
fn an_upgrade_of_a_million_events_survives_kills() {
    survives_kills(&Size { users: 500, conversations: 1_000, events: 1_000_000 }, 10);
}

/// Upgrades a store, and prints the time and the space that it takes; then upgrades copies of it, which are killed, one in
/// each part of that time. Each must leave a whole store of either version.
fn survives_kills(store: &Size, kills: u32) {
    let folder = TempDir::new().expect("a folder");
    let original = folder.path().join("original.db");
    create_store(&original, store);
    let before = digest(&original);

    let (time, path) = run(&folder.path().join("whole"), &original, None);
    let (old_size, new_size) = (size(&original), size(&path));
    println!("{} events: {:.2} s, from {old_size} to {new_size} bytes", store.events, time.as_secs_f64());
    assert_eq!(digest(&path), before);
    verify_store(path.parent().expect("a folder"));

    let seed = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
    for kill in 0..kills {
        let random = u32::try_from(splash(seed + u64::from(kill)) % 1_000).expect("a small number");
        let after = time * kill / kills + time * random / 1_000 / kills;
        let (_, path) = run(&folder.path().join(format!("killed{kill}")), &original, Some(after));
        let version = version(&path);
        let half_built = path.with_extension("db.upgrade");
        let built = half_built.exists().then(|| size(&half_built));
        println!("killed after {:.2} s: version {version}, half-built: {built:?}", after.as_secs_f64());
        assert!(version == LAST_MIGRATION || (version == SCHEMA_VERSION && built.is_none()));
        assert_eq!(digest(&path), before);
        if version == LAST_MIGRATION {
            upgrade(&path).expect("an upgrade");
            assert_eq!(digest(&path), before);
        }
        let folder = path.parent().expect("a folder");
        assert_eq!(fs::read_dir(folder).expect("a folder").count(), 1, "nothing is left over");
        fs::remove_dir_all(folder).expect("a folder");
    }
}

/// The process that is killed: not a test of its own.
#[test]
#[ignore = "started by another test"]
fn upgrade_in_a_process_of_its_own() {
    if let Some(path) = env::var_os(DATABASE) {
        upgrade(Path::new(&path)).expect("an upgrade");
    }
}

/// Upgrades a copy of a database in a process of its own, which is killed after a time.
fn run(folder: &Path, original: &Path, kill_after: Option<Duration>) -> (Duration, PathBuf) {
    let path = folder.join("teahouse.db");
    fs::create_dir(folder).expect("a folder");
    fs::copy(original, &path).expect("a copy");
    let test = module_path!().split_once("::").expect("a path").1;
    let start = Instant::now();
    let mut child = Command::new(env::current_exe().expect("this program"))
        .args(["--exact", "--ignored", &format!("{test}::upgrade_in_a_process_of_its_own")])
        .env(DATABASE, &path)
        .stdout(Stdio::null())
        .spawn()
        .expect("a process");
    if let Some(after) = kill_after {
        thread::sleep(after);
        child.kill().expect("a kill");
    }
    let status = child.wait().expect("an end");
    assert!(status.success() || kill_after.is_some());
    (start.elapsed(), path)
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).expect("a file").len()
}

fn version(path: &Path) -> u32 {
    let db = Connection::open(path).expect("a database");
    db.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a version")
}

fn verify_store(folder: &Path) {
    let findings = verify(folder, &mut |_, _| {}).expect("a verification");
    assert!(findings.is_empty(), "{findings}");
}

/// What people see of a store, of either version: all messages, reactions and read marks.
fn digest(path: &Path) -> u64 {
    let db = Connection::open(path).expect("a database");
    let (conversation, user) = match version(path) {
        SCHEMA_VERSION => ("(SELECT id FROM conversations WHERE number = conversation)", "number"),
        _ => ("conversation", "id"),
    };
    let id = |column: &str| format!("(SELECT id FROM users WHERE users.{user} = {column})");
    let (author, reader) = (id("author"), id("user"));
    let mut hasher = DefaultHasher::new();
    for sql in [
        format!(
            "SELECT {conversation} AS c, seq, id, at, {author}, body, revision, edited_at, deleted FROM messages ORDER BY c, seq"
        ),
        format!(
            "SELECT {conversation} AS c, seq, command_id, at, {author}, target, payload FROM events ORDER BY c, seq"
        ),
        format!(
            "SELECT {conversation} AS c, message, emoji, {reader} AS u, seq FROM reactions ORDER BY c, message, emoji, u"
        ),
        format!("SELECT {conversation} AS c, {reader} AS u, read_seq, joined_at, listed FROM members ORDER BY c, u"),
    ] {
        let mut select = db.prepare(&sql).expect("a query");
        let columns = select.column_count();
        let mut rows = select.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            for column in 0..columns {
                match row.get_ref(column).expect("a column") {
                    ValueRef::Integer(number) => number.hash(&mut hasher),
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.hash(&mut hasher),
                    ValueRef::Null | ValueRef::Real(_) => 0.hash(&mut hasher),
                }
            }
        }
    }
    hasher.finish()
}
