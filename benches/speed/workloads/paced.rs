//! A hundred messages a second to a thousand: what a delivery costs when the server has time, and how long it takes.
//! Times run from when a message was due, whether or not it could be sent then: a server that makes its clients wait
//! does not look better by it.

use std::time::{Duration, Instant};

use crate::{
    crowd::PATIENCE,
    failure::Failure,
    line::Heard,
    talk::Place,
    times::Times,
    workloads::{
        figures::{Figures, Meter},
        scene::Workshop,
    },
};

const MEMBERS: usize = 1_000;
const INTERVAL: Duration = Duration::from_millis(10);

/// Messages that are not measured.
const WARM_UP: u32 = 50;

/// The least seconds: here the processor's time is small, and the kernel tells it in hundredths.
const LEAST: Duration = Duration::from_secs(5);

pub(super) fn run(shop: &Workshop<'_>) -> Result<Figures, Failure> {
    let mut scene = shop.scene(Place::Room, MEMBERS)?;
    let audience = scene.talk.audience(MEMBERS) as u64;
    let length = shop.length.max(LEAST);
    let last = WARM_UP + u32::try_from(length.as_millis() / INTERVAL.as_millis())?;
    let mut expected = vec![0_u32; MEMBERS];
    let (mut times, mut deliveries, mut sent) = (Times::default(), 0_u64, 0);
    let mut meter = None;
    let begin = Instant::now();
    let due = |number: u32| begin + INTERVAL * number;
    while deliveries < audience * u64::from(last) {
        while sent < last && Instant::now() >= due(sent) {
            if sent == WARM_UP {
                meter = Some(Meter::start(&scene.server, deliveries)?);
            }
            let text = scene.talk.text(0, sent);
            scene.crowd.say(0, &text)?;
            sent += 1;
        }
        let wait = if sent < last { due(sent).saturating_duration_since(Instant::now()) } else { PATIENCE };
        // The kernel would round a part of a millisecond up.
        let wait = Duration::from_millis(u64::try_from(wait.as_millis())?);
        let talk = &mut scene.talk;
        scene.crowd.turn(wait, |who, heard| {
            let Heard::Text(text) = heard else { return Ok(()) };
            let Some(message) = talk.message(who, text)? else { return Ok(()) };
            if message.number != expected[who] {
                return Err(format!("{} came where {} was due", message.number, expected[who]).into());
            }
            expected[who] += 1;
            deliveries += 1;
            if message.number >= WARM_UP {
                times.note(due(message.number).elapsed());
            }
            Ok(())
        })?;
        if begin.elapsed() > length + PATIENCE {
            return Err("messages are lost, or the server cannot keep up".into());
        }
    }
    let mut figures = meter.ok_or("too short")?.read(&scene.server, deliveries)?;
    scene.nothing_more_comes()?;
    figures.splice(1..1, [("ms, p50", times.within(50)), ("p99", times.within(99))]);
    // How many there were was given, and the clients' time is spent waiting for what is due.
    figures.retain(|(name, _)| !matches!(*name, "deliveries/s" | "clients' CPU %"));
    Ok(figures)
}
