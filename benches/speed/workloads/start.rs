//! The time from the start of the program until it listens, with an empty store and with a million messages.

use std::{thread::sleep, time::Duration};

use super::{figures::Row, test_bed::WorkloadContext};
use crate::{
    failure::Failure,
    large_store,
    servers::{Server, teahouse},
};

pub(super) fn run(context: &WorkloadContext<'_>) -> Result<Vec<Row>, Failure> {
    let server = context.server_kind.start(context.settings)?;
    let row = |server: &Server| -> Result<_, Failure> {
        // Lets the work finish that the server does after it listens.
        sleep(Duration::from_millis(500));
        let connect_time = server.startup_time.as_secs_f64() * 1_000.0;
        Ok(vec![("ms until it listens", connect_time), ("MiB then", server.resident_kib()? / 1024.0)])
    };
    let new = row(&server)?;
    drop(server);
    let folder = large_store::data_folder(context.settings)?;
    let full = row(&Server::start(teahouse(&context.settings.server, &folder), &folder)?)?;
    Ok(vec![("a new store".to_owned(), new), ("a million messages".to_owned(), full)])
}
