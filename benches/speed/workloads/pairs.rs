//! 500 pairs play ping-pong: each client answers when it has received the other's message.

use std::time::{Duration, Instant};

use crate::{
    clients::TIMEOUT,
    connection::Received,
    durations::Durations,
    failure::Failure,
    protocols::Topology,
    workloads::{
        figures::{Figures, Meter},
        test_bed::WorkloadContext,
    },
};

const MEMBERS: usize = 1_000;

/// The time before the measurement starts.
const WARM_UP: Duration = Duration::from_millis(700);

pub(super) fn run(context: &WorkloadContext<'_>) -> Result<Figures, Failure> {
    let mut test_bed = context.test_bed(Topology::Pairs, MEMBERS)?;
    // For each pair, the number of its current message, and when it was sent.
    let mut pairs: Vec<(u32, Instant)> = vec![(0, Instant::now()); MEMBERS / 2];
    let (mut latencies, mut deliveries, mut in_flight) = (Durations::default(), 0_u64, MEMBERS / 2);
    let start = Instant::now();
    let mut ready: Vec<usize> = (0..MEMBERS).step_by(2).collect();
    let (mut meter, mut figures) = (None::<Meter>, None);
    while in_flight > 0 {
        for member in ready.drain(..) {
            let pair = &mut pairs[member / 2];
            let text = test_bed.protocol.message_text(member, pair.0);
            pair.1 = Instant::now();
            test_bed.clients.send_text(member, &text)?;
        }
        let (before, protocol) = (deliveries, &mut test_bed.protocol);
        test_bed.clients.poll_once(TIMEOUT, |client, received| {
            let Received::Text(text) = received else { return Ok(()) };
            let Some(message) = protocol.parse_message(client, text)? else { return Ok(()) };
            let (number, sent_at) = &mut pairs[client / 2];
            if message.number != *number || message.author != client ^ 1 {
                return Err(format!("{message:?} arrived, expected {number}").into());
            }
            if meter.is_some() && figures.is_none() {
                latencies.record(sent_at.elapsed());
            }
            *number += 1;
            deliveries += 1;
            if figures.is_none() {
                ready.push(client);
            } else {
                in_flight -= 1;
            }
            Ok(())
        })?;
        if before == deliveries && start.elapsed() > context.duration + TIMEOUT {
            return Err("messages are lost".into());
        }
        match &meter {
            None if start.elapsed() > WARM_UP => meter = Some(Meter::start(&test_bed.nodes, deliveries)?),
            Some(meter) if figures.is_none() && meter.start.elapsed() >= context.duration => {
                figures = Some(meter.read(&test_bed.nodes, deliveries)?);
                in_flight -= ready.len();
                ready.clear();
            }
            _ => {}
        }
    }
    test_bed.expect_nothing_more()?;
    let mut figures = figures.ok_or("the measurement was too short")?;
    figures.splice(1..1, [("ms, p50", latencies.percentile_ms(50)), ("p99", latencies.percentile_ms(99))]);
    Ok(figures)
}
