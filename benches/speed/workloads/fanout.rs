//! One client sends to 1,000, with 64 messages in flight: what does a delivery cost?

use std::time::{Duration, Instant};

use crate::{
    clients::TIMEOUT,
    connection::Received,
    failure::Failure,
    frames,
    protocols::Topology,
    workloads::{
        figures::{Figures, Meter},
        test_bed::WorkloadContext,
    },
};

const MEMBERS: usize = 1_000;

/// How many messages may be in flight: sent, and not yet received by all.
const IN_FLIGHT: usize = 64;

/// The time before the measurement starts.
const WARM_UP: Duration = Duration::from_millis(700);

pub(super) fn run(context: &WorkloadContext<'_>) -> Result<Figures, Failure> {
    let mut test_bed = context.test_bed(Topology::Room, MEMBERS)?;
    let audience = test_bed.protocol.receivers(MEMBERS);
    // How many members have not received each message in flight, by its number modulo `IN_FLIGHT`.
    let mut missing = [0; IN_FLIGHT];
    let mut expected = vec![0_u32; MEMBERS];
    let (mut sent, mut done, mut deliveries) = (0_usize, 0, 0_u64);
    let (start, mut meter) = (Instant::now(), None::<Meter>);
    let mut figures = None;
    loop {
        let mut frames = Vec::new();
        while figures.is_none() && sent < done + IN_FLIGHT {
            missing[sent % IN_FLIGHT] = audience;
            let text = test_bed.protocol.message_text(0, u32::try_from(sent)?);
            frames::append_frame(&mut frames, frames::TEXT, text.as_bytes(), frames::Side::Client);
            sent += 1;
        }
        if !frames.is_empty() {
            test_bed.clients.send_frames(0, &frames)?;
        }
        if done == sent {
            break;
        }
        let before = deliveries;
        let protocol = &mut test_bed.protocol;
        test_bed.clients.poll_once(TIMEOUT, |client, received| {
            let Received::Text(text) = received else { return Ok(()) };
            let Some(message) = protocol.parse_message(client, text)? else { return Ok(()) };
            if message.number != expected[client] {
                return Err(format!("message {} arrived, expected {}", message.number, expected[client]).into());
            }
            expected[client] += 1;
            missing[message.number as usize % IN_FLIGHT] -= 1;
            deliveries += 1;
            Ok(())
        })?;
        if before == deliveries && start.elapsed() > TIMEOUT + context.duration {
            return Err("messages are lost".into());
        }
        while done < sent && missing[done % IN_FLIGHT] == 0 {
            done += 1;
        }
        match &meter {
            None if start.elapsed() > WARM_UP => meter = Some(Meter::start(&test_bed.nodes, deliveries)?),
            Some(meter) if figures.is_none() && meter.start.elapsed() >= context.duration => {
                figures = Some(meter.read(&test_bed.nodes, deliveries)?);
            }
            _ => {}
        }
    }
    test_bed.expect_nothing_more()?;
    figures.ok_or_else(|| "the measurement was too short".into())
}
