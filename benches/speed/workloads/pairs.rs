//! Five hundred pairs play ping-pong: each answers as soon as it has heard the other one.

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

/// Not measured.
const WARM_UP: Duration = Duration::from_millis(700);

pub(super) fn run(shop: &Workshop<'_>) -> Result<Figures, Failure> {
    let mut scene = shop.scene(Place::Pairs, MEMBERS)?;
    // Each pair's ball: its number, and when it was thrown.
    let mut balls: Vec<(u32, Instant)> = vec![(0, Instant::now()); MEMBERS / 2];
    let (mut times, mut deliveries, mut on_their_way) = (Times::default(), 0_u64, MEMBERS / 2);
    let begin = Instant::now();
    let mut throwers: Vec<usize> = (0..MEMBERS).step_by(2).collect();
    let (mut meter, mut figures) = (None::<Meter>, None);
    while on_their_way > 0 {
        for member in throwers.drain(..) {
            let ball = &mut balls[member / 2];
            let text = scene.talk.text(member, ball.0);
            ball.1 = Instant::now();
            scene.crowd.say(member, &text)?;
        }
        let (before, talk) = (deliveries, &mut scene.talk);
        scene.crowd.turn(PATIENCE, |who, heard| {
            let Heard::Text(text) = heard else { return Ok(()) };
            let Some(message) = talk.message(who, text)? else { return Ok(()) };
            let (number, thrown) = &mut balls[who / 2];
            if message.number != *number || message.author != who ^ 1 {
                return Err(format!("{message:?} came where {number} was due").into());
            }
            if meter.is_some() && figures.is_none() {
                times.note(thrown.elapsed());
            }
            *number += 1;
            deliveries += 1;
            if figures.is_none() {
                throwers.push(who);
            } else {
                on_their_way -= 1;
            }
            Ok(())
        })?;
        if before == deliveries && begin.elapsed() > shop.length + PATIENCE {
            return Err("messages are lost".into());
        }
        match &meter {
            None if begin.elapsed() > WARM_UP => meter = Some(Meter::start(&scene.server, deliveries)?),
            Some(meter) if figures.is_none() && meter.start.elapsed() >= shop.length => {
                figures = Some(meter.read(&scene.server, deliveries)?);
                on_their_way -= throwers.len();
                throwers.clear();
            }
            _ => {}
        }
    }
    scene.nothing_more_comes()?;
    let mut figures = figures.ok_or("too short")?;
    figures.splice(1..1, [("ms, p50", times.within(50)), ("p99", times.within(99))]);
    Ok(figures)
}
