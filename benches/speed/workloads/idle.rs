//! Ten thousand are there and say nothing: what memory does each take, and is it given back when many have come and
//! gone?

use std::time::{Duration, Instant};

use super::{
    figures::{Figures, float},
    scene::Workshop,
};
use crate::{
    contender::Server,
    crowd::Crowd,
    failure::Failure,
    talk::{Place, Talk},
};

const MEMBERS: usize = 10_000;

/// How many are there at a time while many come and go.
const WAVE: usize = 5_000;

/// A server that works less than [`IDLING`] in so long a time is at rest.
const REST: Duration = Duration::from_millis(1_500);
const IDLING: Duration = Duration::from_millis(30);
const MOST_RESTS: usize = 20;

pub(super) fn run(shop: &Workshop<'_>) -> Result<Figures, Failure> {
    let server = shop.contender.start(shop.settings)?;
    let before = server.resident_kib()?;
    let (mut crowd, mut talk) = (Crowd::new()?, Talk::new(shop.contender.dialect(), Place::Room));
    let per_member = |kib: f64| (kib - before) / float(MEMBERS as u64);
    let (start, cpu) = (Instant::now(), server.cpu_time()?);
    talk.gather(&mut crowd, server.address, MEMBERS)?;
    let took = start.elapsed();
    settle(&server, &mut crowd)?;
    let mut figures = vec![
        ("KiB each", per_member(server.resident_kib()?)),
        ("MiB before", before / 1024.0),
        ("s to let them in", took.as_secs_f64()),
        ("CPU s for it", server.cpu_time()?.saturating_sub(cpu).as_secs_f64()),
    ];
    if shop.settings.come_and_go > 0 {
        crowd.scatter();
        settle(&server, &mut crowd)?;
        for _ in 0..shop.settings.come_and_go.div_ceil(WAVE) {
            talk.gather(&mut crowd, server.address, WAVE)?;
            crowd.scatter();
            settle(&server, &mut crowd)?;
        }
        let empty = server.resident_kib()?;
        talk.gather(&mut crowd, server.address, MEMBERS)?;
        settle(&server, &mut crowd)?;
        figures.push(("KiB each, afterwards", per_member(server.resident_kib()?)));
        figures.push(("MiB when all had gone", empty / 1024.0));
    }
    Ok(figures)
}

/// Returns when the server has nothing left to do: a simple-protocol client is let in before its name is written down, and
/// presence is told a second later.
fn settle(server: &Server, crowd: &mut Crowd) -> Result<(), Failure> {
    let mut before = Duration::MAX;
    for _ in 0..MOST_RESTS {
        crowd.rest(REST)?;
        let now = server.cpu_time()?;
        if now.saturating_sub(before) <= IDLING && before != Duration::MAX {
            return Ok(());
        }
        before = now;
    }
    Err("the server finds no rest".into())
}
