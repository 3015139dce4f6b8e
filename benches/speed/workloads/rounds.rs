//! Thirty-two talk at once, in rounds: when all have heard all, they speak again. Who waits for more to send before
//! sending loses here.

use std::time::Instant;

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

const MEMBERS: usize = 32;

/// Rounds that are not measured.
const WARM_UP: u32 = 20;

pub(super) fn run(shop: &Workshop<'_>) -> Result<Figures, Failure> {
    let mut scene = shop.scene(Place::Room, MEMBERS)?;
    let goal = scene.talk.audience(MEMBERS) * MEMBERS;
    let (mut times, mut meter, mut deliveries) = (Times::default(), Meter::start(&scene.server, 0)?, 0_u64);
    let mut round = 0;
    while round <= WARM_UP || meter.start.elapsed() < shop.length {
        if round == WARM_UP {
            meter = Meter::start(&scene.server, deliveries)?;
        }
        let start = Instant::now();
        for member in 0..MEMBERS {
            let text = scene.talk.text(member, round);
            scene.crowd.say(member, &text)?;
        }
        // Whom each has heard.
        let (mut heard_by, mut count) = ([0_u32; MEMBERS], 0);
        while count < goal {
            let talk = &mut scene.talk;
            scene.crowd.turn(PATIENCE, |who, heard| {
                let Heard::Text(text) = heard else { return Ok(()) };
                let Some(message) = talk.message(who, text)? else { return Ok(()) };
                let bit = 1 << message.author;
                if message.number != round || heard_by[who] & bit != 0 {
                    return Err(format!("{message:?} came to {who} in round {round}, or came twice").into());
                }
                heard_by[who] |= bit;
                count += 1;
                Ok(())
            })?;
            if start.elapsed() > PATIENCE {
                return Err(format!("{count} of {goal} messages came").into());
            }
        }
        deliveries += goal as u64;
        if round >= WARM_UP {
            times.note(start.elapsed());
        }
        round += 1;
    }
    let mut figures = meter.read(&scene.server, deliveries)?;
    scene.nothing_more_comes()?;
    figures.splice(0..0, [("ms a round, p50", times.within(50)), ("p99", times.within(99))]);
    Ok(figures)
}
