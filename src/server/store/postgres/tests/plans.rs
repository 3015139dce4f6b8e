//! How PostgreSQL finds the rows of the writer's statements. A plan is kept from when the tables were empty until they are
//! analysed, so it has to be a good one for large tables from the beginning.

use std::fmt::Write as _;

use tokio_postgres::SimpleQueryMessage;

use crate::server::store::postgres::{apply, facts, tests::test_database::TestDatabase, writer::SETTINGS};

/// Tables that are read as a whole: they have a row, or some.
const SMALL: [&str; 2] = ["Seq Scan on banned_networks", "Seq Scan on log"];

/// A row that was found by its key is compared with one that was found by the same key.
const HARMLESS: &str = "Join Filter: ((s.conversation = e.conversation) AND (s.seq = e.seq))";

#[tokio::test]
async fn every_row_is_found_by_all_columns_of_its_key() {
    let database = TestDatabase::with_tables().await;
    let client = database.client().await;
    client.batch_execute(SETTINGS).await.expect("settings");
    let mut bad = String::new();
    for (number, statement) in facts::HOT.iter().chain(apply::HOT).enumerate() {
        let parameters = (1..=9).take_while(|parameter| statement.contains(&format!("${parameter}"))).count();
        let mut explain = format!("EXPLAIN EXECUTE s{number}");
        if parameters > 0 {
            write!(explain, "({})", vec!["NULL"; parameters].join(", ")).expect("a string");
        }
        client.batch_execute(&format!("PREPARE s{number} AS {statement}")).await.expect(statement);
        let lines = client.simple_query(&explain).await.expect("a plan");
        let plan = lines.iter().fold(String::new(), |plan, line| match line {
            SimpleQueryMessage::Row(row) => plan + row.get(0).unwrap_or_default() + "\n",
            _ => plan,
        });
        let reads_all = plan.lines().any(|line| line.contains("Seq Scan") && !SMALL.iter().any(|it| line.contains(it)));
        let compares = plan.lines().any(|line| line.contains("Join Filter") && line.trim() != HARMLESS);
        if reads_all || compares {
            write!(bad, "{statement}\n{plan}\n").expect("a string");
        }
    }
    assert!(bad.is_empty(), "{bad}");
}
