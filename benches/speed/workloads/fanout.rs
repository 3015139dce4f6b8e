//! One speaks to a thousand, with 64 messages on their way: what does a delivery cost?

use std::time::{Duration, Instant};

use crate::{
    crowd::PATIENCE,
    failure::Failure,
    line::Heard,
    talk::Place,
    wire,
    workloads::{
        figures::{Figures, Meter},
        scene::Workshop,
    },
};

const MEMBERS: usize = 1_000;

/// How many messages may be on their way: sent, and not heard by all.
const IN_FLIGHT: usize = 64;

/// Not measured.
const WARM_UP: Duration = Duration::from_millis(700);

pub(super) fn run(shop: &Workshop<'_>) -> Result<Figures, Failure> {
    let mut scene = shop.scene(Place::Room, MEMBERS)?;
    let audience = scene.talk.audience(MEMBERS);
    // How many have not heard each message in flight, by its number modulo.
    let mut missing = [0; IN_FLIGHT];
    let mut expected = vec![0_u32; MEMBERS];
    let (mut sent, mut done, mut deliveries) = (0_usize, 0, 0_u64);
    let (begin, mut meter) = (Instant::now(), None::<Meter>);
    let mut figures = None;
    loop {
        let mut frames = Vec::new();
        while figures.is_none() && sent < done + IN_FLIGHT {
            missing[sent % IN_FLIGHT] = audience;
            let text = scene.talk.text(0, u32::try_from(sent)?);
            wire::put_frame(&mut frames, wire::TEXT, text.as_bytes(), wire::Side::Client);
            sent += 1;
        }
        if !frames.is_empty() {
            scene.crowd.send(0, &frames)?;
        }
        if done == sent {
            break;
        }
        let before = deliveries;
        let talk = &mut scene.talk;
        scene.crowd.turn(PATIENCE, |who, heard| {
            let Heard::Text(text) = heard else { return Ok(()) };
            let Some(message) = talk.message(who, text)? else { return Ok(()) };
            if message.number != expected[who] {
                return Err(format!("{} came where {} was due", message.number, expected[who]).into());
            }
            expected[who] += 1;
            missing[message.number as usize % IN_FLIGHT] -= 1;
            deliveries += 1;
            Ok(())
        })?;
        if before == deliveries && begin.elapsed() > PATIENCE + shop.length {
            return Err("messages are lost".into());
        }
        while done < sent && missing[done % IN_FLIGHT] == 0 {
            done += 1;
        }
        match &meter {
            None if begin.elapsed() > WARM_UP => meter = Some(Meter::start(&scene.server, deliveries)?),
            Some(meter) if figures.is_none() && meter.start.elapsed() >= shop.length => {
                figures = Some(meter.read(&scene.server, deliveries)?);
            }
            _ => {}
        }
    }
    scene.nothing_more_comes()?;
    figures.ok_or_else(|| "too short".into())
}
