//! From the start of the program until it listens, with nothing in its store and with a million messages.

use std::{thread::sleep, time::Duration};

use super::{figures::Row, scene::Workshop};
use crate::{
    contender::{Server, teahouse},
    failure::Failure,
    million,
};

pub(super) fn run(shop: &Workshop<'_>) -> Result<Vec<Row>, Failure> {
    let server = shop.contender.start(shop.settings)?;
    let row = |server: &Server| -> Result<_, Failure> {
        // What it has to do later than that is done soon.
        sleep(Duration::from_millis(500));
        let took = server.took.as_secs_f64() * 1_000.0;
        Ok(vec![("ms until it listens", took), ("MiB then", server.resident_kib()? / 1024.0)])
    };
    let new = row(&server)?;
    drop(server);
    let folder = million::folder(shop.settings)?;
    let full = row(&Server::start(teahouse(&shop.settings.server, &folder), &folder)?)?;
    Ok(vec![("a new store".to_owned(), new), ("a million messages".to_owned(), full)])
}
