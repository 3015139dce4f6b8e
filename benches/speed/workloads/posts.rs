//! Some write, each to somebody of their own, and write again when they have their ack: what was acked is on the disk.

use std::time::{Duration, Instant};

use super::{
    figures::{Figures, Meter, Row},
    scene::Workshop,
};
use crate::{
    crowd::PATIENCE,
    disk,
    failure::Failure,
    line::Heard,
    talk::{Place, refuse_refusal},
    times::Times,
};

const WRITERS: [usize; 3] = [1, 16, 256];

/// Not measured.
const WARM_UP: Duration = Duration::from_millis(500);

pub(super) fn run(shop: &Workshop<'_>) -> Result<Vec<Row>, Failure> {
    let (rate, mut times) = disk::measure(&shop.settings.folder, shop.length)?;
    let synced = vec![
        ("posts/s", rate),
        ("ms, p50", times.within(50)),
        ("p99", times.within(99)),
        ("CPU s per million", f64::NAN),
    ];
    let mut rows = vec![("4 KiB and fdatasync, alone".to_owned(), synced)];
    for writers in WRITERS {
        let plural = if writers == 1 { "" } else { "s" };
        rows.push((format!("{writers} writer{plural}"), write(shop, writers)?));
    }
    Ok(rows)
}

fn write(shop: &Workshop<'_>, writers: usize) -> Result<Figures, Failure> {
    let mut scene = shop.scene(Place::Pairs, 2 * writers)?;
    // What each writer has posted, and when the last one was. The listeners are odd.
    let mut posts: Vec<(u32, Instant)> = vec![(0, Instant::now()); writers];
    let mut idle: Vec<usize> = (0..writers).collect();
    let (mut times, mut acked, mut heard_count) = (Times::default(), 0_u64, 0_u64);
    let begin = Instant::now();
    let (mut meter, mut figures) = (None::<Meter>, None);
    while figures.is_none() || heard_count < acked || idle.len() < writers {
        if figures.is_none() {
            for writer in idle.drain(..) {
                let (number, start) = &mut posts[writer];
                let text = scene.talk.text(2 * writer, *number);
                (*number, *start) = (*number + 1, Instant::now());
                scene.crowd.say(2 * writer, &text)?;
            }
        }
        let (talk, is_measured) = (&mut scene.talk, meter.is_some() && figures.is_none());
        scene.crowd.turn(PATIENCE, |who, heard| {
            let Heard::Text(text) = heard else { return Ok(()) };
            if text.starts_with(br#"{"type":"ack""#) {
                if is_measured {
                    times.note(posts[who / 2].1.elapsed());
                }
                acked += 1;
                idle.push(who / 2);
            } else if talk.message(who, text)?.is_some() {
                heard_count += 1;
            } else {
                refuse_refusal(text)?;
            }
            Ok(())
        })?;
        if begin.elapsed() > shop.length + PATIENCE {
            return Err(format!("{acked} acks, {heard_count} heard").into());
        }
        match &meter {
            None if begin.elapsed() > WARM_UP => meter = Some(Meter::start(&scene.server, acked)?),
            Some(meter) if figures.is_none() && meter.start.elapsed() >= shop.length => {
                figures = Some(meter.read(&scene.server, acked)?);
            }
            _ => {}
        }
    }
    scene.nothing_more_comes()?;
    let figure =
        |name| figures.iter().flatten().find(|(other, _)| *other == name).map_or(f64::NAN, |(_, value)| *value);
    Ok(vec![
        ("posts/s", figure("deliveries/s")),
        ("ms, p50", times.within(50)),
        ("p99", times.within(99)),
        ("CPU s per million", figure("CPU s per million")),
    ])
}
